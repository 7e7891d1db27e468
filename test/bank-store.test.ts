import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteFile from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bank, ContentHash } from '../src/model/bank.ts'
import type { HashType } from '../src/model/hash.ts'
import type { Database } from '../src/store/database.ts'
import { migrations } from '../src/store/migrations.ts'
import { openSqlite } from '../src/store/sqlite.ts'

const at = '2026-01-01T00:00:00.123Z'
const bytesOf: Record<HashType, number> = { pdq: 32, md5: 16, sha1: 20, sha256: 32 }
const hashOf = (type: HashType, quality = 100): ContentHash => ({
  type,
  value: randomBytes(bytesOf[type]).toString('hex'),
  quality,
})
const contentOf = (...hashes: ContentHash[]) => ({ hashes, label: 'A1', note: 'n', sourceId: 's' })
const place = (line: number) => ({
  format: 'csv' as const,
  offset: line * 10,
  line,
  digest: String(line),
  counts: { added: line, duplicates: 0, rejected: 0, leftOut: 0 },
})

describe('banks in the store', () => {
  let folder: string
  let path: string
  let db: Database
  let bank: Bank
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-banks-'))
    path = join(folder, 'harrier.db')
    db = await openSqlite({ path })
    bank = await create('one')
  })
  afterEach(async () => {
    await db[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })
  const create = (name: string) =>
    db.banks.create({ name, threshold: 31, minQuality: 50, profile: 'unknown', createdAt: at })

  it('give a content back as it came, its hashes in the order of their types', async () => {
    const hashes = [hashOf('pdq', 60), hashOf('md5'), hashOf('sha1'), hashOf('sha256')]
    const { contentId } = await db.banks.addContent(bank.id, contentOf(...hashes.toReversed()), at)
    expect(await db.banks.contents(bank.id, 0, 10)).toEqual([
      { id: contentId, bankId: bank.id, createdAt: at, ...contentOf(...hashes) },
    ])
    expect(await db.banks.typesHeld(bank.id)).toEqual(['pdq', 'md5', 'sha1', 'sha256'])
    expect(await db.banks.typesHeld((await create('two')).id)).toEqual([])
  })

  it('take many contents as they would take them one by one', async () => {
    const [a, b, c, d] = [hashOf('pdq'), hashOf('md5'), hashOf('sha256'), hashOf('sha1')]
    await db.banks.addContent(bank.id, contentOf(a), at)
    const wanted = [contentOf(a), contentOf(a, b), contentOf(b), contentOf(c, b), contentOf(c), contentOf(d)]
    expect(await db.banks.addContents(bank.id, wanted, at)).toBe(3)
    const contents = await db.banks.contents(bank.id, 0, 10)
    expect(contents.map((content) => content.hashes)).toEqual([[a], [b], [c], [d]])
    const other = await create('two')
    for (const content of [contentOf(a), ...wanted]) await db.banks.addContent(other.id, content, at)
    const oneByOne = await db.banks.contents(other.id, 0, 10)
    expect(oneByOne.map((content) => content.hashes)).toEqual([[a], [b], [c], [d]])
    expect(await db.banks.addContents(bank.id, [], at)).toBe(0)
  })

  it('tell what was added and what was removed as two logs, in pages', async () => {
    const other = await create('two')
    const hashes = [hashOf('pdq', 70), hashOf('md5'), hashOf('sha1')]
    for (const [i, hash] of hashes.entries())
      await db.banks.addContent(i === 1 ? other.id : bank.id, contentOf(hash), at)
    const first = await db.bankChanges.added(0, 2)
    const rest = await db.bankChanges.added(first.lastId, 2)
    expect([first.count, rest.count, (await db.bankChanges.added(rest.lastId, 2)).count]).toEqual([2, 1, 0])
    expect([...first.bankIds, ...rest.bankIds]).toEqual([bank.id, other.id, bank.id])
    expect([...first.types, ...rest.types]).toEqual(['pdq', 'md5', 'sha1'])
    expect(Buffer.concat([first.values, rest.values]).toString('hex')).toBe(
      hashes.map(({ value }) => value).join(''),
    )
    expect(await db.bankChanges.counts()).toHaveLength(3)
    expect([await db.bankChanges.lastRemoval(), (await db.bankChanges.removed(0, 9)).count]).toEqual([0, 0])

    await db.removals.removeContent(bank.id, rest.contentIds[0]!, '2026-01-01T00:00:00.000Z')
    await db.banks.remove(other.id)
    const removed = await db.bankChanges.removed(0, 9)
    expect(removed).toMatchObject({
      count: 2,
      types: ['sha1', 'md5'],
      contentIds: [rest.contentIds[0], first.contentIds[1]],
    })
    expect(removed.values.toString('hex')).toBe(`${hashes[2]!.value}${hashes[1]!.value}`)
    await db.bankChanges.forgetRemovals(removed.lastId)
    expect([await db.bankChanges.lastRemoval(), (await db.bankChanges.removed(0, 9)).count]).toEqual([
      removed.lastId,
      0,
    ])

    const again = await db.banks.addContent(bank.id, contentOf(hashOf('md5')), at)
    expect(again.contentId).toBeGreaterThan(rest.contentIds[0]!)
    expect((await db.bankChanges.added(rest.lastId, 9)).contentIds).toEqual([again.contentId])
  })

  it('remember how far the import of a file has come, for one process at a time', async () => {
    expect(await db.imports.load(bank.id, '/a')).toBeUndefined()
    await db.imports.save(bank.id, '/a', place(0), undefined)
    await db.imports.save(bank.id, '/a', place(5), place(0))
    expect(await db.imports.load(bank.id, '/a')).toEqual(place(5))
    await expect(db.imports.save(bank.id, '/a', place(9), place(0))).rejects.toThrow('only import')
    await db.imports.save(bank.id, '/b', place(1), undefined)
    await db.imports.finish(bank.id, '/a', place(5))
    expect(await db.imports.load(bank.id, '/a')).toBeUndefined()
    await db.banks.remove(bank.id)
    await expect(db.imports.finish(bank.id, '/b', place(1))).rejects.toThrow('only import')
  })
})

