import type { Request, RequestHandler } from 'express'
import { AppError } from '../../lib/errors.ts'
import type { Services } from '../services.ts'
import { formatBlob, parsePlace, typeOf } from './blob-request.ts'
import { hitsOf } from './hits-of.ts'
import type { ReceiverOptions } from './receivers.ts'
import { readRequestBody } from './request-body.ts'

/**
 * Returns the handler of hepa's question what a picture is. `match.status` is `success` where the picture was hashed, or
 * is known by a digest; otherwise it says why not, such as `unscannable:corrupt`, which hepa logs.
 */
export function createScanBlob(
  services: Pick<Services, 'receiveBlob'>,
  options: ReceiverOptions,
): RequestHandler {
  return (request, response, next) => {
    answer(services, options, request).then((body) => response.json(body), next)
  }
}

async function answer(
  services: Pick<Services, 'receiveBlob'>,
  options: ReceiverOptions,
  request: Request,
): Promise<object> {
  const place = parsePlace(request)
  const type = typeOf(request)
  if (!type.startsWith('image/') && type !== 'application/octet-stream')
    throw new AppError('invalid', 'Expected an image for Content-Type')
  const bytes = await readRequestBody(request, options)
  const received = await services.receiveBlob({ kind: 'scan', sender: 'hepa', bytes, place })
  const hits = hitsOf(received, options.labels).map(({ label, hashValue, match: { hashType } }) => {
    return { hashType, hashValue, label }
  })
  const status = received.outcome === 'hashed' || hits.length > 0 ? 'success' : received.outcome
  return { blob: formatBlob(received, type, bytes.length), match: { status, hits } }
}
