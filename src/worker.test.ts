import { describe, expect, it } from 'vitest'
import { imageOf, jobOf } from '../test/support/builders.ts'
import { AppError } from './lib/errors.ts'
import { startTask } from './lib/task.ts'
import type { Did } from './model/ids.ts'
import type { JobOutcome, ScanJob } from './model/job.ts'
import type { JobStore } from './store/job-store.ts'
import { createWorker, type WorkerDeps } from './worker.ts'

type Event = readonly [what: string, id: number, detail?: unknown]

type QueuedJobs = Pick<JobStore, 'due' | 'claim' | 'retry' | 'end' | 'releaseClaims'>

/** The jobs as the database that the worker is given. */
function databaseOf(jobs: QueuedJobs): WorkerDeps['database'] {
  return { jobs, withoutSync: (work) => work({ jobs }) }
}

/** A queue in memory that hands out each job once, and records what becomes of it. */
function harness(queue: ScanJob[], runJob: WorkerDeps['runJob'], parts: Partial<QueuedJobs> = {}) {
  const events: Event[] = []
  const settled = Promise.withResolvers<void>()
  const note = (...event: Event): void => {
    events.push(event)
    if (events.filter(([what]) => what === 'retry' || what === 'dead' || what === 'done').length === total)
      settled.resolve()
  }
  const total = queue.length
  const jobs: QueuedJobs = {
    async due({ limit, busy }) {
      const free = queue.filter((job) => !busy.includes(job.image.did))
      const firsts = new Map(free.toReversed().map(({ id, image }) => [image.did, id]))
      return [...firsts.values()].slice(0, limit)
    },
    claim: async (ids) =>
      ids.flatMap((id) =>
        queue.splice(
          queue.findIndex((job) => job.id === id),
          1,
        ),
      ),
    retry: async (id, _, runAfter) => note('retry', id, runAfter),
    end: async (id, state) => (note(state, id), true),
    releaseClaims: async () => 0,
    ...parts,
  }
  const deps: WorkerDeps = {
    database: databaseOf(jobs),
    runJob,
    observers: [{ done: (job) => note('done', job.id), failed: () => {} }],
    matchingIsFrom: () => 1_000_000,
    now: () => new Date(1_000_000),
    random: () => 0,
  }
  return { deps, jobs, events, settled: settled.promise }
}

const options = { jobsAtOnce: 2, maxAttempts: 3, retryBaseMs: 100, retryMaxMs: 1000 }
const outcome = {} as JobOutcome
const didOf = (n: number) => `did:plc:${n}` as Did
const jobsOf = (...dids: number[]) =>
  dids.map((n, i) => jobOf({ id: i + 1, image: imageOf({ did: didOf(n) }) }))

describe('the worker', () => {
  it('runs as many jobs at once as it may, and never two of one account', async () => {
    const running = new Set<Did>()
    let most = 0
    const { deps, settled, events } = harness(jobsOf(1, 1, 1, 2, 3), async ({ image }) => {
      expect(running.has(image.did)).toBe(false)
      running.add(image.did)
      most = Math.max(most, running.size)
      await new Promise((resolve) => setTimeout(resolve, 1))
      running.delete(image.did)
      return outcome
    })
    await using _ = startTask(createWorker(deps, options).run)
    await settled
    expect(most).toBe(2)
    expect(events.map(([, id]) => id).filter((id) => id <= 3)).toEqual([1, 2, 3])
  })

  it('puts a job back with a doubling wait while its error may pass, and as long as the remote asks', async () => {
    const job = jobOf({ attempts: 2 })
    const slow = jobOf({ id: 2, image: imageOf({ did: didOf(2) }) })
    const { deps, settled, events } = harness([job, slow], async ({ id }) => {
      throw new AppError('upstream', 'unwell', { details: id === 2 ? { retryAfterMs: 700 } : {} })
    })
    await using _ = startTask(createWorker(deps, options).run)
    await settled
    expect(events.toSorted(([, a], [, b]) => a - b)).toEqual([
      ['retry', 1, 1_000_100],
      ['retry', 2, 1_000_700],
    ])
  })

  it('dead-letters a job whose attempts are used up, or whose error will not pass', async () => {
    const errors = [new AppError('upstream', 'unwell'), new AppError('forbidden', 'no'), new TypeError('bug')]
    const queue = errors.map((_, i) =>
      jobOf({ id: i, attempts: i === 0 ? 3 : 1, image: imageOf({ did: didOf(i) }) }),
    )
    const { deps, settled, events } = harness(queue, async ({ id }) => {
      throw errors[id]
    })
    await using _ = startTask(createWorker(deps, options).run)
    await settled
    expect(events.map(([what]) => what)).toEqual(['dead', 'dead', 'dead'])
  })

  it('lets running jobs finish when it is disposed, and claims no more', async () => {
    const started = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const { deps, events } = harness(jobsOf(1, 1), async () => {
      started.resolve()
      await release.promise
      return outcome
    })
    const worker = startTask(createWorker(deps, options).run)
    await started.promise
    const closed = worker[Symbol.asyncDispose]()
    release.resolve()
    await closed
    expect(events).toEqual([['done', 1]])
  })

  it('fails when the store fails', async () => {
    const due = async (): Promise<number[]> => {
      throw new Error('disk full')
    }
    const { deps } = harness([], async () => outcome, { due })
    await using worker = startTask(createWorker(deps, options).run)
    await expect(worker.failure).rejects.toThrow('disk full')
  })

  it('gives images of rescans a place while none of them runs, and none where there is a single one', async () => {
    const asked: { isRunning: boolean; hasPlace: boolean | undefined; dueBy: number | undefined }[] = []
    for (const jobsAtOnce of [2, 1]) {
      const rescanned = jobOf({ id: 2, isRescan: true, image: imageOf({ did: didOf(2) }) })
      let isRunning = false
      const { deps, jobs, settled } = harness(
        [...jobsOf(1), rescanned, ...jobsOf(3)],
        async ({ isRescan }) => {
          isRunning ||= isRescan
          if (isRescan) await new Promise((resolve) => setTimeout(resolve, 5))
          isRunning &&= !isRescan
          return outcome
        },
      )
      const due: JobStore['due'] = (wanted) => {
        asked.push({ isRunning, hasPlace: wanted.rescans?.hasPlace, dueBy: wanted.rescans?.dueBy })
        return jobs.due({ ...wanted, limit: 1 })
      }
      await using _ = startTask(
        createWorker({ ...deps, database: databaseOf({ ...jobs, due }) }, { ...options, jobsAtOnce }).run,
      )
      await settled
      expect(new Set(asked.splice(0).map((each) => JSON.stringify(each)))).toEqual(
        new Set(
          (jobsAtOnce === 1 ? [{ isRunning: false, hasPlace: false }] : bothWays).map((each) =>
            JSON.stringify({ ...each, dueBy: 1_000_000 }),
          ),
        ),
      )
    }
  })
})

const bothWays = [
  { isRunning: false, hasPlace: true },
  { isRunning: true, hasPlace: false },
]
