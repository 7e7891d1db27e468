import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteFile from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AtUri, Did } from '../src/model/ids.ts'
import type { NewReport } from '../src/model/report.ts'
import type { Database } from '../src/store/database.ts'
import { maxEvidence } from '../src/store/evidence-store.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { maxUsedTokens } from '../src/store/token-store.ts'
import {
  imageOf,
  jobOf,
  matchOf,
  otherCid,
  someCid,
  someDid,
  someProof,
  someUri,
} from './support/builders.ts'
import { claimJobs } from './support/claim-jobs.ts'

const implementations: Record<string, (path: string) => Promise<Database>> = {
  sqlite: (path) => openSqlite({ path }),
}
const at = '2026-01-01T00:00:00.000Z'
const later = '2026-01-02T00:00:00.000Z'
const otherUri = `${someUri}x` as AtUri
const reporter = 'did:plc:z72i7hdynmk6r22z27h6tvur' as Did

function reportOf(parts: Partial<NewReport> = {}): NewReport {
  return {
    reportedBy: reporter,
    reasonType: 'com.atproto.moderation.defs#reasonSpam',
    reason: 'words',
    subject: { kind: 'record', did: someDid, uri: someUri, cid: otherCid },
    modTool: { name: 'client', meta: { build: 7 } },
    ...parts,
  }
}

