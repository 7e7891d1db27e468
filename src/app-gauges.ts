/**
 * The part of `app.ts` that says where each value comes from which is read when the metrics are asked for.
 */
import { quotasOf } from './app-acting.ts'
import type { Config } from './config/settings.ts'
import type { Gauges } from './metrics-gauges.ts'
import { quotaKinds } from './model/brake.ts'
import { holdReasons } from './model/effect.ts'
import type { Emitter } from './publish/emitter.ts'
import type { Database } from './store/database.ts'
import type { World } from './world.ts'

/** What the values are read from. */
export type GaugesDeps = {
  readonly database: Database
  readonly worker: { readonly running: number }
  readonly pool: { readonly pending: number }
  readonly matcher: { readonly size: number }
  readonly emitter: Emitter
  readonly outbox: { readonly openCircuits: number }
  readonly config: Config
  readonly world: Pick<World, 'now'>
}

/** Returns the values, each read anew when it is asked for. */
export function createGauges(deps: GaugesDeps): Gauges {
  const { database, worker, pool, matcher, emitter, outbox, config } = deps
  const { now } = deps.world
  const quotas = quotasOf(config)
  const { brakes, effects } = database
  return {
    jobsRunning: () => worker.running,
    hashesPending: () => pool.pending,
    bankHashes: () => matcher.size,
    jobCounts: () => database.jobs.counts(),
    lastSeq: () => database.labels.lastSeq(),
    reviewCounts: () => database.reviews.counts(),
    staleLabels: () => database.keys.countStale(),
    queue: () => database.emissions.lengths(),
    budgetLeft: async () => (await emitter.budget()).leftOf(now().getTime()),
    effectCounts: () => effects.counts(),
    heldCounts: async () =>
      Object.fromEntries(
        await Promise.all(
          holdReasons.map(async (reason) => [reason, await effects.countHeld(reason)] as const),
        ),
      ),
    quarantines: () => brakes.countQuarantined(),
    isPaused: async () => (await brakes.pause()) !== undefined,
    async quotaLeft() {
      const spent = await brakes.spent(now().toISOString().slice(0, 10))
      const limits = quotaKinds.flatMap((kind) => {
        const quota = quotas[kind]
        return quota === undefined ? [] : [[kind, Math.max(0, quota - (spent.get(kind) ?? 0))] as const]
      })
      return Object.fromEntries(limits)
    },
    outboxCounts: () => database.outbox.counts(),
    oldestOutgoing: () => database.outbox.oldest(),
    openCircuits: () => outbox.openCircuits,
    now: () => now().getTime(),
  }
}
