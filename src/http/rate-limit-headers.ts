import type { Response } from 'express'
import type { RateLimitStatus } from '../lib/rate-limit.ts'

/** Tells the caller where it stands, in the headers that the network's servers use; when to come back, if it must. */
export function setRateLimitHeaders(
  response: Response,
  { points, periodMs, remaining, resetAt }: RateLimitStatus,
): void {
  response.set({
    'ratelimit-limit': String(points),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': String(Math.floor(resetAt / 1000)),
    'ratelimit-policy': `${points};w=${Math.floor(periodMs / 1000)}`,
  })
  const secondsLeft = Math.max(1, Math.ceil((resetAt - Date.now()) / 1000))
  if (response.statusCode === 429) response.set('retry-after', String(secondsLeft))
}
