/*
 * Adding content to a bank: media by URL or as a file, or signals that were made elsewhere. A bank holds a hash once: adding
 * it again gives the content that has it, and what is told then is told of that.
 */
import type { Request, RequestHandler } from 'express'
import { type ContentHash, profileForBank } from '../../model/bank.ts'
import type { ImageHash } from '../../model/hash.ts'
import { requireBank } from './banks.ts'
import { bodyOf } from './body.ts'
import { type ContentFields, parseBodyFields, parseTextFields } from './content-fields.ts'
import { toldHash } from './hash.ts'
import { badRequest, shown } from './hma-error.ts'
import type { HmaServices } from './hma-services.ts'
import { callerSignal, fetchMedia, type Media, queryText, readMedia } from './media.ts'
import { isUpload } from './read-upload.ts'
import { findSignalType, parseSignal, parseTypes, type SignalType } from './signal-types.ts'

/** A content that was added, as it is told. */
type Added = { readonly id: number; readonly signals: Readonly<Record<string, string>> }

/** Characters of a URL that are kept as where media came from. */
const maxKeptUri = 2_048

/** Returns the handler that adds media: what the query's `url` names, or the file of a form. */
export function createAddContent(services: HmaServices): RequestHandler {
  return (request, response, next) => {
    const signal = callerSignal(response)
    services.media
      .atMost(() => addContent(services, request, signal))
      .then((added) => response.json(added), next)
  }
}

/** Returns the handler that adds signals. */
export function createAddSignals(services: HmaServices): RequestHandler {
  return (request, response, next) => {
    addSignals(services, request).then((added) => response.json(added), next)
  }
}

async function addContent(services: HmaServices, request: Request, signal: AbortSignal): Promise<Added> {
  const bank = await requireBank(services.curator, request)
  const { media, fields } = await getMedia(services, request, signal)
  const types = parseTypes(services, media.kind, queryText(request, 'types'))
  const hashes = await services.media.hash(media, profileForBank(bank.profile), signal)
  const signals: Record<string, string> = {}
  for (const type of types) {
    const value = toldHash(hashes, type)
    if (value === '') throw badRequest(`Invalid ${type.name} signal: there is too little to see in it`)
    signals[type.name] = value
  }
  const isWanted = ({ type }: ImageHash): boolean => types.some((wanted) => wanted.type === type)
  const wanted = hashes.filter((hash) => isWanted(hash) && isStored(hash)).map(contentHash)
  if (wanted.length === 0) throw badRequest('No signals given')
  const { contentId } = await services.curator.addContent(bank, {
    ...fields,
    hashes: wanted,
    // The network's blobs are known by it before they are fetched.
    moreHashes: hashes.filter((hash) => hash.type === 'sha256' && !isWanted(hash)).map(contentHash),
  })
  return { id: contentId, signals }
}

async function addSignals(services: HmaServices, request: Request): Promise<Added> {
  const bank = await requireBank(services.curator, request)
  const body = bodyOf(request)
  const fields = parseBodyFields(body)
  const { note: _, metadata: __, ...given } = body
  const types = Object.keys(given).map((name): SignalType => {
    const type = findSignalType(name)
    if (type) return type
    throw badRequest(`No such signal type ${shown(name)}`)
  })
  if (types.length === 0) throw badRequest('No signals given')
  if (new Set(types.map(({ type }) => type)).size < types.length)
    throw badRequest('Expected each signal type once but received one under both of its names')
  const signals = types.map(
    (type) => [type, parseSignal(type, given[type.name], `Invalid ${type.name} signal`)] as const,
  )
  const hashes = signals.map(([{ type }, value]) => ({ type, value, quality: 100 }))
  const { contentId } = await services.curator.addContent(bank, { ...fields, hashes })
  return { id: contentId, signals: Object.fromEntries(signals.map(([{ name }, value]) => [name, value])) }
}

async function getMedia(
  services: HmaServices,
  request: Request,
  signal: AbortSignal,
): Promise<{ readonly media: Media; readonly fields: ContentFields & { readonly mediaUri?: string } }> {
  const inQuery = parseTextFields((name) => queryText(request, name))
  const url = queryText(request, 'url')
  if (url !== undefined) {
    const inBody = isUpload(request) ? {} : parseBodyFields(bodyOf(request))
    const media = await fetchMedia(services, request, url, signal)
    return { media, fields: { ...inQuery, ...inBody, ...(url.length <= maxKeptUri && { mediaUri: url }) } }
  }
  if (!isUpload(request)) throw badRequest('Neither `url` nor multipart file upload was received')
  const media = await readMedia(services, request)
  const inForm = parseTextFields((name) => media.fields.get(name))
  return { media, fields: { ...inQuery, ...inForm } }
}

/** Of a picture a bank holds the PDQ of the pixels as stored. */
function isStored(hash: ImageHash): boolean {
  return hash.type !== 'pdq' || hash.variant === 'original'
}

function contentHash({ type, value, quality }: ImageHash): ContentHash {
  return { type, value, quality }
}
