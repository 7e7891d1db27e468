import { type ResponseType, XRPCError } from '@atproto/xrpc-server'
import type { Request } from 'express'
import { AppError } from '../../lib/errors.ts'
import { type BodyLimits, readBytes } from '../read-bytes.ts'

/** A status that the library has no name for. */
const requestTimeout = 408 as ResponseType

/**
 * Reads the whole body as it came. What is beyond the limits is not kept, and the caller is told while it may still be
 * sending.
 * @throws {AppError} when it is too large, compressed or cut off; {XRPCError} of status 408 when it takes too long.
 */
export async function readRequestBody(request: Request, limits: BodyLimits): Promise<Buffer> {
  const { maxBytes } = limits
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') throw new AppError('invalid', 'Expected a body without Content-Encoding')
  if (Number(request.headers['content-length']) > maxBytes) throw tooLarge(maxBytes)
  return await readBytes(request, limits, {
    tooLarge,
    tooSlow: () => {
      request.res?.set('connection', 'close')
      return new XRPCError(
        requestTimeout,
        `Expected the whole body within ${limits.timeoutMs} ms`,
        'RequestTimeout',
      )
    },
    brokenOff: () => new AppError('invalid', 'Expected the whole body but it was cut off'),
  })
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('too-large', `Expected at most ${maxBytes} bytes but received more`)
}
