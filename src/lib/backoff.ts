/** How retries are spaced. */
export type BackoffOptions = {
  /** Milliseconds before the second try. */
  readonly baseMs: number
  /** Most milliseconds between two tries. */
  readonly maxMs: number
}

/**
 * Returns how many milliseconds to wait after the given failed attempt (1 for the first): doubling, capped, and drawn from
 * the upper half of that span so that many failures together do not come back together.
 * `random` is 0 inclusive to 1 exclusive.
 */
export function backoffMs(attempt: number, { baseMs, maxMs }: BackoffOptions, random: number): number {
  const span = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 30))
  return Math.round(span / 2 + (random * span) / 2)
}
