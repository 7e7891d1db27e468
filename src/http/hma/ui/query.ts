/*
 * Looking media and hashes up from the page of that name: `POST /ui/query`, `/ui/query_url`, `/ui/query_hash`, and what a bank
 * has of them, `POST /ui/bank/<name>/content/find`. Programs get JSON, a browser that sent a form gets a page.
 */
import type { Request, RequestHandler } from 'express'
import type { HashType } from '../../../model/hash.ts'
import { compareMatches, type Match } from '../../../model/match.ts'
import { requireBank } from '../banks.ts'
import { bodyOf } from '../body.ts'
import { metadataOf } from '../content-shape.ts'
import { toldHash } from '../hash.ts'
import { badRequest } from '../hma-error.ts'
import type { LookupOptions } from '../hma-services.ts'
import { parseType } from '../lookup.ts'
import type { LookupServices } from '../lookup-more.ts'
import { callerSignal, kindOfMimeType, type Media } from '../media.ts'
import { asFlag, optional, readParameters } from '../parameters.ts'
import { parseContentType, parseSignal, parseTypes, signalName } from '../signal-types.ts'
import { sendPage, wantsPage } from './page.ts'
import { type Form, readForm, requireField } from './read-form.ts'
import { resultOf } from './result.ts'

/** One content that was found, as it is told. */
export type FoundEntry = {
  readonly bank_name: string
  readonly content_id: number
  /** In bits, as text; `-` for a digest. */
  readonly distance: string
  readonly signal_type: string
  /** The content's own. */
  readonly signal_value: string
  readonly metadata?: object
  readonly note?: string
}

/** What a query came to. */
export type QueryResult = {
  readonly hashes: Readonly<Record<string, string>>
  readonly banks: readonly string[]
  /** Nearest first, digests last. */
  readonly matches: readonly FoundEntry[]
}

type Found = Pick<QueryResult, 'hashes'> & { readonly matches: readonly Match[] }

/** Matches that are told; the nearest ones. */
const maxTold = 1_000

/** Returns the handler that looks up the file of a form. */
export function createQueryUpload(services: LookupServices): RequestHandler {
  return createQuery(services, (form, signal) => {
    if (!form.media) throw badRequest('Missing multipart/form-data file upload')
    return findMedia(services, form.media, optionsOf(form), signal)
  })
}

/** Returns the handler that looks up what a URL names. */
export function createQueryUrl(services: LookupServices): RequestHandler {
  return createQuery(services, async (form, signal) => {
    const [url, kind] = [requireField(form, 'url'), parseContentType(requireField(form, 'content_type'))]
    const { bytes } = await services.hma.media.download(url, signal)
    return await findMedia(services, { bytes, kind }, optionsOf(form), signal)
  })
}

/** Returns the handler that looks up a hash. */
export function createQueryHash(services: LookupServices): RequestHandler {
  return createQuery(services, (form) => {
    const [type, value] = [requireField(form, 'signal_type'), requireField(form, 'signal_value')]
    return findHash(services, type, value, optionsOf(form))
  })
}

/** Returns the handler that tells which contents of a bank match media by its URL, or a hash; whatever its ratio. */
export function createFindContent(services: LookupServices): RequestHandler {
  const find = async (request: Request, signal: AbortSignal): Promise<object> => {
    const bank = await requireBank(services.hma.curator, request)
    const { url, content_type: type, signal_type: name, signal_value: value } = bodyOf(request)
    const options = { banks: [bank.name], coin: 0 }
    const found =
      typeof url === 'string' && url !== ''
        ? await findUrl(services, url, type, options, signal)
        : await findHash(services, requireText(name), requireText(value), options)
    const { matches } = await tell(services, found)
    return {
      bank_name: bank.name,
      content_ids: matches.map((match) => match.content_id),
      matches: matches.map(({ signal_type, signal_value, content_id, distance }) => {
        return { signal_type, signal_value, content_id, distance }
      }),
    }
  }
  return (request, response, next) => {
    const signal = callerSignal(response)
    services.hma.media.atMost(() => find(request, signal)).then((told) => response.json(told), next)
  }
}

