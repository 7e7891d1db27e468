import { type ResponseType, XRPCError } from '@atproto/xrpc-server'
import type { Request } from 'express'
import { AppError } from '../../lib/errors.ts'

/** What is taken of a body. `timeoutMs` is for all of it. */
export type BodyLimits = { readonly maxBytes: number; readonly timeoutMs: number }

/** A status that the library has no name for. */
const requestTimeout = 408 as ResponseType

/**
 * Reads the whole body as it came. What is beyond the limits is not kept, and the caller is told while it may still be
 * sending.
 * @throws {AppError} when it is too large, compressed or cut off; {XRPCError} of status 408 when it takes too long.
 */
export async function readRequestBody(
  request: Request,
  { maxBytes, timeoutMs }: BodyLimits,
): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') throw new AppError('invalid', 'Expected a body without Content-Encoding')
  if (Number(request.headers['content-length']) > maxBytes) throw tooLarge(maxBytes)
  const read = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let size = 0
  const onData = (chunk: Buffer): void => {
    size += chunk.length
    if (size > maxBytes) read.reject(tooLarge(maxBytes))
    else chunks.push(chunk)
  }
  const onEnd = (): void => read.resolve(Buffer.concat(chunks, size))
  const onCut = (): void => read.reject(new AppError('invalid', 'Expected the whole body but it was cut off'))
  const timer = setTimeout(() => {
    request.res?.set('connection', 'close')
    read.reject(
      new XRPCError(requestTimeout, `Expected the whole body within ${timeoutMs} ms`, 'RequestTimeout'),
    )
  }, timeoutMs)
  request.on('data', onData).on('end', onEnd).on('close', onCut).on('error', onCut)
  try {
    return await read.promise
  } finally {
    clearTimeout(timer)
    request.off('data', onData).off('end', onEnd).off('close', onCut)
    // What is still to come is let through unread, or the connection would wait for it; so is an error of it.
    request.resume()
  }
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('too-large', `Expected at most ${maxBytes} bytes but received more`)
}
