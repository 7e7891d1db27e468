import { AppError } from '../lib/errors.ts'
import { readBody } from '../lib/read-body.ts'
import { type SafeFetch, translateFetchError } from '../lib/safe-fetch.ts'

/** Limits of fetching an image that a caller names. */
export type FetchImageOptions = {
  readonly maxBytes: number
  readonly timeoutMs: number
  /** The longest silence between two pieces, in milliseconds. */
  readonly idleTimeoutMs: number
}

/**
 * Returns the bytes at an address. @throws {AppError} `forbidden` when it, or a redirect, is not public https; `too-large`;
 * `upstream` when it answers with anything but 200, or not at all; `timeout`.
 */
export async function fetchImage(
  safeFetch: SafeFetch,
  address: string,
  { maxBytes, timeoutMs, idleTimeoutMs }: FetchImageOptions,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const url = new URL(address)
  const stop = new AbortController()
  const whole = AbortSignal.any([signal, stop.signal])
  try {
    const headers = { accept: 'image/*', 'accept-encoding': 'identity' }
    const response = await safeFetch(url, { signal: whole, timeoutMs, headers })
    if (response.status !== 200)
      throw new AppError(
        'upstream',
        `Expected ${url.origin} to answer with 200 but received ${response.status}`,
      )
    if (Number(response.headers.get('content-length')) > maxBytes) throw tooLarge(maxBytes)
    const { bytes, isWhole } = await readBody(response, { maxBytes, idleTimeoutMs })
    if (!isWhole) throw tooLarge(maxBytes)
    return bytes
  } catch (error) {
    signal.throwIfAborted()
    throw translateFetchError(error, url)
  } finally {
    // Whatever was not read is not wanted: the connection goes with it.
    stop.abort()
  }
}

function tooLarge(maxBytes: number): AppError {
  return new AppError('too-large', `Expected at most ${maxBytes} bytes at that address`)
}