function createQuery(
  services: LookupServices,
  find: (form: Form, signal: AbortSignal) => Promise<Found>,
): RequestHandler {
  const { media } = services.hma
  const query = async (request: Request, signal: AbortSignal): Promise<QueryResult> =>
    await tell(services, await find(await readForm(services.hma, request), signal))
  return (request, response, next) => {
    const answer = (result: QueryResult): void => {
      if (wantsPage(request)) sendPage(request, response, 'What was found', resultOf(result))
      else response.json(result)
    }
    const signal = callerSignal(response)
    media.atMost(() => query(request, signal)).then(answer, next)
  }
}

async function findUrl(
  services: LookupServices,
  url: string,
  type: unknown,
  options: LookupOptions,
  signal: AbortSignal,
): Promise<Found> {
  const { bytes, mimeType } = await services.hma.media.download(url, signal)
  const kind = typeof type === 'string' ? parseContentType(type) : kindOfMimeType(mimeType)
  return await findMedia(services, { bytes, kind }, options, signal)
}

async function findMedia(
  { hma }: LookupServices,
  media: Media,
  options: LookupOptions,
  signal: AbortSignal,
): Promise<Found> {
  const types = parseTypes(hma, media.kind, undefined)
  const isWanted = (own: HashType): boolean => types.some(({ type }) => type === own)
  const told = await hma.media.hash(media, 'full-resolution', signal)
  const looks = (await hma.media.hash(media, 'every', signal)).filter(({ type }) => isWanted(type))
  const hashes = Object.fromEntries(types.map((type) => [type.name, toldHash(told, type)]))
  return { hashes, matches: await hma.media.match(looks, options) }
}

async function findHash(
  services: LookupServices,
  name: string,
  text: string,
  options: LookupOptions,
): Promise<Found> {
  const type = parseType(services, name)
  const value = parseSignal(type, text, 'invalid signal')
  return {
    hashes: { [type.name]: value },
    matches: await services.lookup({ type: type.type, value }, options),
  }
}

async function tell({ hma }: LookupServices, { hashes, matches }: Found): Promise<QueryResult> {
  const isDigest = ({ hashType }: Match): number => Number(hashType !== 'pdq')
  const nearest = matches
    .toSorted((a, b) => isDigest(a) - isDigest(b) || compareMatches(a, b))
    .slice(0, maxTold)
  const ids = nearest.map(({ contentId }) => contentId)
  const contents = new Map((await hma.curator.findContents(ids)).map((content) => [content.id, content]))
  const entries = nearest.flatMap(({ contentId, bank, hashType, distance }): FoundEntry[] => {
    const content = contents.get(contentId)
    if (!content) return []
    const metadata = metadataOf(content, bank)
    return [
      {
        bank_name: bank,
        content_id: contentId,
        distance: hashType === 'pdq' ? String(distance) : '-',
        signal_type: signalName(hashType),
        signal_value: content.hashes.find(({ type }) => type === hashType)?.value ?? '',
        ...(metadata && { metadata }),
        ...(content.note !== '' && { note: content.note }),
      },
    ]
  })
  return { hashes, banks: [...new Set(matches.map(({ bank }) => bank))].sort(), matches: entries }
}

/** Every bank is looked at, unless the form says that those with a ratio are to be drawn. */
function optionsOf({ fields }: Form): LookupOptions {
  const source = Object.fromEntries(fields)
  const { bypass_enabled_ratio: isBypassed } = readParameters(source, {
    bypass_enabled_ratio: optional(asFlag),
  })
  return { coin: isBypassed === false ? 1 - Math.random() : 0 }
}

function requireText(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value
  throw badRequest('Expected url and content_type, or signal_type and signal_value')
}
