import { AppError } from '../lib/errors.ts'
import { readBody } from '../lib/read-body.ts'
import { type SafeFetch, translateFetchError } from '../lib/safe-fetch.ts'

/** Why a host does not give what it is asked for. */
export type HostRefusal = 'account-inactive' | 'not-found' | 'bad-response'

/** Bounds of one question to a host, in milliseconds. */
export type AskOptions = {
  /** The longest that it may take, redirects and body included. */
  readonly timeoutMs: number
  /** The longest silence between two pieces. */
  readonly idleTimeoutMs: number
}

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
const notFoundErrors = /^(?:BlobNotFound|RecordNotFound|RepoNotFound)$/

/**
 * Asks a host and hands its answer to `read`; whatever that leaves unread is let go. Rejects with an `AppError` that may
 * be retried when the host or the network is unwell, with `RefusedAddressError` or `TooManyRedirectsError` when the way
 * leads where we do not go, and with the signal's reason.
 */
export async function askHost<Answer>(
  safeFetch: SafeFetch,
  url: URL,
  { timeoutMs }: Pick<AskOptions, 'timeoutMs'>,
  signal: AbortSignal,
  read: (response: Response) => Promise<Answer>,
): Promise<Answer> {
  const stop = new AbortController()
  const whole = AbortSignal.any([signal, stop.signal])
  try {
    return await read(
      await safeFetch(url, { signal: whole, timeoutMs, headers: { 'accept-encoding': 'identity' } }),
    )
  } catch (error) {
    signal.throwIfAborted()
    throw translateFetchError(error, url)
  } finally {
    // Whatever was not read is not wanted: the connection goes with it.
    stop.abort()
  }
}

/**
 * Reads why the host refuses; hosts differ in the status, so the XRPC error's name and message come first.
 * @throws an `AppError` that may be retried when the host is unwell or asks us to wait.
 */
export async function readRefusal(response: Response, idleTimeoutMs: number): Promise<HostRefusal> {
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
  if (inactiveErrors.test(error)) return 'account-inactive'
  if (status === 404 || status === 410 || notFoundErrors.test(error)) return 'not-found'
  if (status === 400 && /not found|could not (?:find|locate)/i.test(message)) return 'not-found'
  return 'bad-response'
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
