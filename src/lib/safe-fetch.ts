import { AsyncLocalStorage } from 'node:async_hooks'
import { FetchRequestError, fetchMaxSizeProcessor, safeFetchWrap } from '@atproto-labs/fetch-node'
import { createDeadline } from './deadline.ts'
import { AppError } from './errors.ts'

/** Limits of a safe fetch. */
export type SafeFetchOptions = {
  /** The longest that one exchange may take, body and redirects included, in milliseconds; a call may ask for other. */
  readonly timeoutMs: number
  /** How many redirects a GET or HEAD follows. */
  readonly maxRedirects: number
  /** Origins such as `http://localhost:2583` that may be plain or private; an explicit setting for development. */
  readonly allowedPrivateOrigins: readonly string[]
  readonly userAgent: string
  /** Also plain HTTP, to public addresses; false unless told. */
  readonly allowsPlainHttp?: boolean
  /** What sends the requests; the global `fetch` unless a test stands in for the network. */
  readonly fetch?: typeof globalThis.fetch
}

/** One request's settings: the standard ones, and how long it may take. */
type SafeFetchInit = RequestInit & { readonly timeoutMs?: number }

/**
 * A `fetch` for addresses that strangers choose: public https only, on every hop. GET and HEAD follow redirects; other
 * methods return them. It does not bound the body: the caller reads no more than it wants, or uses `withMaxBody`.
 *
 * @throws RefusedAddressError (not to be retried), TooManyRedirectsError (neither), NetworkError (to be retried); the
 * caller's own abort reason.
 */
export type SafeFetch = (input: string | URL | Request, init?: SafeFetchInit) => Promise<Response>

/** The address, or what its name resolves to, is not one that strangers may make us ask. */
export class RefusedAddressError extends AppError {
  override readonly name = 'RefusedAddressError'
}

/** A server redirects more often than the limit, or where no redirect is wanted. */
export class TooManyRedirectsError extends AppError {
  override readonly name = 'TooManyRedirectsError'
  override shouldRetry(): boolean {
    return false
  }
}

/** The name did not resolve, the connection failed or broke, TLS failed (`upstream`), or time ran out (`timeout`). */
class NetworkError extends AppError {
  override readonly name = 'NetworkError'
}

/** Headers that are for the first host alone. */
const privateHeaders = ['authorization', 'cookie', 'proxy-authorization']
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Returns a fetch that refuses what is not public https, private origins that are named excepted. */
export function createSafeFetch(options: SafeFetchOptions): SafeFetch {
  const shared = { responseMaxSize: Infinity, timeout: Infinity, allowCustomPort: true }
  const base = options.fetch ?? globalThis.fetch
  /**
   * The wrappers make a `Request` of a `Request`, and those hold their signals by weak references: once the garbage
   * collector has passed, an abort no longer reaches the connection. So the signal is handed round them.
   */
  const signals = new AsyncLocalStorage<AbortSignal>()
  const fetchUnder: typeof globalThis.fetch = (input, init) =>
    base(input, { ...init, signal: signals.getStore() ?? null })
  const allowHttp = options.allowsPlainHttp ?? false
  const fetchPublic = safeFetchWrap({ ...shared, fetch: fetchUnder, allowHttp })
  const fetchPrivate = safeFetchWrap({
    ...shared,
    fetch: fetchUnder,
    ssrfProtection: false,
    forbiddenDomainNames: [],
  })
  const privateOrigins: ReadonlySet<string> = new Set(options.allowedPrivateOrigins)

  return async (input, { timeoutMs = options.timeoutMs, signal: stop, ...init } = {}) => {
    const request = new Request(input, init)
    const signal = createDeadline(timeoutMs, stop ?? undefined)
    try {
      return await follow(request, signal)
    } catch (error) {
      stop?.throwIfAborted()
      throw translateFetchError(error, new URL(request.url))
    }
  }

  async function follow(request: Request, signal: AbortSignal): Promise<Response> {
    const headers = new Headers(request.headers)
    if (!headers.has('user-agent')) headers.set('user-agent', options.userAgent)
    let url = new URL(request.url)
    for (let hops = 0; ; hops++) {
      const send = privateOrigins.has(url.origin) ? fetchPrivate : fetchPublic
      const hop = { headers, redirect: 'manual' } as const
      const [target, init] = hops === 0 ? [request, hop] : [url, { ...hop, method: request.method }]
      const response = await signals.run(signal, () => send(target, init))
      const next = redirectTarget(response, url)
      if (!next || !isRedirectOurs(request)) return response
      await response.body?.cancel()
      if (request.redirect === 'error' || hops >= options.maxRedirects) throw tooManyRedirects(url, hops)
      if (next.origin !== url.origin) for (const name of privateHeaders) headers.delete(name)
      url = next
    }
  }
}

/** Returns the same fetch with every body cut off, by an error, after `maxBytes`. */
export function withMaxBody(fetch: SafeFetch, maxBytes: number): SafeFetch {
  const bound = fetchMaxSizeProcessor(maxBytes)
  return async (input, init) => await bound(await fetch(input, init))
}

/** Returns what a failed request or a broken body means to a caller, as one of the errors of this file. */
export function translateFetchError(error: unknown, url: URL): AppError {
  if (error instanceof AppError) return error
  const details = { origin: url.origin }
  if (isRefusal(error)) {
    return new RefusedAddressError('forbidden', `Refused to ask ${url.origin}`, { cause: error, details })
  }
  const isTimeout = error instanceof Error && error.name === 'TimeoutError'
  if (isTimeout)
    return new NetworkError('timeout', `${url.origin} did not answer in time`, { cause: error, details })
  return new NetworkError('upstream', `Could not read from ${url.origin}`, { cause: error, details })
}

/** Where a response sends us; undefined when it is no redirect, or names no address that can be read. */
function redirectTarget(response: Response, from: URL): URL | undefined {
  const location = response.headers.get('location')
  if (!redirectStatuses.has(response.status) || location === null) return undefined
  return URL.parse(location, from.href) ?? undefined
}

/** True when a redirect is ours to follow or refuse, and not the caller's to see. */
function isRedirectOurs({ method, redirect }: Request): boolean {
  return redirect !== 'manual' && (method === 'GET' || method === 'HEAD')
}

function tooManyRedirects(url: URL, hops: number): TooManyRedirectsError {
  return new TooManyRedirectsError('upstream', `${url.origin} redirects more than allowed`, {
    details: { hops },
  })
}

/**
 * Tells a refusal from a failure. The library refuses by its own error before a request is made (4xx), or by a plain
 * error, without a system error code, while it connects.
 */
function isRefusal(error: unknown): boolean {
  if (error instanceof FetchRequestError) return error.statusCode === 400 || error.statusCode === 403
  const cause = error instanceof TypeError ? error.cause : undefined
  if (!(cause instanceof Error) || 'code' in cause) return false
  return /^(?:Blocked by url policy|Hostname )/.test(cause.message)
}
