/**
 * How the service's matching follows its banks: one refresh at a time, and a watch over how far behind it is.
 */
import { createOneAtATime } from './lib/one-at-a-time.ts'
import { createFreshness, type Freshness } from './match/freshness.ts'
import type { Matcher } from './match/match.ts'
import type { Database } from './store/database.ts'
import type { World } from './world.ts'

/** Returns what takes changes of the banks in, and then lets the store forget the removals that need not be known any more. */
export function createBankFollower(
  matcher: Pick<Matcher, 'refresh'>,
  { bankChanges }: Pick<Database, 'bankChanges'>,
  { now }: Pick<World, 'now'>,
): Freshness {
  const refresh = createOneAtATime(async () => bankChanges.forgetRemovals(await matcher.refresh()))
  return createFreshness(refresh, () => now().getTime())
}
