import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { imageOf, otherCid, someCid, someDid, someUri } from '../../test/support/builders.ts'
import { claimJobs } from '../../test/support/claim-jobs.ts'
import { AppError } from '../lib/errors.ts'
import { startTask } from '../lib/task.ts'
import type { AtUri } from '../model/ids.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createFetchSubjects, type FetchSubjectsDeps } from './fetch-subjects.ts'

const at = '2026-01-01T00:00:00.000Z'
const options = { atOnce: 2, timeoutMs: 5_000, maxAttempts: 3, retryBaseMs: 1, retryMaxMs: 1 }

/** The loop over a real store with one review of `someUri`, whose fetch is due. */
async function openFixture(parts: Pick<FetchSubjectsDeps, 'fetchRecord'> & Partial<FetchSubjectsDeps>) {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await openSqlite({ path: ':memory:' }))
  const lines: Record<string, unknown>[] = []
  const { id: review } = await database.reviews.open(someUri, someDid, at)
  await database.subjectFetches.add(review, someUri, otherCid, 0)
  const deps: FetchSubjectsDeps = {
    database,
    extractImages: () => [imageOf()],
    onJobs: () => {},
    logger: pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    now: () => new Date(),
    random: () => 0,
    ...parts,
  }
  const loop = createFetchSubjects(deps, options)
  const task = stack.use(startTask(loop.run))
  const ended = async (): Promise<string> => {
    await expect.poll(async () => lines.at(-1)?.['outcome']).not.toSatisfy(isPassing)
    return (await database.subjectFetches.list(review))[0]?.outcome ?? ''
  }
  const resources = stack.move()
  return { database, review, lines, loop, task, ended, [Symbol.asyncDispose]: () => resources.disposeAsync() }
}

function isPassing(outcome: unknown): boolean {
  return outcome === undefined || outcome === 'retried'
}

describe('createFetchSubjects', () => {
  it('queues the images of the record ahead of the stream, and names them in the review', async () => {
    const rung: string[] = []
    await using it = await openFixture({
      fetchRecord: async () => ({ kind: 'record', cid: otherCid, record: { text: 'private words' } }),
      extractImages: ({ did, uri, recordCid }) => [imageOf({ did, uri, recordCid })],
      onJobs: () => void rung.push('jobs'),
    })
    expect(await it.ended()).toBe('found')
    expect(rung).toEqual(['jobs'])
    expect(await it.database.evidence.images(it.review)).toEqual([
      { uri: someUri, recordCid: otherCid, cid: someCid, outcome: undefined },
    ])
    await it.database.jobs.enqueue([imageOf({ uri: `${someUri}x` as AtUri })], at, 0)
    const claim = { now: Date.now() + 1000, leaseMs: 1, limit: 1, busy: [] }
    expect(await claimJobs(it.database.jobs, claim)).toMatchObject([{ image: { uri: someUri } }])
    expect(it.lines).toMatchObject([{ msg: 'subject.fetched', review: it.review, images: 1, attempts: 1 }])
    expect(JSON.stringify(it.lines)).not.toContain('private words')
  })

  it('says when the host has another version than the one that was reported, and looks at that', async () => {
    await using it = await openFixture({
      fetchRecord: async () => ({ kind: 'record', cid: someCid, record: {} }),
    })
    expect(await it.ended()).toBe('found:other-version')
    expect(await it.database.jobs.counts()).toMatchObject({ pending: 1 })
  })

  it('ends when the host says that there is no such record', async () => {
    await using it = await openFixture({
      fetchRecord: async () => ({ kind: 'unavailable', reason: 'not-found' }),
    })
    expect(await it.ended()).toBe('unavailable:not-found')
    expect(await it.database.jobs.counts()).toMatchObject({ pending: 0 })
  })

  it('comes back to a host that is unwell, and gives up after so many attempts', async () => {
    let asked = 0
    const unwell = new AppError('upstream', 'planted')
    await using it = await openFixture({
      fetchRecord: () => (asked++, Promise.reject(unwell)),
    })
    const poke = setInterval(it.loop.wake, 5)
    expect(await it.ended()).toBe('planted')
    clearInterval(poke)
    expect(asked).toBe(3)
    expect(it.lines.map(({ outcome }) => outcome)).toEqual(['retried', 'retried', 'dead'])
    await it.database.subjectFetches.add(it.review, someUri, otherCid, 0)
    it.loop.wake()
    await expect.poll(() => asked).toBeGreaterThan(3)
  })

  it('leaves a fetch in hand for the next start when the service ends', async () => {
    const started = Promise.withResolvers<void>()
    await using it = await openFixture({
      fetchRecord: (_, signal) => {
        started.resolve()
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        })
      },
    })
    await started.promise
    await it.task[Symbol.asyncDispose]()
    expect(it.lines).toEqual([])
    expect(await it.database.subjectFetches.claim(Date.now(), 1, [])).toMatchObject([{ attempts: 2 }])
  })

  it('fails the service on a fault of our own', async () => {
    await using it = await openFixture({
      fetchRecord: async () => ({ kind: 'record', cid: otherCid, record: {} }),
      extractImages: () => {
        throw new TypeError('planted')
      },
    })
    await expect(it.task.failure).rejects.toThrow('planted')
  })
})
