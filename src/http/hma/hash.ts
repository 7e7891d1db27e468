/*
 * Hashing media, in the words of Hasher-Matcher-Actioner: `GET /h/hash` and `POST /h/hash`. PDQ is made as it makes it: of
 * the picture in full resolution, and empty when there is too little to see.
 */
import type { Request, RequestHandler } from 'express'
import { defaultMinQuality } from '../../model/bank.ts'
import type { ImageHash } from '../../model/hash.ts'
import type { HmaServices } from './hma-services.ts'
import { callerSignal, fetchMedia, type Media, queryText, readMedia } from './media.ts'
import { asText, readParameters, required } from './parameters.ts'
import { parseTypes, type SignalType } from './signal-types.ts'

/** Returns the handler that hashes what a URL names. */
export function createHashUrl(services: HmaServices): RequestHandler {
  return createHash(services, async (request, signal) => {
    const { url } = readParameters(request.query, { url: required(asText) })
    return await fetchMedia(services, request, url, signal)
  })
}

/** Returns the handler that hashes the file of a form. */
export function createHashUpload(services: HmaServices): RequestHandler {
  return createHash(services, (request) => readMedia(services, request))
}

/** Returns the hash of a type as it is told: that of a photo with too little to see is empty. */
export function toldHash(hashes: readonly ImageHash[], { type }: SignalType): string {
  const hash = hashes.find((candidate) => candidate.type === type)
  return !hash || (type === 'pdq' && hash.quality < defaultMinQuality) ? '' : hash.value
}

function createHash(
  services: HmaServices,
  getMedia: (request: Request, signal: AbortSignal) => Promise<Media>,
): RequestHandler {
  const hash = async (request: Request, signal: AbortSignal) => {
    const media = await getMedia(request, signal)
    const types = parseTypes(services, media.kind, queryText(request, 'types'))
    const hashes = await services.media.hash(media, 'full-resolution', signal)
    return Object.fromEntries(types.map((type) => [type.name, toldHash(hashes, type)]))
  }
  return (request, response, next) => {
    const signal = callerSignal(response)
    services.media.atMost(() => hash(request, signal)).then((signals) => response.json(signals), next)
  }
}
