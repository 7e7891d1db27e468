import { type Downloaded, type DownloadOptions, download } from '../lib/download.ts'
import { AppError } from '../lib/errors.ts'
import { RefusedAddressError, type SafeFetch } from '../lib/safe-fetch.ts'

/** Limits of one download. */
export type FetchMediaOptions = DownloadOptions & {
  /** Hosts that may be asked, with those below them; none means any. */
  readonly hosts: readonly string[]
}

/**
 * Downloads media that a caller names by URL. @throws AppError, `invalid` where the URL is not one to be asked or gives
 * nothing, `too-large` where it gives too much; the signal's reason.
 */
export type FetchMedia = (url: string, signal: AbortSignal) => Promise<Downloaded>

/** Returns the downloader over a fetch that keeps to public addresses. */
export function createFetchMedia(safeFetch: SafeFetch, options: FetchMediaOptions): FetchMedia {
  return async (text, signal) => {
    const url = parseMediaUrl(text)
    if (!url || !isHostAllowed(url.hostname, options.hosts)) throw unsafeUrl()
    try {
      return await download(safeFetch, url, options, signal)
    } catch (cause) {
      signal.throwIfAborted()
      if (cause instanceof RefusedAddressError) throw unsafeUrl(cause)
      if (!(cause instanceof AppError)) throw cause
      if (cause.kind === 'too-large') throw new AppError('too-large', 'Content too large', { cause })
      throw new AppError('invalid', `Failed to fetch URL: ${cause.message}`, { cause })
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
