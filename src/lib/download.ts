import { AppError } from './errors.ts'
import { readBody } from './read-body.ts'
import { type SafeFetch, translateFetchError } from './safe-fetch.ts'

/** Limits of one download. */
export type DownloadOptions = {
  readonly maxBytes: number
  /** The longest that it may take, redirects included, in milliseconds. */
  readonly timeoutMs: number
  /** The longest silence between two pieces, in milliseconds. */
  readonly idleTimeoutMs: number
}

/** What was found at an address. */
export type Downloaded = {
  readonly bytes: Uint8Array
  /** As the server says, in lower case without parameters; undefined where it says nothing. */
  readonly mimeType: string | undefined
}

/**
 * Returns the bytes at an address that a caller names. @throws AppError: `forbidden` when it, or a redirect, is not one that
 * the fetch goes to; `too-large`; `upstream` when it answers with anything but 200, or not at all; `timeout`; the signal's
 * reason.
 */
export async function download(
  safeFetch: SafeFetch,
  url: URL,
  { maxBytes, timeoutMs, idleTimeoutMs }: DownloadOptions,
  signal: AbortSignal,
): Promise<Downloaded> {
  const stop = new AbortController()
  const whole = AbortSignal.any([signal, stop.signal])
  try {
    const headers = { 'accept-encoding': 'identity' }
    const response = await safeFetch(url, { signal: whole, timeoutMs, headers })
    if (response.status !== 200)
      throw new AppError(
        'upstream',
        `Expected ${url.origin} to answer with 200 but received ${response.status}`,
      )
    if (Number(response.headers.get('content-length')) > maxBytes) throw tooLarge(maxBytes)
    const { bytes, isWhole } = await readBody(response, { maxBytes, idleTimeoutMs })
    if (!isWhole) throw tooLarge(maxBytes)
    const [mimeType] = (response.headers.get('content-type') ?? '').toLowerCase().split(';', 1)
    return { bytes, mimeType: mimeType?.trim() || undefined }
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
