import { AppError } from '../lib/errors.ts'
import { readBody } from '../lib/read-body.ts'
import { RefusedAddressError, type SafeFetch, translateFetchError } from '../lib/safe-fetch.ts'

/** Limits of one download. */
export type FetchMediaOptions = {
  readonly maxBytes: number
  /** The longest that a download may take, redirects included, in milliseconds. */
  readonly timeoutMs: number
  /** The longest silence between two pieces, in milliseconds. */
  readonly idleTimeoutMs: number
  /** Hosts that may be asked, with those below them; none means any. */
  readonly hosts: readonly string[]
}

/** What was found at a URL. */
export type FetchedMedia = {
  readonly bytes: Uint8Array
  /** As the server says, in lower case without parameters; undefined where it says nothing. */
  readonly mimeType: string | undefined
}

/**
 * Downloads media that a caller names by URL. @throws AppError, `invalid` where the URL is not one to be asked or gives
 * nothing, `too-large` where it gives too much; the signal's reason.
 */
export type FetchMedia = (url: string, signal: AbortSignal) => Promise<FetchedMedia>

/** Returns the downloader over a fetch that keeps to public addresses. */
export function createFetchMedia(safeFetch: SafeFetch, options: FetchMediaOptions): FetchMedia {
  const { maxBytes, timeoutMs, idleTimeoutMs, hosts } = options

  async function download(url: URL, signal: AbortSignal): Promise<FetchedMedia> {
    const response = await safeFetch(url, { signal, timeoutMs })
    if (!response.ok) {
      await response.body?.cancel()
      throw new AppError('invalid', `Failed to fetch URL: ${url.host} answered with ${response.status}`)
    }
    if (Number(response.headers.get('content-length')) > maxBytes) {
      await response.body?.cancel()
      throw tooLarge()
    }
    const body = await readBody(response, { maxBytes, idleTimeoutMs })
    if (!body.isWhole) throw tooLarge()
    const [mimeType] = (response.headers.get('content-type') ?? '').toLowerCase().split(';', 1)
    return { bytes: body.bytes, mimeType: mimeType?.trim() || undefined }
  }

  return async (text, signal) => {
    const url = parseMediaUrl(text)
    if (!url || !isHostAllowed(url.hostname, hosts)) throw unsafeUrl()
    try {
      return await download(url, signal)
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof RefusedAddressError) throw unsafeUrl(cause)
      if (cause instanceof AppError && ['invalid', 'too-large'].includes(cause.kind)) throw cause
      const { message } = translateFetchError(cause, url)
      throw new AppError('invalid', `Failed to fetch URL: ${message}`, { cause })
    }
  }
}

/** A URL as it is to be written: `URL` alone would mend what is not one. */
function parseMediaUrl(text: string): URL | undefined {
  if (!/^https?:\/\/[^/?#\\\s:]|^https?:\/\/\[/i.test(text) || /^https?:\/\/[^/?#]*:(?:[/?#]|$)/i.test(text))
    return undefined
  return URL.parse(text) ?? undefined
}

function isHostAllowed(host: string, hosts: readonly string[]): boolean {
  const name = host.toLowerCase()
  return hosts.length === 0 || hosts.some((allowed) => name === allowed || name.endsWith(`.${allowed}`))
}

function unsafeUrl(cause?: unknown): AppError {
  return new AppError('invalid', 'Invalid or unsafe URL provided', { cause })
}

function tooLarge(): AppError {
  return new AppError('too-large', 'Content too large')
}
