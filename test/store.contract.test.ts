import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteFile from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AtUri, Did } from '../src/model/ids.ts'
import type { SignedLabel } from '../src/model/label.ts'
import { noTimings } from '../src/model/scan.ts'
import type { PastSubscription } from '../src/model/subscription.ts'
import type { Database } from '../src/store/database.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { imageOf, matchOf, otherCid, someCid, someDid, someUri } from './support/builders.ts'

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
      db.jobs.claim({ now, leaseMs: 1000, limit, busy })

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
      expect(await db.labels.states('did:web:labeler.test' as Did, someUri)).toMatchObject([
        { isNegated: true },
      ])
    })

    it('that would not be newer than what they replace are refused', async () => {
      await db.labels.append([labelOf()])
      await expect(db.labels.append([labelOf({ neg: true })])).rejects.toThrow('newer')
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
      expect(await db.banks.removeContent(bank.id + 1, contentId)).toBe(false)
      expect(await db.banks.removeContent(bank.id, contentId)).toBe(true)
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
    const matches = [matchOf({ distance: 1 }), matchOf({ contentId: 8, distance: 2 })]
    await db.matches.append(1, matches, at)
    expect(await db.matches.list(1)).toEqual(matches)
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
