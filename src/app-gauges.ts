/**
 * The part of `app.ts` that says where each value comes from which is read when the metrics are asked for.
 */
import type { Gauges } from './metrics.ts'
import type { Emitter } from './publish/emitter.ts'
import type { Database } from './store/database.ts'

/** What the values are read from. */
export type GaugesDeps = {
  readonly database: Database
  readonly worker: { readonly running: number }
  readonly pool: { readonly pending: number }
  readonly matcher: { readonly size: number }
  readonly emitter: Emitter
  readonly outbox: { readonly openCircuits: number }
  readonly now: () => Date
}

/** Returns the values, each read anew when it is asked for. */
export function createGauges({ database, worker, pool, matcher, emitter, outbox, now }: GaugesDeps): Gauges {
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
    outboxCounts: () => database.outbox.counts(),
    oldestOutgoing: () => database.outbox.oldest(),
    openCircuits: () => outbox.openCircuits,
    now: () => now().getTime(),
  }
}