describe('the migration to hashes as bytes', () => {
  it('keeps every content, hash and number, and gives none of them again', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'harrier-migration-'))
    const path = join(folder, 'harrier.db')
    const file = new SqliteFile(path)
    const old = new Kysely<unknown>({ dialect: new SqliteDialect({ database: file }) })
    const before = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '0003'))
    const provider = { getMigrations: async () => before }
    expect((await new Migrator({ db: old, provider }).migrateToLatest()).error).toBeUndefined()
    const [pdq, md5, sha256] = [hashOf('pdq', 77), hashOf('md5'), hashOf('sha256')]
    file.exec(`INSERT INTO banks (id, name, threshold, min_quality, is_enabled, created_at) VALUES (3, 'b', 31, 50, 1, '${at}');
      INSERT INTO bank_contents (id, bank_id, note, created_at) VALUES (7, 3, 'kept', '${at}'), (90, 3, 'gone', '${at}');
      DELETE FROM bank_contents WHERE id = 90;
      INSERT INTO bank_hashes (id, bank_id, content_id, type, value, quality) VALUES
        (11, 3, 7, 'pdq', '${pdq.value}', 77), (12, 3, 7, 'md5', '${md5.value}', 100),
        (13, 3, 7, 'sha256', '${sha256.value}', 100), (80, 3, 90, 'md5', '${hashOf('md5').value}', 100);
      DELETE FROM bank_hashes WHERE id = 80`)
    await old.destroy()
    {
      await using db = await openSqlite({ path })
      expect(await db.banks.contents(3, 0, 9)).toEqual([
        {
          id: 7,
          bankId: 3,
          label: '',
          note: 'kept',
          sourceId: '',
          createdAt: at,
          hashes: [pdq, md5, sha256],
        },
      ])
      const { contentId } = await db.banks.addContent(3, contentOf(hashOf('sha1')), at)
      expect(contentId).toBe(91)
      expect(await db.bankChanges.added(12, 9)).toMatchObject({ count: 2, lastId: 81, contentIds: [7, 91] })
    }
    rmSync(folder, { recursive: true })
  })
})
