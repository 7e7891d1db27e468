import { createHash } from 'node:crypto'

/** Limits of reading a body. */
export type ReadBodyOptions = {
  /** The most bytes that are taken, whatever was announced. */
  readonly maxBytes: number
  /** The longest silence between two pieces, in milliseconds. */
  readonly idleTimeoutMs: number
}

/** A body as far as it was read. */
export type ReadBody = {
  readonly bytes: Uint8Array
  /** Of `bytes`; 64 lower-case hex digits. */
  readonly sha256: string
  /** False when the body is longer than the limit; the rest was not read. */
  readonly isWhole: boolean
}

/** The first piece of memory that a body gets; it doubles as bytes arrive, never because they were announced. */
const firstBytes = 64 * 1024

/**
 * Reads a body into one buffer and digests it on the way. @throws DOMException `TimeoutError` after too long a silence;
 * whatever the body's own stream fails with.
 */
export async function readBody(response: Response, options: ReadBodyOptions): Promise<ReadBody> {
  const digest = createHash('sha256')
  let bytes = Buffer.alloc(Math.min(firstBytes, options.maxBytes))
  let length = 0
  let isWhole = true
  const reader = response.body?.getReader()
  const next = async (): Promise<Uint8Array | undefined> => {
    return reader && (await within(options.idleTimeoutMs, reader.read())).value
  }
  for (let value = await next(); value; value = isWhole ? await next() : undefined) {
    const piece = value.subarray(0, options.maxBytes - length)
    bytes = withRoom(bytes, length + piece.length, options.maxBytes)
    bytes.set(piece, length)
    digest.update(piece)
    length += piece.length
    isWhole = piece.length === value.length
  }
  return { bytes: bytes.subarray(0, length), sha256: digest.digest('hex'), isWhole }
}

function withRoom(bytes: Buffer<ArrayBuffer>, needed: number, maxBytes: number): Buffer<ArrayBuffer> {
  if (needed <= bytes.length) return bytes
  const larger = Buffer.alloc(Math.min(maxBytes, Math.max(needed, bytes.length * 2)))
  larger.set(bytes)
  return larger
}

async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value> {
  const silence = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    silence.reject(new DOMException(`Nothing was received for ${ms} ms`, 'TimeoutError'))
  }, ms)
  try {
    return await Promise.race([promise, silence.promise])
  } finally {
    clearTimeout(timer)
  }
}
