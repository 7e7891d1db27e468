import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AppviewStore } from '../src/appview/appview-store.ts'
import type { LabelState } from '../src/appview/label-state.ts'
import { type LabelTable, openLabelTable } from '../src/appview/label-table.ts'
import type { Did } from '../src/model/ids.ts'
import { createDatabase, createLabelTable, postgresUrl, type TestDatabase } from './support/postgres.ts'

const labeler = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz' as Did
const uri = 'at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/1'
const now = () => new Date('2026-06-01T00:00:00Z')

describe.skipIf(!postgresUrl)('openLabelTable', () => {
  let stack: AsyncDisposableStack
  let database: TestDatabase

  beforeEach(async () => {
    stack = new AsyncDisposableStack()
    database = stack.use(await createDatabase())
  })
  afterEach(() => stack.disposeAsync())

  const open = async (
    options: { url?: string; schema?: string; isDryRun?: boolean } = {},
  ): Promise<LabelTable> =>
    stack.use(
      await openLabelTable(
        {
          url: database.url,
          schema: 'bsky',
          cursorSchema: 'harrier',
          isDryRun: false,
          maxConnections: 2,
          ...options,
        },
        now,
      ),
    )
  const rows = () => database.query('SELECT uri, cid, val, neg, cts, exp FROM bsky.label ORDER BY uri, val')

  it('says which table it misses, and where there is one', async () => {
    await expect(open()).rejects.toThrow(/a table label in schema bsky but received none/)
    await createLabelTable(database)
    await expect(open({ schema: 'public' })).rejects.toThrow(
      /received one in bsky; set HARRIER_APPVIEW_SCHEMA/,
    )
    await database.query('ALTER TABLE bsky.label DROP COLUMN exp')
    await expect(open()).rejects.toThrow(/without exp; let the AppView migrate it first/)
  })

  it('needs no more rights than to write the one table, and says which are missing', async () => {
    await createLabelTable(database)
    const role = `sync_${Math.random().toString(36).slice(2)}`
    await database.query(`CREATE ROLE ${role} LOGIN`)
    stack.defer(async () => {
      await database.query(`DROP OWNED BY ${role}`)
      await database.query(`DROP ROLE ${role}`)
    })
    const url = database.url.replace('postgres@', `${role}@`)
    await expect(open({ url })).rejects.toThrow(/received none to SELECT, INSERT, UPDATE, DELETE; GRANT it/)
    await database.query(`GRANT USAGE ON SCHEMA bsky TO ${role}`)
    await database.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON bsky.label TO ${role}`)
    await database.query(`CREATE SCHEMA harrier AUTHORIZATION ${role}`)
    const table = await open({ url })
    expect(await table.commit(batch([label({})], undefined, 1))).toEqual(['stored'])
  })

  it('warns of a database whose time zone would end labels at the wrong time', async () => {
    await createLabelTable(database)
    const name = new URL(database.url).pathname.slice(1)
    await database.query(`ALTER DATABASE ${name} SET timezone TO 'UTC'`)
    expect((await open()).notices).toEqual([])
    await database.query(`ALTER DATABASE ${name} SET timezone TO 'Asia/Tokyo'`)
    expect((await open()).notices).toEqual(['not-utc'])
  })

  it('cannot be reached where there is no server', async () => {
    await expect(open({ url: 'postgres://nobody@127.0.0.1:1/none' })).rejects.toMatchObject({
      name: 'DatabaseUnavailableError',
    })
  })

  it('moves the cursor with the labels or not at all', async () => {
    await createLabelTable(database)
    const table = await open()
    expect(await table.loadCursor(labeler)).toBeUndefined()
    await table.commit(batch([label({})], undefined, 5))
    expect(await table.loadCursor(labeler)).toBe(5)
    for (const after of [undefined, 4, 6]) {
      const stale = table.commit(batch([label({ val: 'other' })], after, 9))
      await expect(stale).rejects.toMatchObject({ name: 'CursorMovedError' })
    }
    await database.query('ALTER TABLE bsky.label ADD CONSTRAINT no_rude CHECK (val <> $$rude$$)')
    await expect(table.commit(batch([label({ val: 'rude' })], 5, 6))).rejects.toMatchObject({
      name: 'DatabaseRefusedError',
      message: expect.not.stringContaining(uri),
    })
    expect([await table.loadCursor(labeler), (await rows()).length]).toEqual([5, 1])
    // A seq is beyond 32 bits in some labelers.
    await table.commit(batch([], 5, Number.MAX_SAFE_INTEGER))
    expect(await table.loadCursor(labeler)).toBe(Number.MAX_SAFE_INTEGER)
    await table.forgetCursors([labeler])
    expect(await table.loadCursor(labeler)).toBeUndefined()
  })

  it('lets two processes at one labeler through one after the other, and one of them only', async () => {
    await createLabelTable(database)
    const tables: AppviewStore[] = [await open(), await open()]
    const outcomes = await Promise.allSettled(
      tables.map((table, index) => table.commit(batch([label({ val: `val-${index}` })], undefined, 1))),
    )
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await rows()).toHaveLength(1)
  })

  it('touches nobody else’s rows', async () => {
    await createLabelTable(database)
    await database.query(
      `INSERT INTO bsky.label (src, uri, cid, val, neg, cts) VALUES ('did:plc:other', $1, '', 'spam', false, '2020-01-01T00:00:00Z'), ($2, $1, '', 'rude', false, 'garbage')`,
      [uri, labeler],
    )
    const table = await open()
    expect(await table.commit(batch([label({ neg: true }), label({ val: 'rude' })], undefined, 1))).toEqual([
      'negated',
      'stored',
    ])
    expect(await database.query('SELECT src, val, neg FROM bsky.label ORDER BY src, val')).toEqual(
      [
        { src: labeler, val: 'rude', neg: false },
        { src: labeler, val: 'spam', neg: true },
        { src: 'did:plc:other', val: 'spam', neg: false },
      ].sort((a, b) => (a.src < b.src ? -1 : 1)),
    )
  })
})

function label(fields: Partial<LabelState>): LabelState {
  return { uri, cid: '', val: 'spam', neg: false, cts: '2026-01-01T00:00:00.000Z', exp: null, ...fields }
}

function batch(labels: readonly LabelState[], after: number | undefined, cursor: number) {
  return { labeler, labels, after, cursor }
}
