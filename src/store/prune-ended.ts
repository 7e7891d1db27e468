import { pause } from '../lib/pause.ts'

const dayMs = 86_400_000
const everyMs = 3_600_000
const batchSize = 1000

/** Something that ends, and is kept for a while: jobs, messages of the outbox. */
type Prunable = { prune(before: string, limit: number): Promise<number> }

/**
 * Deletes what ended longer ago than `retentionDays`, once an hour and in small steps so that nobody waits for it,
 * until the signal is aborted. What is dead stays until a person has seen them.
 */
export async function pruneEnded(
  ended: Prunable,
  retentionDays: number,
  now: () => Date,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const before = new Date(now().getTime() - retentionDays * dayMs).toISOString()
    const pruned = await ended.prune(before, batchSize)
    await pause(pruned === batchSize ? 100 : everyMs, signal)
  }
}
