import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteFile from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { describe, expect, it } from 'vitest'
import { createCuration } from '../src/curate/curate.ts'
import { createOneAtATime } from '../src/lib/one-at-a-time.ts'
import { shareOf } from '../src/lib/share.ts'
import { openMatcher } from '../src/match/match.ts'
import type { Bank, ContentHash } from '../src/model/bank.ts'
import type { HashType } from '../src/model/hash.ts'
import { type Did, sha256OfBlobCid } from '../src/model/ids.ts'
import { noTimings, type ScanResult } from '../src/model/scan.ts'
import { runJob, type Stages } from '../src/pipeline.ts'
import { migrations } from '../src/store/migrations.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { imageOf, jobOf, noHistory, otherCid, someCid } from './support/builders.ts'

const now = () => new Date('2026-01-01T00:00:00.000Z')
const nowSeconds = now().getTime() / 1000
const hashOf = (digit: string, type: HashType = 'pdq'): ContentHash => ({
  type,
  value: digit.repeat(type === 'md5' ? 32 : 64),
  quality: 100,
})

async function openWorld() {
  const stack = new AsyncDisposableStack()
  const database = stack.use(await openSqlite({ path: ':memory:' }))
  const matcher = stack.use(await openMatcher(database, () => now().getTime()))
  const onChange = createOneAtATime(async () => void (await matcher.refresh()))
  const curation = createCuration({ database, actor: 'test', now, onChange })
  const createBank = (name: string): Promise<Bank> =>
    curation.createBank({ name, threshold: 31, minQuality: 50, profile: 'unknown' })
  const matched = async (digit: string) =>
    (await matcher.lookup({ type: 'pdq', value: digit.repeat(64) })).map(({ contentId }) => contentId)
  const trail = async (subject: string) =>
    (await database.audit.list(subject, 50)).map(({ action, details }) => [action, details]).toReversed()
  return {
    database,
    matcher,
    curation,
    createBank,
    matched,
    trail,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

describe('the share of an image', () => {
  it('follows from its bytes alone, and is asked with for its digest as for its hashes', async () => {
    const coins: number[] = []
    const scan = { kind: 'hashed', hashes: [], timings: noTimings } as unknown as ScanResult
    const stages = {
      matchHashes: async (_hashes: unknown, { coin }: { coin: number }) => {
        coins.push(coin)
        return { matches: [], suppressed: [], isSettled: true }
      },
      scanImage: async () => scan,
      loadHistory: async () => noHistory,
      versions: () => ({ policy: 'none', banks: '0-0' }),
      policy: { labels: [], banks: {} },
      signLabels: async () => [],
      applyEffects: async () => ({ labels: [], queued: 0, messages: 0 }),
      wakePublishing: () => {},
      now,
    } as unknown as Stages
    const { signal } = new AbortController()
    await runJob(stages, jobOf(), signal)
    await runJob(stages, jobOf({ id: 2, image: imageOf({ did: 'did:web:other.example' as Did }) }), signal)
    await runJob(stages, jobOf({ id: 3, image: imageOf({ cid: otherCid }) }), signal)
    const [one, other] = [shareOf(sha256OfBlobCid(someCid)), shareOf(sha256OfBlobCid(otherCid))]
    expect(coins).toEqual([one, one, one, one, other, other])
    expect(one).not.toBe(other)
  })
})

describe('curation', () => {
  it('is seen by the next search, change by change, each with its audit row', async () => {
    await using world = await openWorld()
    const { curation, matched } = world
    const bank = await world.createBank('A')
    const { contentId } = await curation.addContent(bank, { hashes: [hashOf('5')], note: 'secret words' })
    expect(await matched('5')).toEqual([contentId])
    await curation.updateContent(bank, contentId, { disableUntil: 0 })
    expect(await matched('5')).toEqual([])
    await curation.updateContent(bank, contentId, { disableUntil: nowSeconds + 60 })
    expect(await matched('5')).toEqual([])
    await curation.updateContent(bank, contentId, { disableUntil: 1, note: 'other' })
    expect(await matched('5')).toEqual([contentId])
    await curation.updateBank(bank.id, { enabledRatio: 0 })
    expect(await matched('5')).toEqual([])
    await curation.updateBank(bank.id, { enabledRatio: 1, name: 'B' })
    expect((await world.matcher.lookup({ type: 'pdq', value: '5'.repeat(64) }))[0]?.bank).toBe('B')
    expect(await curation.removeContent({ ...bank, name: 'B' }, contentId)).toBe(true)
    expect(await matched('5')).toEqual([])
    await curation.setTypeRatio('pdq', 0.25)
    expect(await world.trail('A')).toEqual([
      ['bank.created', { threshold: 31, minQuality: 50, profile: 'unknown', enabledRatio: 1 }],
      ['bank.content-added', { content: contentId, types: ['pdq'] }],
      ['bank.content-disabled', { content: contentId, disableUntil: 0 }],
      ['bank.content-disabled', { content: contentId, disableUntil: nowSeconds + 60 }],
      ['bank.content-enabled', { content: contentId, disableUntil: 1 }],
      ['bank.content-updated', { content: contentId, fields: ['note'] }],
      ['bank.updated', { enabledRatio: 0 }],
      ['bank.updated', { name: 'B' }],
    ])
    expect(await world.trail('B')).toEqual([
      ['bank.updated', { formerName: 'A' }],
      ['bank.updated', { enabledRatio: 1 }],
      ['bank.content-removed', { content: contentId }],
    ])
    expect(await world.trail('pdq')).toEqual([['hash-type.updated', { enabledRatio: 0.25 }]])
  })

  it('changes nothing, and says nothing, where there is nothing to change', async () => {
    await using world = await openWorld()
    const { curation, database } = world
    const [a, b] = [await world.createBank('A'), await world.createBank('B')]
    const { contentId } = await curation.addContent(a, { hashes: [hashOf('5')] })
    const before = await world.trail('A')
    expect(await curation.updateContent(b, contentId, { note: 'x', disableUntil: 0 })).toBeUndefined()
    expect(await curation.removeContent(b, contentId)).toBe(false)
    await curation.updateContent(a, contentId, { note: '', disableUntil: 1 })
    await curation.updateBank(a.id, { name: 'A', enabledRatio: 1 })
    await expect(curation.updateBank(b.id, { name: 'A' })).rejects.toMatchObject({ name: 'BankExistsError' })
    await expect(world.createBank('A')).rejects.toMatchObject({ name: 'BankExistsError' })
    expect(await world.trail('A')).toEqual(before)
    expect(await world.trail('B')).toHaveLength(1)
    expect(await curation.updateBank(99, { enabledRatio: 0 })).toBeUndefined()
    expect(await curation.removeBank(a)).toBe(true)
    expect(await curation.removeBank(a)).toBe(false)
    await expect(curation.addContent(a, { hashes: [hashOf('6')] })).rejects.toMatchObject({
      kind: 'not-found',
    })
    expect(await database.curation.find(a.id, contentId)).toBeUndefined()
  })

  it('gives a content back with all that was told of it, and tells more of one that is there', async () => {
    await using world = await openWorld()
    const { curation, database } = world
    const bank = await world.createBank('A')
    const origin = {
      mediaUri: 'https://a.example/1.jpg',
      contentUri: 'https://b.example/1',
      metadata: { a: [1] },
    }
    const first = await curation.addContent(bank, {
      hashes: [hashOf('5')],
      moreHashes: [hashOf('6', 'sha256')],
      note: 'n',
      sourceId: 'ext-1',
      ...origin,
    })
    const content = await database.curation.find(bank.id, first.contentId)
    expect(content).toEqual({
      id: first.contentId,
      bankId: bank.id,
      createdAt: now().toISOString(),
      label: '',
      note: 'n',
      sourceId: 'ext-1',
      disableUntil: 1,
      sharedBy: [],
      hashes: [hashOf('5'), hashOf('6', 'sha256')],
      ...origin,
    })
    const again = await curation.addContent(bank, {
      hashes: [hashOf('5')],
      moreHashes: [hashOf('7', 'sha256')],
      metadata: { b: 2 },
    })
    expect(again).toEqual({ contentId: first.contentId, isNew: false })
    expect(await database.curation.find(bank.id, first.contentId)).toEqual({ ...content, metadata: { b: 2 } })
    expect(await database.curation.holding(bank.id, hashOf('6', 'sha256'))).toBe(first.contentId)
    expect(await database.curation.holding(bank.id, hashOf('7', 'sha256'))).toBeUndefined()
  })

  it('removes a bank at once, gives it back whole, and purges a large one in pieces', async () => {
    await using world = await openWorld()
    const { curation, database, matcher } = world
    const [large, small] = [await world.createBank('LARGE'), await world.createBank('SMALL')]
    const contents = Array.from({ length: 2_500 }, (_, i) => ({
      hashes: [{ type: 'pdq', value: i.toString(16).padStart(64, '0'), quality: 100 } as const],
      label: '',
      note: '',
      sourceId: '',
    }))
    await database.banks.addContents(large.id, contents, now().toISOString())
    await curation.addContent(small, { hashes: [hashOf('5')] })
    const [first] = await database.banks.contents(large.id, 0, 1)
    await curation.updateContent(large, first!.id, { disableUntil: 0 })
    const first8 = async () =>
      (await matcher.lookup({ type: 'pdq', value: '0'.repeat(64) }, { radius: 8, hasDisabled: true })).length
    const before = await first8()
    expect(before).toBeGreaterThan(100)
    expect(await curation.removeBank(large)).toBe(true)
    expect([await curation.removeBank(large), await first8()]).toEqual([false, 0])
    expect((await database.banks.list()).map(({ name }) => name)).toEqual(['SMALL'])
    await using again = await openMatcher(database, () => now().getTime())
    const [removed] = await database.removals.banks()
    expect(removed).toEqual({ id: large.id, name: 'LARGE', removedAt: now().toISOString() })
    await world.createBank('LARGE')
    await expect(curation.restoreBank(removed!, 'LARGE')).rejects.toMatchObject({ kind: 'conflict' })
    expect(await curation.restoreBank(removed!, 'BACK')).toEqual({ ...large, name: 'BACK' })
    expect(await first8()).toBe(before)
    await again.refresh()
    expect((await again.lookup({ type: 'pdq', value: '0'.repeat(64) }, { radius: 8 })).length).toBe(
      before - 1,
    )
    expect(await curation.removeBank({ ...large, name: 'BACK' })).toBe(true)
    let pieces = 0
    const transaction: typeof database.transaction = (work) => (pieces++, database.transaction(work))
    const onChange = async () => void (await matcher.refresh())
    const counting = createCuration({ database: { transaction }, actor: 'test', now, onChange })
    const [gone] = await database.removals.banks()
    expect(await counting.purgeBank(gone!)).toBe(2_500)
    expect(pieces).toBe(5)
    expect(matcher.size).toBe(1)
    expect([await database.removals.banks(), await curation.restoreBank(gone!, 'BACK')]).toEqual([
      [],
      undefined,
    ])
    expect((await database.curation.switches(0, 10)).switches).toEqual([])
    expect((await world.trail('BACK')).map(([action]) => action)).toEqual([
      'bank.restored',
      'bank.removed',
      'bank.purged',
    ])
  })

  it('gives a removed content back as it was, unless another has its hashes by now', async () => {
    await using world = await openWorld()
    const { curation, database, matched } = world
    const bank = await world.createBank('A')
    const { contentId } = await curation.addContent(bank, {
      hashes: [hashOf('5'), hashOf('6', 'sha256')],
      note: 'n',
      sourceId: 's',
      metadata: { a: 1 },
      contentUri: 'https://a.example/1',
    })
    await curation.updateContent(bank, contentId, { disableUntil: nowSeconds + 60, label: 'l' })
    const content = await database.curation.find(bank.id, contentId)
    expect(await curation.removeContent(bank, contentId)).toBe(true)
    expect(await database.removals.contents(bank.id, 0, 10)).toEqual([
      { ...content, removedAt: now().toISOString() },
    ])
    expect(await curation.restoreContent(bank, contentId)).toBe('restored')
    expect(await database.curation.find(bank.id, contentId)).toEqual(content)
    expect([await matched('5'), await curation.restoreContent(bank, contentId)]).toEqual([[], 'there'])
    await curation.updateContent(bank, contentId, { disableUntil: 1 })
    expect(await matched('5')).toEqual([contentId])
    await curation.removeContent(bank, contentId)
    expect(await matched('5')).toEqual([])
    const other = await curation.addContent(bank, { hashes: [hashOf('5')] })
    expect(other.contentId).toBeGreaterThan(contentId)
    expect(await curation.restoreContent(bank, contentId)).toBe('restored')
    expect((await database.curation.find(bank.id, contentId))?.hashes).toEqual([hashOf('6', 'sha256')])
    await curation.removeContent(bank, contentId)
    await curation.addContent(bank, { hashes: [hashOf('6', 'sha256')] })
    expect(await curation.restoreContent(bank, contentId)).toBe('held')
    expect(await curation.restoreContent(bank, 99)).toBe('unknown')
    expect([await curation.purgeContents(bank), await curation.restoreContent(bank, contentId)]).toEqual([
      1,
      'unknown',
    ])
    expect((await world.trail('A')).map(([action]) => action).slice(-4)).toEqual([
      'bank.content-restored',
      'bank.content-removed',
      'bank.content-added',
      'bank.contents-purged',
    ])
  })

  it('lists a bank in pages, and finds contents by their words and by their state', async () => {
    await using world = await openWorld()
    const { curation, database } = world
    const bank = await world.createBank('A')
    const ids: number[] = []
    for (const digit of ['1', '2', '3', '4', '5'])
      ids.push(
        (await curation.addContent(bank, { hashes: [hashOf(digit)], note: `Note ${digit}` })).contentId,
      )
    await curation.updateContent(bank, ids[1]!, { disableUntil: 0 })
    const pages: number[][] = []
    let afterId: number | undefined = 0
    while (afterId !== undefined) {
      const page: Awaited<ReturnType<typeof database.curation.search>> = await database.curation.search(
        bank.id,
        {
          afterId,
          limit: 2,
          nowSeconds,
        },
      )
      pages.push(page.contents.map(({ id }) => id))
      afterId = page.nextAfterId
    }
    expect(pages).toEqual([[ids[0], ids[1]], [ids[2], ids[3]], [ids[4]]])
    const found = async (search: { text?: string; isDisabled?: boolean }, limit = 10) => {
      const page = await database.curation.search(bank.id, { afterId: 0, limit, nowSeconds, ...search })
      return [page.contents.map(({ id }) => id), page.nextAfterId]
    }
    expect(await found({ text: 'nOTE 3' })).toEqual([[ids[2]], undefined])
    expect(await found({ text: 'absent' })).toEqual([[], undefined])
    expect(await found({ isDisabled: true })).toEqual([[ids[1]], undefined])
    expect(await found({ isDisabled: false }, 2)).toEqual([[ids[0], ids[2]], ids[2]])
  })

  it('keeps through a migration which banks are switched off', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'harrier-curation-'))
    try {
      const path = join(folder, 'harrier.db')
      const file = new SqliteFile(path)
      const db = new Kysely({ dialect: new SqliteDialect({ database: file }) })
      const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0010'))
      await new Migrator({ db, provider: { getMigrations: async () => before } }).migrateToLatest()
      const insert = file.prepare(
        'INSERT INTO banks (name, threshold, min_quality, is_enabled, created_at) VALUES (?, 31, 50, ?, ?)',
      )
      insert.run('off', 0, now().toISOString())
      insert.run('on', 1, now().toISOString())
      await db.destroy()
      await using database = await openSqlite({ path })
      expect(
        (await database.banks.settings()).map(({ name, enabledRatio, isEnabled }) => [
          name,
          enabledRatio,
          isEnabled,
        ]),
      ).toEqual([
        ['off', 0, false],
        ['on', 1, true],
      ])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
