import { AppError, messageOf } from '../lib/errors.ts'
import { readBody } from '../lib/read-body.ts'
import { retryAfterMs } from '../lib/retry-after.ts'
import { RefusedAddressError, type SafeFetch } from '../lib/safe-fetch.ts'

/** What a call is made with. */
export type CallDeps = {
  readonly fetch: SafeFetch
  /** The longest that one call may take, body included, in milliseconds. */
  readonly timeoutMs: number
  readonly now: () => Date
}

/** A call of an XRPC method: a query with parameters, or a procedure with an input. */
export type XrpcRequest = {
  readonly nsid: string
  readonly input?: object
  /** A list is the parameter repeated. */
  readonly params?: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** What became of a call. No part of it has anything of what was sent. */
export type XrpcAnswer =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** What was answered, parsed; undefined where that is no JSON, or did not end within bounds. */
      readonly body: unknown
      /** The error's name, such as `InvalidRequest`; empty unless it is a name. */
      readonly error: string
      /** What the other side says, in at most 200 printable characters: for comparing and for the operator's eyes, not for logs. */
      readonly message: string
      readonly retryAfterMs: number | undefined
    }
  /** It was not sent: there is no way there, none that we go, or nobody in whose name; `retryAfterMs` where that is asked for. */
  | { readonly kind: 'not-sent'; readonly words: string; readonly retryAfterMs?: number | undefined }
  /** It may have been received. */
  | { readonly kind: 'lost'; readonly words: string }

/** The most bytes of an answer that are read. */
const maxAnswerBytes = 1_000_000
/** What the system says when there was no connection, so that nothing was sent. */
const unconnected =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|.*_CERT(?:_.*)?|CERT_.*)$/

/** Calls a method at an origin. @throws the signal's reason; it is not known then whether the call was received. */
export async function callXrpc(
  { fetch: safeFetch, timeoutMs, now }: CallDeps,
  origin: string,
  { nsid, input, params = {} }: XrpcRequest,
  { headers, signal }: { readonly headers: Readonly<Record<string, string>>; readonly signal?: AbortSignal },
): Promise<XrpcAnswer> {
  const url = new URL(`/xrpc/${nsid}`, origin)
  for (const [name, value] of Object.entries(params))
    for (const each of [value ?? []].flat()) url.searchParams.append(name, each)
  const stop = new AbortController()
  try {
    const response = await safeFetch(url, {
      redirect: 'manual',
      timeoutMs,
      signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(input && { 'content-type': 'application/json' }),
      },
      ...(input && { method: 'POST', body: JSON.stringify(input) }),
    })
    const body = await readJson(response, timeoutMs)
    return {
      kind: 'answered',
      status: response.status,
      body,
      ...errorOf(body),
      retryAfterMs: waitOf(response, now()),
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (!(error instanceof AppError)) throw error
    const wasSent = !(error instanceof RefusedAddressError) && !isUnconnected(error)
    return { kind: wasSent ? 'lost' : 'not-sent', words: messageOf(error) }
  } finally {
    // What was not read of the answer is not wanted: the connection goes with it.
    stop.abort()
  }
}

/** Undefined for what is no JSON, is too long, falls silent or breaks off: the status has been heard all the same. */
async function readJson(response: Response, timeoutMs: number): Promise<unknown> {
  try {
    const { bytes, isWhole } = await readBody(response, {
      maxBytes: maxAnswerBytes,
      idleTimeoutMs: timeoutMs,
    })
    return isWhole ? (JSON.parse(Buffer.from(bytes).toString('utf8')) as unknown) : undefined
  } catch {
    return undefined
  }
}

function errorOf(body: unknown): { readonly error: string; readonly message: string } {
  const { error, message } = Object(body) as Record<string, unknown>
  return {
    error: typeof error === 'string' && /^[A-Za-z]{1,64}$/.test(error) ? error : '',
    message: typeof message === 'string' ? message.replace(/[\p{Cc}\p{Cf}]/gu, ' ').slice(0, 200) : '',
  }
}

/** A PDS tells in `ratelimit-reset`, in Unix seconds, when it takes calls again. */
function waitOf({ status, headers }: Response, now: Date): number | undefined {
  const asked = retryAfterMs(headers.get('retry-after'), now.getTime())
  if (asked !== undefined || status !== 429) return asked
  const reset = headers.get('ratelimit-reset') ?? ''
  return /^\d{1,11}$/.test(reset) ? Math.max(0, Number(reset) * 1000 - now.getTime()) : undefined
}

/** The reasons are nested: of `fetch`, of its socket, and of each address that was tried. */
function isUnconnected(error: unknown): boolean {
  const { code, cause, errors } = Object(error) as { code?: unknown; cause?: unknown; errors?: unknown[] }
  if (typeof code === 'string') return unconnected.test(code)
  if (errors && errors.length > 0) return errors.every(isUnconnected)
  return cause !== undefined && isUnconnected(cause)
}
