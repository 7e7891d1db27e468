/*
 * Looking media up: `GET /m/lookup` with a URL, and `POST /m/lookup` with a file. Every look at a picture that the settings
 * ask for is compared, so that one that was turned or laid on another colour is found too.
 */
import type { Request, RequestHandler } from 'express'
import { byBank, lookupOptionsOf, parseType } from './lookup.ts'
import { type LookupServices, tellMore } from './lookup-more.ts'
import { callerSignal, fetchMedia, type Media, queryText, readMedia } from './media.ts'
import { parseTypes, type SignalType } from './signal-types.ts'

/**
 * Returns the handler that looks up what a URL names: `{"pdq": {"BANK": [...]}}`, or the part of one signal type alone when
 * the request names one.
 */
export function createLookupUrl(services: LookupServices): RequestHandler {
  const lookup = async (request: Request, signal: AbortSignal) => {
    const name = queryText(request, 'signal_type')
    const type = name === undefined ? undefined : parseType(services, name)
    const media = await fetchMedia(services.hma, request, queryText(request, 'url') ?? '', signal)
    const types = type ? [type] : parseTypes(services.hma, media.kind, queryText(request, 'types'))
    const found = await findByType(services, request, media, types, signal)
    return type ? (found[type.name] ?? {}) : found
  }
  return answerWith(services, lookup)
}

/** Returns the handler that looks up the file of a form: `{"pdq": {"BANK": [...]}}`. */
export function createLookupUpload(services: LookupServices): RequestHandler {
  return answerWith(services, async (request, signal) => {
    const media = await readMedia(services.hma, request)
    const types = parseTypes(services.hma, media.kind, queryText(request, 'types'))
    return await findByType(services, request, media, types, signal)
  })
}

function answerWith(
  { hma }: LookupServices,
  lookup: (request: Request, signal: AbortSignal) => Promise<object>,
): RequestHandler {
  return (request, response, next) => {
    const signal = callerSignal(response)
    hma.media.atMost(() => lookup(request, signal)).then((found) => response.json(found), next)
  }
}

async function findByType(
  services: LookupServices,
  request: Request,
  media: Media,
  types: readonly SignalType[],
  signal: AbortSignal,
): Promise<Record<string, object>> {
  const options = lookupOptionsOf(request)
  const hashes = await services.hma.media.hash(media, 'every', signal)
  const found: Record<string, object> = {}
  for (const { name, type } of types) {
    const own = hashes.filter((hash) => hash.type === type)
    const matches = await services.hma.media.match(own, options)
    found[name] = byBank(matches, await tellMore(services, request, matches))
  }
  return found
}
