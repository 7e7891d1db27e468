import { AppError } from '../lib/errors.ts'
import { createRateLimiter, type RateLimiter, type RateLimitStatus } from '../lib/rate-limit.ts'
import type { ApiKey } from '../model/api-key.ts'
import type { ApiKeyStore } from '../store/api-key-store.ts'
import { digestOfApiKeySecret } from './api-key-secret.ts'

/** How far behind a key's last use may be: its row is written once in that time, however busy it is. */
const touchMs = 60_000

/** What checking a secret needs. */
export type AuthorizeDeps = {
  readonly apiKeys: Pick<ApiKeyStore, 'findByDigest' | 'touch'>
  readonly now: () => Date
}

/**
 * Returns the key of a secret, having counted the request. The key is read each time, so that a revocation holds at once.
 * @throws {AppError} `unauthenticated` when it is unknown or revoked; {RateLimitExceededError}.
 */
export type Authorize = (secret: string) => Promise<{ readonly key: ApiKey; readonly limit: RateLimitStatus }>

/** Returns the check. */
export function createAuthorize({ apiKeys, now }: AuthorizeDeps): Authorize {
  // One limiter for each rate that a key has: there are as many as operators think of.
  const limiters = new Map<number, RateLimiter>()

  return async (secret) => {
    const digest = digestOfApiKeySecret(secret)
    const key = digest === undefined ? undefined : await apiKeys.findByDigest(digest)
    if (!key || key.revokedAt !== undefined)
      throw new AppError('unauthenticated', 'Expected a good API key but received another')
    const limit = limiterOf(key.requestsPerMinute).take(String(key.id))
    const at = now()
    if (at.getTime() - Date.parse(key.lastUsedAt ?? '1970-01-01T00:00:00.000Z') >= touchMs)
      await apiKeys.touch(key.id, at.toISOString())
    return { key, limit }
  }

  function limiterOf(points: number): RateLimiter {
    const limiter =
      limiters.get(points) ??
      createRateLimiter({
        points,
        periodMs: 60_000,
        what: 'requests with this key',
        maxKeys: 10_000,
        now: () => now().getTime(),
      })
    limiters.set(points, limiter)
    return limiter
  }
}
