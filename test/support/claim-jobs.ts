import type { ScanJob } from '../../src/model/job.ts'
import type { ClaimOptions, DueJobs, JobStore } from '../../src/store/job-store.ts'

/** Claims the jobs that are due, as the worker does. */
export async function claimJobs(
  jobs: Pick<JobStore, 'due' | 'claim'>,
  options: DueJobs & ClaimOptions,
): Promise<ScanJob[]> {
  return await jobs.claim(await jobs.due(options), options)
}