describe.each(Object.entries(implementations))('reviews on %s', (_, open) => {
  let folder: string
  let path: string
  let db: Database
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-reviews-'))
    path = join(folder, 'harrier.db')
    db = await open(path)
  })
  afterEach(async () => {
    await db[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  const closeReviews = (): void => {
    const file = new SqliteFile(path)
    file.exec("UPDATE reviews SET state = 'closed'")
    file.close()
  }

  describe('a review', () => {
    it('is opened once for a subject, until it is closed', async () => {
      expect(await db.reviews.open(someUri, someDid, at)).toEqual({ id: 1, isNew: true })
      expect(await db.reviews.open(someUri, someDid, later)).toEqual({ id: 1, isNew: false })
      expect(await db.reviews.open(someDid, someDid, at)).toEqual({ id: 2, isNew: true })
      expect(await db.reviews.find(1)).toEqual({
        id: 1,
        subject: someUri,
        did: someDid,
        state: 'open',
        createdAt: at,
        updatedAt: later,
        reportCount: 0,
        matchCount: 0,
        nearest: undefined,
        banks: [],
        heldCount: 0,
        claim: undefined,
        closedAt: undefined,
      })
      expect(await db.reviews.find(3)).toBeUndefined()
      closeReviews()
      expect(await db.reviews.open(someUri, someDid, later)).toEqual({ id: 3, isNew: true })
      expect(await db.reviews.counts()).toEqual({ open: 1, escalated: 0, closed: 2 })
    })

    it('is listed by its nearest match, then by its age', async () => {
      for (const uri of ['a', 'b', 'c', 'd']) await db.reviews.open(`${someUri}${uri}` as AtUri, someDid, at)
      await attach('b', 20)
      await attach('d', 10)
      const list = async (limit: number) =>
        (await db.reviews.list({ states: ['open'], limit })).map(({ id }) => id)
      expect(await list(10)).toEqual([4, 2, 1, 3])
      expect(await list(3)).toEqual([4, 2, 1])
      expect(await db.reviews.list({ states: ['closed', 'escalated'], limit: 10 })).toEqual([])
    })

    it('keeps its reports as they were sent, and shows the newest in order', async () => {
      const { id } = await db.reviews.open(someUri, someDid, at)
      const bare = reportOf({
        subject: { kind: 'account', did: someDid },
        reason: undefined,
        modTool: undefined,
      })
      expect(await db.reviews.addReport(id, reportOf(), at)).toEqual({
        ...reportOf(),
        id: 1,
        reviewId: id,
        createdAt: at,
      })
      await db.reviews.addReport(id, bare, later)
      expect(await db.reviews.reports(id, 10)).toMatchObject([reportOf(), bare])
      expect(await db.reviews.reports(id, 1)).toMatchObject([{ id: 2 }])
      expect(await db.reviews.find(id)).toMatchObject({ reportCount: 2 })
    })

    const attach = (suffix: string, distance: number): Promise<number[]> =>
      db.evidence.attach(
        {
          image: imageOf({ uri: `${someUri}${suffix}` as AtUri }),
          outcome: 'hashed',
          proof: someProof,
          matches: [matchOf({ distance })],
          suppressed: [],
        },
        at,
      )
  })

  describe('a report', () => {
    it('is the same only with the same reporter, subject, version, reason and text, and not too long ago', async () => {
      const { id } = await db.reviews.open(someUri, someDid, at)
      const account = { kind: 'account', did: someDid } as const
      await db.reviews.addReport(id, reportOf(), at)
      await db.reviews.addReport(id, reportOf({ subject: account, reason: undefined }), at)
      const same = async (parts: Partial<NewReport>, since = at): Promise<number | undefined> =>
        (await db.reviews.findSame(reportOf(parts), since))?.id
      expect(await same({})).toBe(1)
      expect(await same({ modTool: undefined })).toBe(1)
      expect(await same({ subject: account, reason: undefined })).toBe(2)
      const others: Partial<NewReport>[] = [
        { reportedBy: someDid },
        { reasonType: 'other' },
        { reason: 'other' },
        { reason: undefined },
        { subject: account },
        { subject: { kind: 'record', did: someDid, uri: otherUri, cid: otherCid } },
        { subject: { kind: 'record', did: someDid, uri: someUri, cid: someCid } },
      ]
      for (const parts of others) expect(await same(parts), JSON.stringify(parts)).toBeUndefined()
      expect(await same({}, later)).toBeUndefined()
    })

    it('of a reason is known until its review is closed', async () => {
      const { id } = await db.reviews.open(someUri, someDid, at)
      const { reasonType } = await db.reviews.addReport(id, reportOf(), at)
      expect(await db.reviews.hasReport(someUri, reporter, ['other', reasonType])).toBe(true)
      expect(await db.reviews.hasReport(someUri, reporter, ['other'])).toBe(false)
      expect(await db.reviews.hasReport(someUri, someDid, [reasonType])).toBe(false)
      expect(await db.reviews.hasReport(otherUri, reporter, [reasonType])).toBe(false)
      closeReviews()
      expect(await db.reviews.hasReport(someUri, reporter, [reasonType])).toBe(false)
    })
  })

  describe('evidence', () => {
    const looked = {
      image: imageOf(),
      outcome: 'hashed',
      proof: someProof,
      matches: [matchOf({ distance: 9 })],
      suppressed: [],
    }

    it('goes to the reviews of the record and of its account, and to none that is closed', async () => {
      await db.reviews.open(someUri, someDid, at)
      await db.reviews.open(someDid, someDid, at)
      await db.reviews.open(otherUri, someDid, at)
      expect(await db.evidence.attach(looked, later)).toEqual([1, 2])
      expect(await db.evidence.list(1)).toEqual([
        {
          uri: someUri,
          recordCid: otherCid,
          cid: someCid,
          match: matchOf({ distance: 9 }),
          policy: 'none',
          banks: '0-0',
          foundAt: later,
        },
      ])
      expect(await db.evidence.list(2)).toHaveLength(1)
      expect(await db.evidence.list(3)).toEqual([])
      expect(await db.reviews.find(1)).toMatchObject({ matchCount: 1, nearest: 9, updatedAt: later })
      closeReviews()
      expect(await db.evidence.attach({ ...looked, matches: [matchOf({ contentId: 8 })] }, later)).toEqual([])
      expect(await db.evidence.list(1)).toHaveLength(1)
    })

    it('keeps a match once, at its least distance', async () => {
      await db.reviews.open(someUri, someDid, at)
      for (const distance of [9, 12, 4, 4])
        await db.evidence.attach({ ...looked, matches: [matchOf({ distance })] }, at)
      const digest = { bankId: 1, bank: 'known', contentId: 8, distance: 0, hashType: 'sha256' } as const
      await db.evidence.attach({ ...looked, matches: [digest] }, at)
      expect((await db.evidence.list(1)).map(({ match }) => match)).toEqual([
        digest,
        matchOf({ distance: 4 }),
      ])
    })

    it('is bounded', async () => {
      await db.reviews.open(someUri, someDid, at)
      const matches = Array.from({ length: maxEvidence + 10 }, (_, contentId) => matchOf({ contentId }))
      await db.evidence.attach({ ...looked, matches }, at)
      await db.evidence.attach({ ...looked, matches: [matchOf({ contentId: 100_000 })] }, at)
      expect(await db.evidence.list(1)).toHaveLength(maxEvidence)
    })

    it('that was found before the review was opened is taken up, each match once', async () => {
      await db.jobs.enqueue([imageOf(), imageOf({ uri: otherUri })], at, 0)
      await db.matches.append(jobOf(), { matches: [matchOf({ distance: 9 })], suppressed: [] }, someProof, at)
      await db.matches.append(
        jobOf(),
        { matches: [matchOf({ distance: 7 }), matchOf({ contentId: 8, distance: 3 })], suppressed: [] },
        someProof,
        later,
      )
      await db.matches.append(
        jobOf({ id: 2, image: imageOf({ uri: otherUri }) }),
        { matches: [matchOf({ distance: 1 })], suppressed: [] },
        someProof,
        at,
      )
      const { id: ofRecord } = await db.reviews.open(someUri, someDid, at)
      const { id: ofAccount } = await db.reviews.open(someDid, someDid, at)
      await db.evidence.adopt(ofRecord)
      await db.evidence.adopt(ofAccount)
      const distances = async (review: number): Promise<number[]> =>
        (await db.evidence.list(review)).map(({ match }) => match.distance)
      expect(await distances(ofRecord)).toEqual([3, 7])
      expect(await distances(ofAccount)).toEqual([1, 3, 7])
    })

    it('tells how looking at each image ended, or why it was never looked at', async () => {
      const { id } = await db.reviews.open(someUri, someDid, at)
      const images = [imageOf(), imageOf({ cid: otherCid })]
      await db.evidence.addImages(id, images)
      await db.jobs.enqueueReported(images, at, 0)
      const outcomes = async () => (await db.evidence.images(id)).map(({ outcome }) => outcome)
      expect(await outcomes()).toEqual([undefined, undefined])
      await db.evidence.attach({ ...looked, matches: [] }, at)
      await db.jobs.end(2, 'dead', 'gave up', at)
      expect(new Set(await outcomes())).toEqual(new Set(['gave up', 'hashed']))
      await db.evidence.addImages(id, [imageOf()])
      expect((await outcomes()).filter((outcome) => outcome === undefined)).toHaveLength(1)
    })
  })

  describe('jobs of what was reported', () => {
    const claim = { now: 1000, leaseMs: 10, limit: 10, busy: [] }

    it('go before those of the stream, whatever their age', async () => {
      await db.jobs.enqueue([imageOf()], at, 0)
      await db.jobs.enqueueReported([imageOf({ uri: otherUri })], at, 500)
      expect((await claimJobs(db.jobs, { ...claim, limit: 1 })).map(({ id }) => id)).toEqual([2])
      expect((await claimJobs(db.jobs, claim)).map(({ id }) => id)).toEqual([1])
    })

    it('that wait already go first at once, and keep the attempts that they had', async () => {
      await db.jobs.enqueue([imageOf()], at, 0)
      await claimJobs(db.jobs, claim)
      await db.jobs.retry(1, 'unwell', 50_000)
      expect(await claimJobs(db.jobs, claim)).toEqual([])
      await db.jobs.enqueueReported([imageOf()], later, 1000)
      expect(await claimJobs(db.jobs, claim)).toMatchObject([{ id: 1, attempts: 2, seenAt: later }])
    })

    it.each(['done', 'dead'] as const)('that were %s run again', async (state) => {
      await db.jobs.enqueue([imageOf()], at, 0)
      await claimJobs(db.jobs, claim)
      await db.jobs.end(1, state, 'hashed', at)
      await db.jobs.enqueue([imageOf()], at, 0)
      expect(await claimJobs(db.jobs, claim)).toEqual([])
      await db.jobs.enqueueReported([imageOf()], later, 1000)
      expect(await claimJobs(db.jobs, claim)).toMatchObject([{ id: 1, attempts: 1 }])
      expect(await db.jobs.end(1, 'done', 'hashed', later)).toBe(true)
    })
  })

  describe('fetches of subjects', () => {
    it('are due in order, count their attempts, and wait after a retry', async () => {
      await db.reviews.open(someUri, someDid, at)
      await db.subjectFetches.add(1, someUri, otherCid, 10)
      await db.subjectFetches.add(1, otherUri, undefined, 5)
      expect(await db.subjectFetches.claim(4, 10, [])).toEqual([])
      expect(await db.subjectFetches.claim(10, 1, [])).toEqual([
        { id: 2, reviewId: 1, uri: otherUri, cid: undefined, attempts: 1 },
      ])
      expect(await db.subjectFetches.claim(10, 10, [otherUri])).toMatchObject([{ id: 1, cid: otherCid }])
      await db.subjectFetches.retry(1, 'unwell', 100)
      await db.subjectFetches.end(2, 'dead', 'gone', at)
      expect(await db.subjectFetches.claim(99, 10, [])).toEqual([])
      expect(await db.subjectFetches.claim(100, 10, [])).toMatchObject([{ id: 1, attempts: 2 }])
      expect(await db.subjectFetches.list(1)).toEqual([
        { uri: someUri, outcome: 'unwell', attempts: 2 },
        { uri: otherUri, outcome: 'gone', attempts: 1 },
      ])
    })

    it('are made anew for each report, one record at a time', async () => {
      await db.reviews.open(someUri, someDid, at)
      await db.reviews.open(someDid, someDid, at)
      await db.subjectFetches.add(1, someUri, otherCid, 0)
      await db.subjectFetches.end(1, 'done', 'found', at)
      await db.subjectFetches.add(1, someUri, someCid, 7)
      await db.subjectFetches.add(2, someUri, undefined, 7)
      expect(await db.subjectFetches.claim(7, 10, [])).toMatchObject([{ id: 1, cid: someCid, attempts: 1 }])
    })
  })

  describe('used tokens', () => {
    it('are used once in their time, over a restart too', async () => {
      expect(await db.tokens.isUsed('a', 0)).toBe(false)
      expect(await db.tokens.use('a', 100, 0)).toBe(true)
      await db[Symbol.asyncDispose]()
      db = await open(path)
      expect([await db.tokens.isUsed('a', 99), await db.tokens.use('a', 100, 99)]).toEqual([true, false])
      expect([await db.tokens.isUsed('a', 100), await db.tokens.use('a', 200, 100)]).toEqual([false, true])
    })

    it('are refused rather than forgotten when there are too many', async () => {
      const file = new SqliteFile(path)
      file.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${maxUsedTokens})
        INSERT INTO used_tokens SELECT 'token ' || i, 100 FROM n`)
      file.close()
      await expect(db.tokens.use('a', 200, 99)).rejects.toMatchObject({ kind: 'unavailable' })
      expect(await db.tokens.isUsed('token 1', 99)).toBe(true)
      expect(await db.tokens.use('a', 200, 100)).toBe(true)
    })
  })
})
