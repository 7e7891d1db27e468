import type { Readable } from 'node:stream'

/** How much of a body is taken, and how long all of it may take, in milliseconds. */
export type BodyLimits = { readonly maxBytes: number; readonly timeoutMs: number }

/** What is thrown for a body that is not taken; every API has words of its own for it. */
export type BodyRefusals = {
  readonly tooLarge: (maxBytes: number) => Error
  readonly tooSlow: (timeoutMs: number) => Error
  /** Of a body that ends before its end; the caller is usually gone. */
  readonly brokenOff: () => Error
}

/**
 * Reads all of a stream. What is beyond the limits is not kept, and is let go as it comes, since the next request on the
 * connection stands behind it. @throws the refusals.
 */
export async function readBytes(
  body: Readable,
  { maxBytes, timeoutMs }: BodyLimits,
  { tooLarge, tooSlow, brokenOff }: BodyRefusals,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const pieces: Buffer[] = []
  let length = 0
  const onData = (piece: Buffer): void => {
    length += piece.length
    if (length > maxBytes) reject(tooLarge(maxBytes))
    else pieces.push(piece)
  }
  const onEnd = (): void => resolve(Buffer.concat(pieces, length))
  const onCut = (): void => reject(brokenOff())
  const timer = setTimeout(() => reject(tooSlow(timeoutMs)), timeoutMs)
  // The last stays, for an error that comes later.
  body.on('data', onData).on('end', onEnd).on('close', onCut).on('error', onCut)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    body.off('data', onData).off('end', onEnd).off('close', onCut)
    body.resume()
  }
}
