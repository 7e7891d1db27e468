/** The kinds of failure a boundary can translate; `http/errors.ts` maps each to a status and an XRPC name. */
export const errorKinds = [
  'invalid',
  'unauthenticated',
  'forbidden',
  'not-found',
  'conflict',
  'too-large',
  'rate-limited',
  'upstream',
  'unavailable',
  'timeout',
  'internal',
] as const

/** One member of `errorKinds`. */
export type ErrorKind = (typeof errorKinds)[number]

/** Kinds that may pass by themselves, so that repeating the same call later can succeed. */
const passing: ReadonlySet<ErrorKind> = new Set(['rate-limited', 'upstream', 'unavailable', 'timeout'])

/** Extra facts of an `AppError`; `details` is safe to show and to log. */
export type AppErrorOptions = { readonly cause?: unknown; readonly details?: Record<string, unknown> }

/**
 * The base of every error this project throws on purpose. A subclass is named after what happened and lives beside
 * the code that throws it; callers ask `shouldRetry()` and never compare classes.
 */
export class AppError extends Error {
  override readonly name: string = 'AppError'
  readonly kind: ErrorKind
  readonly details: Record<string, unknown>

  constructor(kind: ErrorKind, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.kind = kind
    this.details = options.details ?? {}
  }

  /** True when repeating the same call later may succeed: rate limits, time-outs, unwell or absent remotes. */
  shouldRetry(): boolean {
    return passing.has(this.kind)
  }
}

/** Tells whether an error of any origin may pass by itself. Only an `AppError` that says so may. */
export function shouldRetry(error: unknown): boolean {
  return error instanceof AppError && error.shouldRetry()
}

/** An error's message, cut to 300 characters: what untrusted text may occupy in a log line or a row. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.length > 300 ? `${text.slice(0, 299)}…` : text
}
