import { AppError } from './errors.ts'

/** How often something may be done: so many times from the first on, until the period has passed. */
export type RateLimit = { readonly points: number; readonly periodMs: number }

/** Where one key stands after a call. */
export type RateLimitStatus = RateLimit & {
  /** How often more before `resetAt`; 0 or more. */
  readonly remaining: number
  /** Epoch milliseconds. */
  readonly resetAt: number
}

/** The key has used up its points. */
export class RateLimitExceededError extends AppError {
  override readonly name = 'RateLimitExceededError'
  readonly status: RateLimitStatus
  constructor(what: string, status: RateLimitStatus) {
    const { points, periodMs } = status
    super('rate-limited', `Expected at most ${points} ${what} in ${periodMs / 1000} s but received more`)
    this.status = status
  }
}

/** Counts calls by key, in memory. */
export interface RateLimiter {
  /** Takes a point. @throws {RateLimitExceededError} when there is none left. */
  take(key: string): RateLimitStatus
  /** Returns where a key stands, without taking a point. */
  statusOf(key: string): RateLimitStatus
}

/** How a limiter counts. */
export type RateLimiterOptions = RateLimit & {
  /** What is counted, in the plural, as the refusal says it. */
  readonly what: string
  /** The most keys that are remembered; beyond them the one that began first is forgotten, so that memory is bounded. */
  readonly maxKeys: number
  /** Epoch milliseconds. */
  readonly now: () => number
}

type Window = { readonly resetAt: number; used: number }

/** Returns a limiter whose periods start with the first call of each key. */
export function createRateLimiter({ points, periodMs, what, maxKeys, now }: RateLimiterOptions): RateLimiter {
  // Every window is as long as the others, so those that end first stand first.
  const windows = new Map<string, Window>()

  return {
    take(key) {
      forgetPast()
      const window = windows.get(key) ?? open(key)
      if (window.used >= points) throw new RateLimitExceededError(what, statusOfWindow(window))
      window.used++
      return statusOfWindow(window)
    },
    statusOf(key) {
      forgetPast()
      return statusOfWindow(windows.get(key) ?? { resetAt: now() + periodMs, used: 0 })
    },
  }

  function open(key: string): Window {
    if (windows.size >= maxKeys) windows.delete(windows.keys().next().value as string)
    const window = { resetAt: now() + periodMs, used: 0 }
    windows.set(key, window)
    return window
  }

  function forgetPast(): void {
    for (const [key, { resetAt }] of windows) {
      if (resetAt > now()) return
      windows.delete(key)
    }
  }

  function statusOfWindow({ resetAt, used }: Window): RateLimitStatus {
    return { points, periodMs, remaining: Math.max(0, points - used), resetAt }
  }
}
