import { AppError } from '../lib/errors.ts'
import { createRateLimiter, type RateLimitStatus } from '../lib/rate-limit.ts'
import type { ServiceCaller } from '../model/api-key.ts'
import type { Did } from '../model/ids.ts'

/** The caller is who it says, and is not among those who may call. */
export class CallerNotAllowedError extends AppError {
  override readonly name = 'CallerNotAllowedError'
  constructor() {
    super('forbidden', 'Expected a caller that the operator has allowed but received another')
  }
}

/** The services that may call without a key. */
export interface ServiceCallers {
  /** Counts a call. @throws {CallerNotAllowedError}; {RateLimitExceededError}. */
  admit(did: Did): void
  /** Returns what a caller that was admitted may do, and where it stands. */
  standingOf(did: Did): Pick<ServiceCaller, 'scopes'> & { readonly limit: RateLimitStatus }
}

/** Returns those who may call; each may so many times in a minute. */
export function createServiceCallers(
  callers: readonly ServiceCaller[],
  { perMinute, now }: { readonly perMinute: number; readonly now: () => number },
): ServiceCallers {
  const scopesOf = new Map(callers.map(({ did, scopes }) => [did, scopes]))
  const limiter = createRateLimiter({
    points: perMinute,
    periodMs: 60_000,
    what: 'requests of this service',
    maxKeys: callers.length + 1,
    now,
  })
  return {
    admit(did) {
      if (!scopesOf.has(did)) throw new CallerNotAllowedError()
      limiter.take(did)
    },
    standingOf: (did) => ({ scopes: scopesOf.get(did) ?? [], limit: limiter.statusOf(did) }),
  }
}
