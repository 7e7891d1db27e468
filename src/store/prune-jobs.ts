import { pause } from '../lib/pause.ts'
import type { JobStore } from './job-store.ts'

const dayMs = 86_400_000
const everyMs = 3_600_000
const batchSize = 1000

/**
 * Deletes jobs that ended longer ago than `retentionDays`, once an hour and in small steps so that nobody waits for it,
 * until the signal is aborted. Dead jobs stay until a person has seen them.
 */
export async function pruneJobs(
  jobs: Pick<JobStore, 'prune'>,
  retentionDays: number,
  now: () => Date,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const before = new Date(now().getTime() - retentionDays * dayMs).toISOString()
    const pruned = await jobs.prune(before, batchSize)
    await pause(pruned === batchSize ? 100 : everyMs, signal)
  }
}
