import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteFile from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { CursorStore } from './cursor-store.ts'
import { openSqlite } from './sqlite.ts'

/** What SQLite calls the two levels: with FULL each commit waits for the disk, with NORMAL none does. */
const [normal, full] = [1, 2]

/** Hears of each commit, of a transaction or of a statement alone, by the stream whose cursor it saved, and at which level that was. */
function watchCommits(): ReadonlyMap<string, number> {
  const levels = new Map<string, number>()
  const { prepare } = SqliteFile.prototype
  let saved = ''
  vi.spyOn(SqliteFile.prototype, 'prepare').mockImplementation(function (
    this: SqliteFile.Database,
    source: string,
  ) {
    const statement = prepare.call(this, source)
    const run = statement.run.bind(statement) as (...values: unknown[]) => SqliteFile.RunResult
    statement.run = (...values: unknown[]) => {
      const result = run(...values)
      if (source.includes('"cursors"')) [saved = ''] = values.flat() as string[]
      if (!this.inTransaction && saved !== '') {
        levels.set(saved, this.pragma('synchronous', { simple: true }) as number)
        saved = ''
      }
      return result
    }
    return statement
  })
  return levels
}

const save = ({ cursors }: { readonly cursors: CursorStore }, stream: string): Promise<void> =>
  cursors.save(stream, { host: 'h', timeUs: 1, seq: undefined })

describe('a database', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-sync-'))
  })
  afterEach(() => {
    vi.restoreAllMocks()
    rmSync(folder, { recursive: true })
  })

  it('waits for the disk with every commit but those of whoever need not wait, whatever runs beside them', async () => {
    const levels = watchCommits()
    await using database = await openSqlite({ path: join(folder, 'harrier.db') })
    const done = await Promise.allSettled([
      save(database, 'alone'),
      database.withoutSync((unsynced) => save(unsynced, 'unsynced')),
      database.transaction((stores) => save(stores, 'in a transaction')),
      database.withoutSync(({ transaction }) => transaction((stores) => save(stores, 'unsynced in one'))),
      database.sharedTransaction((stores) => save(stores, 'shared')),
      database.withoutSync(async (unsynced) => {
        await save(unsynced, 'unsynced and failing')
        throw new Error('planted')
      }),
      save(database, 'after a failure'),
    ])
    expect(done.map(({ status }) => status)).toEqual([
      ...Array.from({ length: 5 }, () => 'fulfilled'),
      'rejected',
      'fulfilled',
    ])
    expect(Object.fromEntries(levels)).toEqual({
      alone: full,
      unsynced: normal,
      'in a transaction': full,
      'unsynced in one': normal,
      shared: full,
      'unsynced and failing': normal,
      'after a failure': full,
    })
  })
})
