import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteFile from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Emission } from '../src/model/emission.ts'
import type { AtUri, Did } from '../src/model/ids.ts'
import type { SignedLabel } from '../src/model/label.ts'
import { noTimings } from '../src/model/scan.ts'
import type { PastSubscription } from '../src/model/subscription.ts'
import type { Database } from '../src/store/database.ts'
import { openSqlite } from '../src/store/sqlite.ts'
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
const labelOf = (parts: Partial<SignedLabel> = {}): SignedLabel => ({
  ver: 1,
  src: 'did:web:labeler.test' as Did,
  uri: someUri,
  val: 'known-image',
  cts: at,
  sig: new Uint8Array(64),
  bytes: new Uint8Array([1, 2]),
  signedBy: 'did:key:zFirst',
  ...parts,
})
const query = (uriPatterns: string[], parts = {}) => ({
  uriPatterns,
  sources: [],
  limit: 50,
  after: 0,
  ...parts,
})

const closing = (it: SqliteFile.Database) => ({ it, [Symbol.dispose]: () => void it.close() })

describe.each(Object.entries(implementations))('the store on %s', (_, open) => {
  let folder: string
  let db: Database
  let path: string
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-store-'))
    path = join(folder, 'deep', 'harrier.db')
    db = await open(path)
  })
  afterEach(async () => {
    await db[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  describe('uploads', () => {
    const upload = { did: someDid, cid: someCid, size: 10, reason: 'timeout' } as const

    it('are claimed when they are due, one of an account at a time, and count their attempts', async () => {
      await db.uploads.add(upload, at, 100)
      await db.uploads.add({ ...upload, cid: otherCid }, at, 50)
      expect(await db.uploads.claim(49, 10, [])).toEqual([])
      expect(await db.uploads.claim(100, 10, [someDid])).toEqual([])
      const [first, ...rest] = await db.uploads.claim(100, 10, [])
      expect(first).toEqual({ ...upload, id: 1, attempts: 1 })
      expect(rest).toEqual([])
      await db.uploads.retry(1, 'no-record', 200)
      expect(await db.uploads.claim(100, 10, [])).toMatchObject([{ cid: otherCid, attempts: 1 }])
      await db.uploads.end(2, 'done', 'queued', at)
      expect(await db.uploads.claim(200, 10, [])).toMatchObject([{ cid: someCid, attempts: 2 }])
      expect(await db.uploads.counts()).toEqual({ pending: 1, done: 1, dead: 0 })
    })

    it('are there once for an account and blob, and are looked for anew when they come again', async () => {
      await db.uploads.add(upload, at, 0)
      await db.uploads.end(1, 'done', 'no-record', at)
      await db.uploads.add({ ...upload, reason: 'hasher' }, at, 0)
      expect(await db.uploads.counts()).toEqual({ pending: 1, done: 0, dead: 0 })
      expect(await db.uploads.claim(0, 10, [])).toMatchObject([{ id: 1, reason: 'hasher', attempts: 1 }])
    })

    it('of nobody that is known wait for a person', async () => {
      await db.uploads.add({ ...upload, did: undefined }, at, 0)
      expect(await db.uploads.claim(1_000, 10, [])).toEqual([])
      expect(await db.uploads.counts()).toEqual({ pending: 0, done: 0, dead: 1 })
    })
  })

  describe('transactions', () => {
    it('leave nothing behind when they fail', async () => {
      const failed = db.transaction(async (stores) => {
        await stores.jobs.enqueue([imageOf()], at, 0)
        await stores.cursors.save('jetstream', { host: 'h', timeUs: 1, seq: undefined })
        throw new Error('planted')
      })
      await expect(failed).rejects.toThrow('planted')
      expect(await db.jobs.counts()).toMatchObject({ pending: 0 })
      expect(await db.cursors.load('jetstream')).toBeUndefined()
    })

    it('do not see each other half done', async () => {
      const seen: number[] = []
      await Promise.all(
        [1, 2, 3].map((n) =>
          db.transaction(async (stores) => {
            const before = (await stores.jobs.counts()).pending
            await stores.jobs.enqueue([imageOf({ uri: `${someUri}${n}` as AtUri })], at, 0)
            seen.push(before)
          }),
        ),
      )
      expect(seen).toEqual([0, 1, 2])
    })

    it('that are shared are durable when they resolve, and one that fails takes nobody along', async () => {
      const enqueue = (n: number) =>
        db.sharedTransaction(async (stores) => {
          await stores.jobs.enqueue([imageOf({ uri: `${someUri}${n}` as AtUri })], at, 0)
          if (n === 2) throw new Error('planted')
          return n
        })
      const results = await Promise.allSettled([1, 2, 3].map(enqueue))
      expect(results.map((result) => (result.status === 'fulfilled' ? result.value : 'failed'))).toEqual([
        1,
        'failed',
        3,
      ])
      await using other = await open(path)
      expect(await other.jobs.counts()).toMatchObject({ pending: 2 })
    })

    it('of another connection show in the outside version, our own do not', async () => {
      const before = await db.outsideVersion()
      await db.jobs.enqueue([imageOf()], at, 0)
      expect(await db.outsideVersion()).toBe(before)
      await using other = await open(path)
      await other.transaction((stores) => stores.jobs.enqueue([imageOf({ cid: otherCid })], at, 0))
      expect(await db.outsideVersion()).not.toBe(before)
    })
  })

  describe('jobs', () => {
    const claim = (now: number, busy: Did[] = [], limit = 10) =>
      claimJobs(db.jobs, { now, leaseMs: 1000, limit, busy })

    it('hold an image of a record version once, however often it is enqueued and even after it ended', async () => {
      expect(await db.jobs.enqueue([imageOf(), imageOf()], at, 5)).toBe(1)
      const [job] = await claim(5)
      expect(await db.jobs.end(job?.id ?? 0, 'done', 'hashed', at)).toBe(true)
      expect(await db.jobs.enqueue([imageOf()], at, 6)).toBe(0)
      expect(await claim(2000)).toEqual([])
    })

    it('are claimed oldest first, one per account, none of a busy account', async () => {
      const dids = ['did:plc:a', 'did:plc:b', 'did:plc:c'] as Did[]
      for (const [i, did] of [dids[0], dids[0], dids[1], dids[2]].entries()) {
        await db.jobs.enqueue([imageOf({ did: did as Did, uri: `at://${did}/x/${i}` as AtUri })], at, i)
      }
      expect((await claim(10, [dids[1] as Did])).map((job) => job.image.did)).toEqual([dids[0], dids[2]])
      expect((await claim(10)).map((job) => job.image.did)).toEqual([dids[0], dids[1]])
    })

    it('count each attempt before it runs, and are free again when a claim runs out or is released', async () => {
      await db.jobs.enqueue([imageOf()], at, 0)
      expect((await claim(0)).map((job) => job.attempts)).toEqual([1])
      expect(await claim(999)).toEqual([])
      expect((await claim(1000)).map((job) => job.attempts)).toEqual([2])
      expect(await db.jobs.releaseClaims()).toBe(1)
      expect((await claim(1001)).map((job) => job.attempts)).toEqual([3])
    })

    it('wait until they are due after a retry', async () => {
      await db.jobs.enqueue([imageOf()], at, 0)
      const [job] = await claim(0)
      await db.jobs.retry(job?.id ?? 0, 'upstream', 500)
      expect(await claim(499)).toEqual([])
      expect(await claim(500)).toHaveLength(1)
    })

    it('end as cancelled when their record goes, and nothing is written for them after that', async () => {
      await db.jobs.enqueue([imageOf(), imageOf({ recordCid: someCid })], at, 0)
      const [job] = await claim(0)
      await db.jobs.cancelRecord(someUri, someCid, 'record-updated', at)
      expect(await db.jobs.counts()).toMatchObject({ pending: 1, cancelled: 1 })
      expect(await db.jobs.end(job?.id ?? 0, 'done', 'hashed', at)).toBe(false)
    })

    it('are pending again when a record comes back as it was', async () => {
      await db.jobs.enqueue([imageOf()], at, 0)
      await db.jobs.cancelRecord(someUri, undefined, 'record-deleted', at)
      expect(await db.jobs.enqueue([imageOf()], at, 7)).toBe(1)
      expect(await claim(7)).toMatchObject([{ attempts: 1 }])
    })

    it('of an account that was inactive come back with it, those of deleted records do not', async () => {
      const gone = `at://${someDid}/x/gone` as AtUri
      await db.jobs.enqueue([imageOf(), imageOf({ uri: gone })], at, 0)
      await db.jobs.cancelRecord(gone, undefined, 'record-deleted', at)
      await db.jobs.cancelAccount(someDid, at)
      expect(await db.jobs.counts()).toMatchObject({ pending: 0, cancelled: 2 })
      await db.jobs.reviveAccount(someDid, 9)
      expect((await claim(9)).map((job) => job.image.uri)).toEqual([someUri])
    })

    describe('of rescans', () => {
      const [first, second] = ['did:plc:first', 'did:plc:second'] as [Did, Did]
      const image = (did: Did, n: number) => imageOf({ did, uri: `at://${did}/x/${n}` as AtUri })
      const take = (limit: number, rescans = { hasPlace: false, dueBy: 100 }, busy: Did[] = []) =>
        claimJobs(db.jobs, { now: 100, leaseMs: 1000, limit, busy, rescans })
      const uris = (jobs: readonly { readonly image: { readonly uri: AtUri } }[]) =>
        jobs.map(({ image: { uri } }) => uri)

      it('are queued anew when they ended however, and left when they wait or run', async () => {
        const images = [1, 2, 3, 4, 5].map((n) => image(`did:plc:${n}` as Did, n))
        await db.jobs.enqueue(images.slice(0, 4), at, 0)
        const [running] = await take(1)
        await db.jobs.end(2, 'done', 'hashed', at)
        await db.jobs.end(3, 'dead', 'cid-mismatch', at)
        await db.jobs.cancelAccount('did:plc:4' as Did, at)
        const later = '2026-02-01T00:00:00.000Z'
        expect(await db.jobs.enqueueRescan(images, later, 50)).toBe(4)
        expect(await db.jobs.enqueueRescan(images, later, 60)).toBe(0)
        expect(running).toMatchObject({ id: 1, isRescan: false })
        expect(await take(10)).toMatchObject(
          images.slice(1).map(({ uri }) => ({ image: { uri }, attempts: 1, seenAt: later, isRescan: true })),
        )
        expect(await db.jobs.counts()).toEqual({ pending: 5, done: 0, cancelled: 0, dead: 0 })
      })

      it('go behind all others, with one place where there is none for them, and never before their account’s own', async () => {
        await db.jobs.enqueueRescan([image(first, 1), image(first, 2), image(second, 3)], at, 1)
        await db.jobs.enqueue([image(second, 4), image(someDid, 5)], at, 2)
        expect(uris(await take(1))).toEqual([image(second, 4).uri])
        await db.jobs.releaseClaims()
        const both = await take(2, { hasPlace: true, dueBy: 100 })
        expect(uris(both)).toEqual([image(second, 4).uri, image(first, 1).uri])
        await db.jobs.releaseClaims()
        expect(uris(await take(9))).toEqual([
          image(second, 4).uri,
          image(someDid, 5).uri,
          image(first, 1).uri,
        ])
        await db.jobs.releaseClaims()
        for (const job of await take(9)) await db.jobs.end(job.id, 'done', 'hashed', at)
        expect(uris(await take(9, { hasPlace: true, dueBy: 100 }, [second]))).toEqual([image(first, 2).uri])
        expect(uris(await take(9, { hasPlace: true, dueBy: 100 }, [first]))).toEqual([image(second, 3).uri])
      })

      it('wait until matching knows what the banks had when they were queued', async () => {
        await db.jobs.enqueueRescan([image(first, 1)], at, 50)
        expect(await take(9, { hasPlace: true, dueBy: 49 })).toEqual([])
        expect(await take(9, { hasPlace: true, dueBy: 50 })).toHaveLength(1)
      })

      it('are the stream’s once it brings them too', async () => {
        await db.jobs.enqueueRescan([image(first, 1)], at, 1)
        expect(await db.jobs.enqueue([image(first, 1)], at, 2)).toBe(1)
        expect(await db.jobs.enqueue([image(first, 1)], at, 3)).toBe(0)
        expect(await take(1)).toMatchObject([{ isRescan: false, attempts: 1 }])
      })

      it('belong to one rescan of a subject at a time, which only its last step can move on', async () => {
        const place = { collections: [{ collection: 'x', records: 0, images: 0, refused: 0 }], index: 0 }
        const begun = await db.rescans.begin(first, { ...place, cursor: undefined }, at)
        await expect(db.rescans.begin(first, { ...place, cursor: undefined }, at)).rejects.toThrow('UNIQUE')
        await db.jobs.enqueueRescan([image(first, 1), image(first, 2)], at, 1)
        await db.rescans.addImages(begun.id, [image(first, 1), image(first, 2), image(first, 3)])
        const moved = await db.rescans.advance(begun, { ...place, cursor: 'c', queued: 2 })
        expect(await db.rescans.open(first)).toEqual(moved)
        await expect(db.rescans.advance(begun, { ...place, cursor: 'd', queued: 3 })).rejects.toThrow(
          'only rescan',
        )
        await db.jobs.end(1, 'done', 'hashed', at)
        await db.matches.append(jobOf(), { matches: [matchOf(), matchOf()], suppressed: [] }, someProof, at)
        await db.matches.append(
          jobOf({ id: 2 }),
          { matches: [], suppressed: [{ match: matchOf(), by: matchOf() }] },
          someProof,
          at,
        )
        expect(await db.rescans.scans(moved)).toEqual({ images: 2, waiting: 1, dead: 0, matched: 1 })
        await db.jobs.end(2, 'dead', 'cid-mismatch', at)
        expect(await db.rescans.scans(moved)).toMatchObject({ waiting: 0, dead: 1 })
        expect(await db.rescans.end(moved.id, at)).toBe(true)
        expect(await db.rescans.end(moved.id, at)).toBe(false)
        expect(await db.rescans.open(first)).toBeUndefined()
      })
    })

    it('are pruned once they are done and old, never while they are dead', async () => {
      await db.jobs.enqueue([imageOf(), imageOf({ recordCid: someCid })], at, 0)
      await db.jobs.end(1, 'done', 'hashed', at)
      await db.jobs.end(2, 'dead', 'cid-mismatch', at)
      expect(await db.jobs.prune(at, 10)).toBe(0)
      expect(await db.jobs.prune('2026-01-01T00:00:00.001Z', 10)).toBe(1)
      expect(await db.jobs.counts()).toMatchObject({ done: 0, dead: 1 })
    })
  })

  describe('labels', () => {
    it('get rising seqs and are paged in that order', async () => {
      const labels = ['a', 'b', 'c'].map((val) => labelOf({ val }))
      expect((await db.labels.append(labels)).map((label) => label.seq)).toEqual([1, 2, 3])
      expect((await db.labels.page(1, 1)).map((label) => label.val)).toEqual(['b'])
      expect(await db.labels.lastSeq()).toBe(3)
    })

    it('that already hold are not published again', async () => {
      await db.labels.append([labelOf()])
      expect(await db.labels.append([labelOf({ cts: '2026-01-02T00:00:00.000Z' })])).toEqual([])
      expect(await db.labels.page(0, 10)).toHaveLength(1)
    })

    it('are superseded by a negation, which the history keeps and queries leave out', async () => {
      await db.labels.append([labelOf()])
      await db.labels.append([labelOf({ neg: true, cts: '2026-01-01T00:00:00.001Z' })])
      expect(await db.labels.query(query([someUri]), at)).toEqual([])
      expect((await db.labels.page(0, 10)).map((label) => label.neg ?? false)).toEqual([false, true])
      expect(await db.labels.states('did:web:labeler.test' as Did, [someUri])).toMatchObject([
        { isNegated: true },
      ])
    })

    describe('of several versions of a record', () => {
      const src = 'did:web:labeler.test' as Did
      const later = (second: number, parts: Partial<SignedLabel>) =>
        labelOf({ cts: `2026-01-01T00:00:0${second}.000Z`, ...parts })
      const standing = () => db.labels.standingVersions(src, someUri, 'known-image')
      const current = async () =>
        (await db.labels.query(query([someUri]), at))
          .filter(({ val }) => val === 'known-image')
          .map(({ cid }) => cid)

      it('have one that holds, the newest, though subscribers may keep all', async () => {
        await db.labels.append([later(1, { cid: someCid }), later(2, { cid: otherCid }), later(3, {})])
        expect(await current()).toEqual([undefined])
        expect(await standing()).toEqual([someCid, otherCid, undefined])
        await db.labels.append([later(4, { cid: someCid })])
        expect(await current()).toEqual([someCid])
        expect(await standing()).toEqual([otherCid, undefined, someCid])
      })

      it('stand until each is withdrawn, and no other subject or value stands with them', async () => {
        const other = `${someUri}x` as AtUri
        await db.labels.append([
          later(1, { cid: someCid }),
          later(2, { cid: otherCid }),
          later(2, { val: 'else' }),
        ])
        await db.labels.append([
          later(1, { uri: other, cid: someCid }),
          later(2, { uri: other, cid: otherCid }),
        ])
        await db.labels.append([later(3, { cid: otherCid, neg: true })])
        expect(await current()).toEqual([])
        expect(await standing()).toEqual([someCid])
        await db.labels.append([later(4, { cid: someCid, neg: true }), later(5, { neg: true })])
        expect(await standing()).toEqual([])
        expect(await db.labels.states(src, [someUri, other])).toMatchObject([
          { val: 'else', isNegated: false },
          { val: 'known-image', isNegated: true },
          { uri: other, isNegated: false },
        ])
        expect(await db.labels.page(0, 20)).toHaveLength(8)
      })
    })

    it('of accounts are current states like those of records, and hold until they expire', async () => {
      const exp = '2026-02-01T00:00:00.000Z'
      await db.labels.append([labelOf({ uri: someDid, exp }), labelOf({ uri: someUri })])
      const found = async (now: string) =>
        (await db.labels.query(query([someDid, `at://${someDid}/*`]), now)).map(({ uri }) => uri)
      expect(await found('2026-01-31T23:59:59.999Z')).toEqual([someDid, someUri])
      expect(await found(exp)).toEqual([someUri])
      // One that has expired, or is to hold for another time, is published anew; the history keeps both.
      await db.labels.append([labelOf({ uri: someDid, exp: '2026-03-01T00:00:00.000Z', cts: exp })])
      expect(await found(exp)).toEqual([someUri, someDid])
      expect((await db.labels.page(0, 10)).map((label) => label.exp)).toEqual([
        exp,
        undefined,
        '2026-03-01T00:00:00.000Z',
      ])
    })

    it('that would not be newer than what they replace are refused', async () => {
      await db.labels.append([labelOf()])
      for (const cts of [at, '2025-12-31T23:59:59.999Z'])
        await expect(db.labels.append([labelOf({ neg: true, cts })])).rejects.toThrow('newer')
      await db.labels.append([labelOf({ neg: true, cts: '2026-01-01T00:00:00.001Z' })])
      // Another value, or another subject, has a time of its own.
      await db.labels.append([labelOf({ val: 'else' }), labelOf({ uri: someDid })])
      const times = (await db.labels.page(0, 10)).map(({ val, uri, cts }) => [val, uri, cts])
      expect(times).toEqual([
        ['known-image', someUri, at],
        ['known-image', someUri, '2026-01-01T00:00:00.001Z'],
        ['else', someUri, at],
        ['known-image', someDid, at],
      ])
    })

    it('are found by exact subject and by prefix, in which _ and % and case mean themselves', async () => {
      const uris = [
        'at://did:plc:a/x_y/1',
        'at://did:plc:a/xzy/1',
        'at://did:plc:a/x%y/1',
        'at://did:plc:a/X_Y/1',
      ] as AtUri[]
      await db.labels.append(uris.map((uri) => labelOf({ uri })))
      const found = async (...patterns: string[]) =>
        (await db.labels.query(query(patterns), at)).map((label) => label.uri)
      expect(await found('at://did:plc:a/x_y/1')).toEqual([uris[0]])
      expect(await found('at://did:plc:a/x_*')).toEqual([uris[0]])
      expect(await found('at://did:plc:a/x%*')).toEqual([uris[2]])
      expect(await found('at://did:plc:a/x_*', 'at://did:plc:a/xzy/1')).toEqual([uris[0], uris[1]])
      expect(await found('*')).toEqual(uris)
    })

    it('are left out of queries once they have expired, and filtered by source and seq', async () => {
      await db.labels.append([labelOf({ exp: at }), labelOf({ val: 'other' })])
      expect((await db.labels.query(query(['*']), at)).map((label) => label.val)).toEqual(['other'])
      expect(await db.labels.query(query(['*'], { sources: ['did:web:else.test'] }), at)).toEqual([])
      expect(await db.labels.query(query(['*'], { after: 2 }), at)).toEqual([])
    })

    it('are paged in seq order without loss when more match than are sorted at once', async () => {
      const uriOf = (n: number) => `at://did:plc:${n % 3 === 0 ? 'aa' : 'ab'}/x/${1500 - n}` as AtUri
      const all = Array.from({ length: 1500 }, (_, n) => labelOf({ uri: uriOf(n) }))
      await db.transaction((stores) => stores.labels.append(all))
      for (const pattern of ['*', 'at://did:plc:a*', 'at://did:plc:ab*', 'at://did:plc:aa*']) {
        const expected = all.map(({ uri }) => uri).filter((uri) => uri.startsWith(pattern.slice(0, -1)))
        const found: string[] = []
        for (let after = 0; ; ) {
          const page = await db.labels.query(query([pattern], { limit: 250, after }), at)
          if (page.length === 0) break
          found.push(...page.map(({ uri }) => uri))
          after = page.at(-1)?.seq ?? 0
        }
        expect(found, pattern).toEqual(expected)
      }
    })

    it('keep their last seq over a restart', async () => {
      await db.labels.append([labelOf()])
      await db[Symbol.asyncDispose]()
      db = await open(path)
      expect(await db.labels.lastSeq()).toBe(1)
      expect((await db.labels.append([labelOf({ val: 'other' })])).map((label) => label.seq)).toEqual([2])
    })
  })

  describe('emissions', () => {
    const src = 'did:web:labeler.test' as Did
    const wanted = (parts: Partial<Emission> = {}): Emission => ({
      uri: someUri,
      val: 'known-image',
      priority: 'normal',
      ...parts,
    })
    const put = (parts: Partial<Emission> = {}, atMs = 0) =>
      db.transaction(({ emissions }) =>
        emissions.put(src, wanted(parts), { actor: 'cli', jobId: undefined, atMs }),
      )
    const due = async (limit = 10) => await db.emissions.due(src, limit)
    const state = async () => (await db.labels.states(src, [someUri]))[0]

    it('are due the urgent first, then in the order asked for, and by one labeler', async () => {
      for (const [i, priority] of (['bulk', 'normal', 'urgent', 'normal', 'urgent'] as const).entries())
        expect(await put({ val: `v${'abcde'[i]}`, priority }, i)).toBe('queued')
      expect((await due()).map(({ val }) => val)).toEqual(['vc', 've', 'vb', 'vd', 'va'])
      expect((await due(2)).map(({ val }) => val)).toEqual(['vc', 've'])
      expect(await db.emissions.due('did:web:else.test' as Did, 10)).toEqual([])
      expect(await db.emissions.lengths()).toEqual([
        { priority: 'urgent', count: 2, oldestMs: 2 },
        { priority: 'normal', count: 2, oldestMs: 1 },
        { priority: 'bulk', count: 1, oldestMs: 0 },
      ])
      const [first] = await due()
      await db.emissions.settle(first?.id ?? 0)
      expect((await due()).map(({ val }) => val)).toEqual(['ve', 'vb', 'vd', 'va'])
    })

    it('wait once for each subject and value; asking sooner moves one forward', async () => {
      await put({ val: 'first', priority: 'bulk' })
      await put({ priority: 'bulk' }, 1)
      expect(await put({ priority: 'bulk' }, 2)).toBe('unchanged')
      expect(await put({ priority: 'urgent' }, 3)).toBe('unchanged')
      expect(await put({ priority: 'normal' }, 4)).toBe('unchanged')
      expect(await due()).toMatchObject([
        { val: 'known-image', priority: 'urgent', atMs: 1 },
        { val: 'first', priority: 'bulk' },
      ])
    })

    it('that are withdrawn before they were published are not published, nor given again', async () => {
      await put({ cid: someCid })
      expect(await state()).toMatchObject({ isNegated: false, cid: someCid, cts: undefined })
      expect(await put({ neg: true })).toBe('cancelled')
      expect(await due()).toEqual([])
      expect(await state()).toMatchObject({ isNegated: true, cid: undefined, cts: undefined })
      expect(await put({ neg: true })).toBe('unchanged')
      expect(await db.emissions.lengths()).toMatchObject([{ count: 0 }, { count: 0 }, { count: 0 }])
      // A person may think again.
      expect(await put({}, 9)).toBe('queued')
      expect(await due()).toMatchObject([{ atMs: 9 }])
    })

    it('withdraw what is published, and are undone by asking for that again', async () => {
      await db.labels.append([labelOf()])
      expect(await put()).toBe('unchanged')
      expect(await put({ neg: true }, 5)).toBe('queued')
      expect(await state()).toMatchObject({ isNegated: true, cts: at })
      expect(await put({}, 6)).toBe('cancelled')
      expect([await due(), await state()]).toMatchObject([[], { isNegated: false }])
      // In the place of a withdrawal that waits: a label on another version keeps its turn.
      await put({ neg: true, priority: 'urgent' }, 7)
      expect(await put({ cid: otherCid }, 8)).toBe('queued')
      expect(await due()).toMatchObject([{ cid: otherCid, priority: 'urgent', atMs: 7 }])
      expect(await put({ neg: true }, 9)).toBe('queued')
      expect(await due()).toMatchObject([{ neg: true, priority: 'urgent', atMs: 7 }])
    })

    it('have nothing to withdraw where nothing is published nor waits, or all is withdrawn', async () => {
      expect(await put({ neg: true })).toBe('unchanged')
      expect(await state()).toBeUndefined()
      await db.labels.append([labelOf(), labelOf({ neg: true, cts: '2026-01-01T00:00:00.001Z' })])
      expect(await put({ neg: true })).toBe('unchanged')
      expect(await put()).toBe('queued')
      expect(await put({ neg: true })).toBe('cancelled')
      expect([await due(), await state()]).toMatchObject([[], { isNegated: true }])
    })

    it('withdraw a version that still stands, though the newest was withdrawn', async () => {
      const cts = (second: number) => `2026-01-01T00:00:0${second}.000Z`
      await db.labels.append([labelOf({ cid: someCid }), labelOf({ cid: otherCid, cts: cts(1) })])
      await db.labels.append([labelOf({ cid: otherCid, cts: cts(2), neg: true })])
      expect(await put({ neg: true })).toBe('queued')
    })

    it('are forgotten when something newer was published past them', async () => {
      await put()
      await put({ val: 'else' })
      await db.emissions.forget(src, [wanted()])
      expect((await due()).map(({ val }) => val)).toEqual(['else'])
    })

    it('are counted by the times of the labels, the newest so many above a seq', async () => {
      const ctsOf = (n: number) => `2026-01-01T00:00:0${n}.000Z`
      await db.labels.append([1, 2, 3].map((n) => labelOf({ val: 'abc'[n - 1] ?? '', cts: ctsOf(n) })))
      const times = async (after: number, limit: number) =>
        (await db.labels.times(after, limit)).map(({ seq, atMs }) => [seq, atMs])
      expect(await times(0, 2)).toEqual([
        [2, Date.parse(ctsOf(2))],
        [3, Date.parse(ctsOf(3))],
      ])
      expect(await times(2, 9)).toEqual([[3, Date.parse(ctsOf(3))]])
      expect(await times(3, 9)).toEqual([])
    })
  })

  describe('banks', () => {
    const hash = { type: 'pdq', value: 'a'.repeat(64), quality: 100 } as const
    const content = (hashes = [hash]) => ({ hashes, label: 'l', note: 'n', sourceId: 's' })
    const create = (name: string) =>
      db.banks.create({ name, threshold: 31, minQuality: 50, profile: 'unknown', createdAt: at })

    it('have unique names', async () => {
      await create('one')
      await expect(create('one')).rejects.toThrow('one')
      expect((await db.banks.list()).map((bank) => bank.name)).toEqual(['one'])
    })

    it('hold a hash once, and say which content has it', async () => {
      const bank = await create('one')
      const first = await db.banks.addContent(bank.id, content(), at)
      expect(first.isNew).toBe(true)
      expect(await db.banks.addContent(bank.id, content(), at)).toEqual({
        contentId: first.contentId,
        isNew: false,
      })
      expect((await db.bankChanges.added(0, 9)).count).toBe(1)
    })

    it('lose a content with its hashes, and everything when they go', async () => {
      const bank = await create('one')
      const { contentId } = await db.banks.addContent(bank.id, content(), at)
      expect(await db.removals.removeContent(bank.id + 1, contentId, at)).toBe(false)
      expect(await db.removals.removeContent(bank.id, contentId, at)).toBe(true)
      expect((await db.bankChanges.added(0, 9)).count).toBe(0)
      await db.banks.addContent(bank.id, content(), at)
      expect(await db.banks.remove(bank.id)).toBe(true)
      expect([await db.banks.list(), (await db.bankChanges.added(0, 9)).count]).toEqual([[], 0])
    })
  })

  it('keeps the latest outcome of a CID and gives it back as cached', async () => {
    const scan = {
      kind: 'hashed',
      facts: { format: 'jpeg', width: 3, height: 4, size: 5 },
      hashes: [{ type: 'md5', value: 'b'.repeat(32), quality: 100 }],
      plan: {
        profiles: ['reference-512'],
        isOriented: true,
        isFlattened: true,
        frames: 4,
        isTurned: false,
        hasSha1: false,
      },
      timings: noTimings,
      isCached: false,
    } as const
    const corrupt = { kind: 'unscannable', reason: 'corrupt', timings: noTimings, isCached: false } as const
    await db.images.save(someCid, corrupt, at)
    expect(await db.images.load(someCid)).toEqual({ ...corrupt, isCached: true })
    await db.images.save(someCid, scan, at)
    expect(await db.images.load(someCid)).toEqual({ ...scan, isCached: true })
    expect(await db.images.load(otherCid)).toBeUndefined()
  })

  it('keeps the stream cursor, the matches of a job and DID documents', async () => {
    await db.cursors.save('jetstream', { host: 'a', timeUs: 1, seq: undefined })
    await db.cursors.save('jetstream', { host: 'b', timeUs: 2, seq: 3 })
    expect(await db.cursors.load('jetstream')).toEqual({ host: 'b', timeUs: 2, seq: 3 })
    const matches = [{ ...matchOf({ distance: 1 }), tier: 'near' }, matchOf({ contentId: 8, distance: 2 })]
    await db.matches.append(jobOf(), { matches, suppressed: [] }, someProof, at)
    expect(await db.matches.list(1)).toEqual({ matches, suppressed: [] })
    await db.dids.save(someDid, { doc: '{}', updatedAt: 7 })
    expect(await db.dids.load(someDid)).toEqual({ doc: '{}', updatedAt: 7 })
    await db.dids.forget([someDid])
    expect(await db.dids.load(someDid)).toBeUndefined()
  })

  describe('subscriptions', () => {
    const [t1, t2, t3] = ['2026-01-01T00:00:01.000Z', '2026-01-01T00:00:02.000Z', '2026-01-01T00:00:03.000Z']
    const subscription = (id: string, parts: Partial<PastSubscription> = {}): PastSubscription => ({
      id,
      userAgent: 'reader/1',
      address: 'public',
      startedAt: at,
      cursor: 0,
      position: 7,
      labels: 7,
      endedAt: undefined,
      end: undefined,
      ...parts,
    })

    it('are listed once they have ended, the newest end first, with what was not known left open', async () => {
      const first = subscription('a', { endedAt: t1, end: 'peer' })
      const unnamed = { userAgent: undefined, cursor: undefined, position: undefined, labels: 0 }
      const second = subscription('b', { ...unnamed, endedAt: t2, end: 'no-pong' })
      await db.subscriptions.save([first, subscription('c'), second], t2)
      expect(await db.subscriptions.list(10)).toEqual([second, first])
      expect(await db.subscriptions.list(1)).toEqual([second])
    })

    it('are brought up to date until they have ended, and not after', async () => {
      await db.subscriptions.save([subscription('a')], t1)
      const ended = subscription('a', { position: 9, labels: 9, endedAt: t2, end: 'too-slow' })
      await db.subscriptions.save([ended], t2)
      await db.subscriptions.save([subscription('a')], t3)
      expect(await db.subscriptions.list(10)).toEqual([ended])
    })

    it('that a process left open ended when they were last seen', async () => {
      await db.subscriptions.save([subscription('a', { endedAt: t1, end: 'peer' }), subscription('b')], t2)
      await db.subscriptions.endLost()
      expect(await db.subscriptions.list(10)).toMatchObject([
        { id: 'b', endedAt: t2, end: 'lost' },
        { id: 'a', endedAt: t1, end: 'peer' },
      ])
    })

    it('are forgotten by age and beyond a number, and never while they go on', async () => {
      const ends = Array.from({ length: 5 }, (_, n) => `2026-01-01T00:00:0${n}.000Z`)
      const rows = ends.map((endedAt, n) => subscription(`s${n}`, { endedAt, end: 'peer' }))
      await db.subscriptions.save([...rows, subscription('open')], t3)
      const idsLeft = async () => (await db.subscriptions.list(10)).map(({ id }) => id)
      await db.subscriptions.prune(t1, 10)
      expect(await idsLeft()).toEqual(['s4', 's3', 's2', 's1'])
      await db.subscriptions.prune(t1, 2)
      expect(await idsLeft()).toEqual(['s4', 's3'])
      await db.subscriptions.endLost()
      expect(await idsLeft()).toContain('open')
    })
  })

  it('keeps audit rows in order and refuses to change or delete them', async () => {
    await db.audit.append([{ at, actor: 'cli', action: 'bank.created', subject: 'one', details: { n: 1 } }])
    expect(await db.audit.list('one', 10)).toEqual([
      { at, actor: 'cli', action: 'bank.created', subject: 'one', details: { n: 1 } },
    ])
    using file = closing(new SqliteFile(path))
    expect(() => file.it.exec("UPDATE audit SET actor = 'nobody'")).toThrow('never changed')
    expect(() => file.it.exec('DELETE FROM audit')).toThrow('never deleted')
  })

  it('refuses a file that is no database, saying where', async () => {
    const bad = join(folder, 'bad.db')
    writeFileSync(bad, 'this is no database, however long it is'.repeat(200))
    await expect(open(bad)).rejects.toThrow(bad)
  })
})
