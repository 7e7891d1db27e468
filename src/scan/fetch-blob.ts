import { AppError } from '../lib/errors.ts'
import { type SafeFetch, translateFetchError } from '../lib/safe-fetch.ts'
import { type Cid, type Did, sha256OfBlobCid } from '../model/ids.ts'
import type { UnavailableReason } from '../model/scan.ts'
import { createHostLimit } from './host-limit.ts'
import { readBody } from './read-body.ts'

/** Limits of one download. */
export type FetchBlobOptions = {
  readonly maxBlobBytes: number
  /** The longest that a download may take, redirects included, in milliseconds. */
  readonly timeoutMs: number
  /** The longest silence between two pieces, in milliseconds. */
  readonly idleTimeoutMs: number
  /** How many downloads from one host run at the same time; the others wait. */
  readonly maxPerHost: number
}

/** Where a blob is to be had. */
type BlobAddress = { readonly pds: string; readonly did: Did; readonly cid: Cid }

/** The bytes, verified to be those that the CID stands for, or why this host does not give them. */
type FetchedBlob =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason }

/**
 * Downloads one blob. Rejects with an `AppError` that may be retried when the host or the network is unwell, with
 * `RefusedAddressError` or `TooManyRedirectsError` when the way leads where we do not go, and with the signal's reason.
 */
export type FetchBlob = (address: BlobAddress, signal: AbortSignal) => Promise<FetchedBlob>

/** The host answered with a 5xx or 408; `details.status` has it. */
class UpstreamError extends AppError {
  override readonly name = 'UpstreamError'
}
/** The host answered 429; `details.retryAfterMs` is what it asked for, at most a bound, or undefined. */
class RateLimitedError extends AppError {
  override readonly name = 'RateLimitedError'
}

/** The longest wait that a host may ask for, in milliseconds. */
const maxRetryAfterMs = 15 * 60_000
/** How much of a refusal is read, in bytes. */
const maxErrorBytes = 4096
const inactiveErrors = /^(?:Repo|Account)(?:Takendown|Takedown|Deactivated|Suspended)$/
const notFoundErrors = /^(?:BlobNotFound|RepoNotFound)$/

/** Returns a downloader of `com.atproto.sync.getBlob`, fair between hosts. */
export function createFetchBlob(safeFetch: SafeFetch, options: FetchBlobOptions): FetchBlob {
  const withinHost = createHostLimit(options.maxPerHost)

  return async (address, signal) => {
    const url = new URL('/xrpc/com.atproto.sync.getBlob', address.pds)
    url.searchParams.set('did', address.did)
    url.searchParams.set('cid', address.cid)
    return await withinHost(url.host, signal, async () => {
      const stop = new AbortController()
      const whole = AbortSignal.any([signal, stop.signal])
      try {
        const init = {
          signal: whole,
          timeoutMs: options.timeoutMs,
          headers: { 'accept-encoding': 'identity' },
        }
        return await readAnswer(await safeFetch(url, init), address.cid, options)
      } catch (error) {
        signal.throwIfAborted()
        throw translateFetchError(error, url)
      } finally {
        // Whatever was not read is not wanted: the connection goes with it.
        stop.abort()
      }
    })
  }
}

async function readAnswer(response: Response, cid: Cid, options: FetchBlobOptions): Promise<FetchedBlob> {
  const { maxBlobBytes, idleTimeoutMs } = options
  if (response.status !== 200) return await readRefusal(response, idleTimeoutMs)
  if (Number(response.headers.get('content-length')) > maxBlobBytes) return unavailable('too-large')
  const body = await readBody(response, { maxBytes: maxBlobBytes, idleTimeoutMs })
  if (!body.isWhole) return unavailable('too-large')
  return body.sha256 === sha256OfBlobCid(cid)
    ? { kind: 'bytes', bytes: body.bytes }
    : unavailable('cid-mismatch')
}

/** Reads why the host refuses; hosts differ in the status, so the XRPC error's name and message come first. */
async function readRefusal(response: Response, idleTimeoutMs: number): Promise<FetchedBlob> {
  const { status, headers } = response
  if (status === 429) {
    const retryAfterMs = parseRetryAfter(headers.get('retry-after'))
    throw new RateLimitedError('rate-limited', 'The host asks us to wait', {
      details: { status, retryAfterMs },
    })
  }
  if (status >= 500 || status === 408) {
    throw new UpstreamError('upstream', `The host answered ${status}`, { details: { status } })
  }
  const body = await readBody(response, { maxBytes: maxErrorBytes, idleTimeoutMs })
  const { error, message } = parseXrpcError(body.bytes)
  if (inactiveErrors.test(error)) return unavailable('account-inactive')
  if (status === 404 || status === 410 || notFoundErrors.test(error)) return unavailable('not-found')
  if (status === 400 && /not found|could not find/i.test(message)) return unavailable('not-found')
  return unavailable('bad-response')
}

function parseXrpcError(bytes: Uint8Array): { error: string; message: string } {
  try {
    const body: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'))
    const { error, message } = Object(body) as Record<string, unknown>
    return { error: String(error), message: String(message) }
  } catch {
    // Not JSON: the status alone decides.
    return { error: '', message: '' }
  }
}

/** Reads seconds or an HTTP date; undefined when it is neither. */
function parseRetryAfter(text: string | null): number | undefined {
  if (text === null) return undefined
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.min(maxRetryAfterMs, Math.max(0, ms))
}

function unavailable(reason: UnavailableReason): FetchedBlob {
  return { kind: 'unavailable', reason }
}
