import type { ErrorRequestHandler, Request, RequestHandler } from 'express'
import { AppError } from '../../lib/errors.ts'
import type { Match } from '../../model/match.ts'
import type { ReceivedBlob } from '../../model/received-blob.ts'
import type { Services } from '../services.ts'
import { hitsOf } from './hits-of.ts'
import type { ReceiverOptions } from './receivers.ts'
import { readRequestBody } from './request-body.ts'

/** Bytes that a form has beside its file. */
const maxFormBytes = 64 * 1024

/** The form is not one, or has no picture; the message is the protocol's. */
class FormError extends AppError {
  override readonly name = 'FormError'
  constructor(message: 'bad form' | 'missing image', cause?: unknown) {
    super('invalid', message, { cause })
  }
}

/**
 * Returns the handler of the question whether a picture is known, yes or no. It names no record, so that nothing but the
 * answer follows; what the picture's hashes are is remembered by its CID.
 */
export function createCheckCsam(
  services: Pick<Services, 'receiveBlob'>,
  options: ReceiverOptions,
): RequestHandler {
  return (request, response, next) => {
    answer(services, options, request).then((body) => response.json(body), next)
  }
}

/** Answers in the protocol's own error shape what is the caller's mistake; the rest is for the listener. */
export const euroskyError: ErrorRequestHandler = (cause: unknown, _request, response, next) => {
  if (cause instanceof AppError && cause.kind === 'unauthenticated')
    response.status(401).json({ error: 'unauthorized' })
  else if (cause instanceof FormError) response.status(400).json({ error: cause.message })
  else next(cause)
}

async function answer(
  services: Pick<Services, 'receiveBlob'>,
  options: ReceiverOptions,
  request: Request,
): Promise<object> {
  const { maxBytes, timeoutMs } = options
  const form = await readRequestBody(request, { maxBytes: maxBytes + maxFormBytes, timeoutMs })
  const bytes = await parseImage(form, request.headers['content-type'] ?? '')
  if (bytes.length > maxBytes) throw new AppError('too-large', `Expected at most ${maxBytes} bytes for image`)
  const received = await services.receiveBlob({ kind: 'scan', sender: 'eurosky', bytes, place: undefined })
  const [nearest] = hitsOf(received, options.labels)
  return {
    is_csam: nearest !== undefined,
    confidence: nearest ? confidenceOf(nearest.match) : 0,
    ...messageOf(nearest?.match, received),
  }
}

/** The platform's own parser of forms; it has the whole form, which is bounded. */
async function parseImage(form: Buffer, contentType: string): Promise<Buffer> {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) throw new FormError('bad form')
  const body = new Uint8Array(form)
  const fields = await new Response(body, { headers: { 'content-type': contentType } })
    .formData()
    .catch((cause: unknown) => {
      throw new FormError('bad form', cause)
    })
  const image = fields.get('image')
  if (image === null || typeof image === 'string') throw new FormError('missing image')
  return Buffer.from(await image.arrayBuffer())
}

/** The share of bits that are alike: 1 for the same bytes or the same hash. */
function confidenceOf({ distance }: Match): number {
  return Math.round((1 - distance / 256) * 1000) / 1000
}

function messageOf(match: Match | undefined, { outcome }: ReceivedBlob): { readonly message?: string } {
  if (match?.hashType === 'pdq') return { message: `pdq, ${match.distance} bits apart` }
  if (match) return { message: `${match.hashType}, the same bytes` }
  return outcome === 'hashed' ? {} : { message: `not looked at: ${outcome}` }
}
