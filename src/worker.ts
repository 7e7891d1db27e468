/**
 * The loop round the story: claims jobs, runs as many as allowed, each of another account, and ends, retries or
 * dead-letters them.
 *
 * Owns: when a job runs and what becomes of one that fails. Leaves to others: what a job does (`pipeline.ts`).
 * Invariants: an attempt is counted before it starts, so that a job that kills the process runs out of attempts too; one
 * account's images run one at a time, reported ones first, then oldest due; images of rescans have one place while others
 * wait, so that neither keeps the other from going on, and the places that nobody else needs; a failure of the store stops
 * the service.
 */
import { backoffMs } from './lib/backoff.ts'
import { createDeadline } from './lib/deadline.ts'
import { AppError, messageOf, shouldRetry } from './lib/errors.ts'
import { createWorkLoop } from './lib/work-loop.ts'
import type { Did } from './model/ids.ts'
import type { JobOutcome, ScanJob } from './model/job.ts'
import type { JobStore } from './store/job-store.ts'

const leaseMs = 600_000
const pollMs = 250

/** A job took longer than half its claim, whatever it was waiting for. */
export class JobTimeoutError extends AppError {
  override readonly name = 'JobTimeoutError'
  constructor(cause: unknown) {
    super('timeout', `Expected the job to end within ${leaseMs / 2} ms`, { cause })
  }
}

/** What the worker tells of each attempt. Called after the outcome is durable; must not throw. */
export interface JobObserver {
  done(job: ScanJob, outcome: JobOutcome, durationMs: number): void
  /** `willRetry` is false when the job was dead-lettered. */
  failed(job: ScanJob, error: unknown, willRetry: boolean, durationMs: number): void
}

/**
 * The store's part that the worker uses. A claim does not wait for the disk: it is there so that a job that kills the process runs
 * out of attempts, and after a loss of power the job is simply due again.
 */
export interface WorkerDatabase {
  readonly jobs: Pick<JobStore, 'due' | 'retry' | 'end' | 'releaseClaims'>
  withoutSync<T>(work: (unsynced: { readonly jobs: Pick<JobStore, 'claim'> }) => Promise<T>): Promise<T>
}

/** What the worker needs. `random` is 0 inclusive to 1 exclusive. */
export type WorkerDeps = {
  readonly database: WorkerDatabase
  readonly runJob: (job: ScanJob, signal: AbortSignal) => Promise<JobOutcome>
  /** Told of each attempt, in this order. */
  readonly observers: readonly JobObserver[]
  /** Epoch milliseconds: matching knows all that the banks had then. Images of rescans wait until that is after their queueing. */
  readonly matchingIsFrom: () => number
  readonly now: () => Date
  readonly random: () => number
}

/** The worker's settings; all times in milliseconds. */
export type WorkerOptions = {
  readonly jobsAtOnce: number
  readonly maxAttempts: number
  readonly retryBaseMs: number
  readonly retryMaxMs: number
}

/** The running part of the worker. */
export interface Worker {
  /** Frees the claims of a process that died, then works until the signal is aborted; running jobs are finished first. */
  run(signal: AbortSignal): Promise<void>
  /** Tells that there may be new jobs. */
  wake(): void
  /** How many jobs run now. */
  readonly running: number
}

/** Builds a worker; starts nothing. `run` rejects when the store fails. */
export function createWorker(deps: WorkerDeps, options: WorkerOptions): Worker {
  let rescansRunning = 0
  const loop = createWorkLoop<ScanJob, Did>({
    async claim(limit, busy) {
      // With a single place the stream has it, and rescans have what it leaves.
      const hasPlace = rescansRunning === 0 && options.jobsAtOnce > 1
      const now = deps.now().getTime()
      const rescans = { hasPlace, dueBy: deps.matchingIsFrom() }
      const due = await deps.database.jobs.due({ now, limit, busy, rescans })
      if (due.length === 0) return []
      return await deps.database.withoutSync(({ jobs }) => jobs.claim(due, { now, leaseMs }))
    },
    keyOf: (job) => job.image.did,
    async work(job) {
      if (job.isRescan) rescansRunning += 1
      await attempt(deps, options, job)
      if (job.isRescan) rescansRunning -= 1
    },
    atOnce: options.jobsAtOnce,
    pollMs,
  })
  return {
    wake: loop.wake,
    get running() {
      return loop.running
    },
    async run(signal) {
      await deps.database.jobs.releaseClaims()
      await loop.run(signal)
    },
  }
}

async function attempt(deps: WorkerDeps, options: WorkerOptions, job: ScanJob): Promise<void> {
  const start = performance.now()
  const deadline = createDeadline(leaseMs / 2)
  try {
    const outcome = await deps.runJob(job, deadline)
    for (const observer of deps.observers) observer.done(job, outcome, performance.now() - start)
  } catch (cause) {
    const error = deadline.aborted ? new JobTimeoutError(cause) : cause
    const willRetry = shouldRetry(error) && job.attempts < options.maxAttempts
    if (willRetry)
      await deps.database.jobs.retry(job.id, messageOf(error), runAfter(deps, options, job, error))
    else await deps.database.jobs.end(job.id, 'dead', messageOf(error), deps.now().toISOString())
    for (const observer of deps.observers) observer.failed(job, error, willRetry, performance.now() - start)
  }
}

/** Epoch milliseconds of the next try: the back-off, or what the remote asked for when that is longer. */
function runAfter(deps: WorkerDeps, options: WorkerOptions, job: ScanJob, error: unknown): number {
  const { retryBaseMs: baseMs, retryMaxMs: maxMs } = options
  const wait = backoffMs(job.attempts, { baseMs, maxMs }, deps.random())
  const asked = error instanceof AppError ? Number(error.details['retryAfterMs'] ?? 0) : 0
  return deps.now().getTime() + Math.max(wait, Math.min(asked, maxMs))
}
