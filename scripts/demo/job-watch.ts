import type { JobObserver } from '../../src/app.ts'
import { messageOf } from '../../src/lib/errors.ts'
import type { JobOutcome, ScanJob } from '../../src/model/job.ts'
import { Arrivals } from './arrivals.ts'
import type { Tell } from './demo-event.ts'
import { type Moment, momentsOf } from './moments.ts'
import { timeOfPost } from './time-of-post.ts'

/** How a job ended: with an outcome, or without one because it was given up. */
export type JobEnd = { readonly job: ScanJob; readonly outcome: JobOutcome | undefined }

/** Watches the service's jobs: tells what became of each, and lets a job's end be awaited by its record's URI. */
export class JobWatch implements JobObserver {
  /** Ends by the URI of the record. */
  readonly ends: Arrivals<JobEnd> = new Arrivals()
  readonly #tell: Tell

  constructor(tell: Tell) {
    this.#tell = tell
  }

  done(job: ScanJob, outcome: JobOutcome, durationMs: number): void {
    const endMs = Date.now() - timeOfPost(job.image.uri)
    for (const moment of momentsOf(job, outcome, endMs - durationMs, endMs)) this.#tellMoment(job, moment)
    this.ends.arrive(job.image.uri, { job, outcome })
  }

  failed(job: ScanJob, error: unknown, willRetry: boolean): void {
    const what = willRetry ? 'will be tried again' : `given up after ${job.attempts} attempts`
    const sincePostMs = Date.now() - timeOfPost(job.image.uri)
    this.#tellMoment(job, { what: 'failed', text: `${what}: ${messageOf(error)}`, sincePostMs })
    if (!willRetry) this.ends.arrive(job.image.uri, { job, outcome: undefined })
  }

  #tellMoment({ image }: ScanJob, moment: Moment): void {
    this.#tell({ kind: 'moment', uri: image.uri, ...moment })
  }
}
