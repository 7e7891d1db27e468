import { randomUUID } from 'node:crypto'
import { XRPCError } from '@atproto/xrpc-server'
import { ServiceAuthError } from '../atproto/service-auth-error.ts'
import { AppError, type ErrorKind } from '../lib/errors.ts'

/** An error as it goes out: a status, and the two fields of an XRPC error body. */
export type WireError = {
  readonly status: number
  /** The XRPC error name, such as `InvalidRequest`. */
  readonly error: string
  readonly message: string
  /** Set when the error is our own fault: what the caller was told to quote. It belongs in the log line too. */
  readonly id?: string
}

/** The one table from kinds of failure to what the caller is told. An upstream's failure is our 502. */
const wireOfKind: Readonly<
  Record<Exclude<ErrorKind, 'internal'>, { readonly status: number; readonly error: string }>
> = {
  invalid: { status: 400, error: 'InvalidRequest' },
  unauthenticated: { status: 401, error: 'AuthenticationRequired' },
  forbidden: { status: 403, error: 'Forbidden' },
  'not-found': { status: 404, error: 'NotFound' },
  conflict: { status: 409, error: 'Conflict' },
  'too-large': { status: 413, error: 'PayloadTooLarge' },
  'rate-limited': { status: 429, error: 'RateLimitExceeded' },
  upstream: { status: 502, error: 'UpstreamFailure' },
  unavailable: { status: 503, error: 'NotEnoughResources' },
  timeout: { status: 504, error: 'UpstreamTimeout' },
}

/** Errors whose lexicon gives them a name of their own, by the `name` of the error. */
const lexiconNames: Readonly<Record<string, string>> = {
  FutureCursorError: 'FutureCursor',
  ConsumerTooSlowError: 'ConsumerTooSlow',
  AlreadyAppealedError: 'AlreadyAppealed',
  CallerNotAllowedError: 'MissingScope',
}

/** Returns what to tell the caller about any error. What we did not expect shows nothing but an id. */
export function wireErrorOf(error: unknown): WireError {
  if (error instanceof AppError && error.kind !== 'internal') {
    const { status, error: name } = wireOfKind[error.kind]
    const ownName = error instanceof ServiceAuthError ? error.reason : lexiconNames[error.name]
    return { status, error: ownName ?? name, message: error.message }
  }
  if (error instanceof XRPCError && error.statusCode !== 500) {
    const { statusCode: status, payload } = error
    return { status, error: xrpcNameOf(error), message: cut(payload.message ?? '') }
  }
  const status = clientStatusOf(error)
  if (status !== undefined)
    return { status, error: nameOfStatus(status), message: 'Expected a well-formed request' }
  const id = randomUUID()
  return { status: 500, error: 'InternalServerError', message: `Internal error ${id}`, id }
}

/** A parser's error keeps the name of its class, such as `PayloadTooLargeError`; no lexicon has such names. */
function xrpcNameOf({ error, statusCode }: XRPCError): string {
  return error === undefined || error.endsWith('Error') ? nameOfStatus(statusCode) : error
}

function nameOfStatus(status: number): string {
  return Object.values(wireOfKind).find((wire) => wire.status === status)?.error ?? 'InvalidRequest'
}

/** Express and its parsers mark an unreadable request with a 4xx `status`. */
function clientStatusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined
  const { status } = error
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}

/** The lexicon checker repeats the value that it refuses, at any length. */
function cut(message: string): string {
  return message.length > 500 ? `${message.slice(0, 499)}…` : message
}
