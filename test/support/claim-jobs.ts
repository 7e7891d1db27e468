import type { ScanJob } from '../../src/model/job.ts'
import type { ClaimOptions, DueJobs, JobClaims } from '../../src/store/job-claims.ts'

/** Claims the jobs that are due, as the worker does. */
export async function claimJobs(
  jobs: Pick<JobClaims, 'due' | 'claim'>,
  options: DueJobs & ClaimOptions,
): Promise<ScanJob[]> {
  return await jobs.claim(await jobs.due(options), options)
}
