import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteFile from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { postUri, unsignedLabel } from '../../test/support/label-rows.ts'
import type { Database } from './database.ts'
import { readSeqMark } from './seq-mark.ts'
import { openSqlite } from './sqlite.ts'

describe('the mark of the label sequence', () => {
  let folder: string
  let path: string
  let markPath: string
  let subjects = 0

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-seq-'))
    path = join(folder, 'harrier.db')
    markPath = join(folder, 'harrier.seq')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const labels = (count: number) =>
    Array.from({ length: count }, () => unsignedLabel({ uri: postUri((subjects += 1)) }))

  const publish = async (database: Database, count: number): Promise<number[]> =>
    (await database.transaction((stores) => stores.labels.append(labels(count)))).map(({ seq }) => seq)

  const open = (seqFloor = 0) => openSqlite({ path, seqFloor })

  /** Opens, publishes so many, and closes. */
  const live = async (count: number, seqFloor = 0): Promise<number[]> => {
    await using database = await open(seqFloor)
    return await publish(database, count)
  }

  const backup = (to: string): void => {
    const file = new SqliteFile(path)
    file.exec(`VACUUM INTO '${to}'`)
    file.close()
  }

  const loseDatabase = (): void => {
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
  }

  it('stands above a label before that can be seen, and is replaced once in a thousand labels', async () => {
    await using database = await open()
    expect(existsSync(markPath)).toBe(false)
    await database.transaction(async (stores) => {
      await stores.labels.append(labels(3))
      // Not committed yet: nobody can see them.
      expect(readSeqMark(markPath)).toMatchObject({ reserved: 1002, published: 0 })
    })
    expect(readSeqMark(markPath)).toMatchObject({ reserved: 1002, published: 3 })
    const files = new Set<number>()
    for (let i = 0; i < 30; i++) {
      await publish(database, 100)
      files.add(statSync(markPath).ino)
    }
    expect(await database.labels.lastSeq()).toBe(3003)
    expect(readSeqMark(markPath)?.published).toBe(3003)
    expect(readSeqMark(markPath)?.reserved).toBeGreaterThanOrEqual(3003)
    expect(files.size).toBeLessThanOrEqual(4)
  })

  it('leaves no gap at a restart, and none when another process has published', async () => {
    expect(await live(3)).toEqual([1, 2, 3])
    await using service = await open()
    expect(service.sequence).toEqual({ kind: 'continued' })
    expect(await live(1)).toEqual([4])
    expect(await publish(service, 1)).toEqual([5])
    expect(readSeqMark(markPath)).toMatchObject({ reserved: 1002, published: 5 })
  })

  it('never goes down', async () => {
    await using one = await open()
    await using other = await open()
    await publish(one, 5)
    const { reserved = 0 } = readSeqMark(markPath) ?? {}
    await publish(other, 1)
    await publish(one, 1)
    expect(readSeqMark(markPath)).toMatchObject({ reserved, published: 7 })
  })

  it('refuses a database that is gone, creates none in its place, and says what to do', async () => {
    await live(3)
    loseDatabase()
    for (const attempt of [1, 2]) {
      const refusal = await open().catch((error: unknown) => error)
      expect(refusal, `attempt ${attempt}`).toMatchObject({ name: 'LabelsLostError' })
      for (const part of [path, 'backup', '--seq-floor 1002', 'HARRIER_SEQ_FLOOR=1002', 'OutdatedCursor'])
        expect((refusal as Error).message).toContain(part)
      expect(existsSync(path)).toBe(false)
    }
  })

  it('refuses an empty database in the place of the one that is gone', async () => {
    const elsewhere = join(folder, 'other')
    await using _ = await openSqlite({ path: join(elsewhere, 'harrier.db') })
    await live(3)
    loseDatabase()
    cpSync(join(elsewhere, 'harrier.db'), path)
    await expect(open()).rejects.toMatchObject({ name: 'LabelsLostError' })
    // A floor under what was published would give seqs twice.
    await expect(open(1001)).rejects.toMatchObject({ name: 'LabelsLostError' })
  })

  it('lets an empty database begin above a floor, once, and keeps the floor', async () => {
    await live(3)
    loseDatabase()
    {
      await using database = await open(5000)
      expect(database.sequence).toEqual({ kind: 'raised', from: 0, to: 5000, because: 'floor' })
      expect([await database.labels.lastSeq(), await database.labels.floor()]).toEqual([5000, 5000])
      expect(await publish(database, 2)).toEqual([5001, 5002])
    }
    await using again = await open(5000)
    expect(again.sequence).toEqual({ kind: 'continued' })
    expect(await publish(again, 1)).toEqual([5003])
    expect(await again.labels.floor()).toBe(5000)
  })

  it('raises the sequence of an older copy above everything that was published', async () => {
    const copy = join(folder, 'copy.db')
    await live(3)
    backup(copy)
    const seen = await live(4)
    expect(seen).toEqual([4, 5, 6, 7])
    loseDatabase()
    cpSync(copy, path)
    await using database = await open()
    expect(database.sequence).toEqual({ kind: 'raised', from: 3, to: 1002, because: 'older-copy' })
    expect(await publish(database, 1)).toEqual([1003])
    expect(await database.labels.floor()).toBe(1002)
  })

  it('raises the sequence of a copy that had no label yet', async () => {
    const copy = join(folder, 'copy.db')
    await using _ = await open()
    backup(copy)
    await live(2)
    loseDatabase()
    cpSync(copy, path)
    await using database = await open()
    expect(database.sequence).toMatchObject({ kind: 'raised', to: 1001, because: 'older-copy' })
  })

  it('is made anew when it is lost itself, at the first opening', async () => {
    await live(3)
    rmSync(markPath)
    await using database = await open()
    expect(readSeqMark(markPath)).toMatchObject({ published: 3 })
    expect(await publish(database, 1)).toEqual([4])
  })

  it('does not take a label that was rolled back for one that was published', async () => {
    {
      await using database = await open()
      const rolledBack = database.transaction(async (stores) => {
        await stores.labels.append(labels(1))
        throw new Error('changed its mind')
      })
      await expect(rolledBack).rejects.toThrow('mind')
      expect(readSeqMark(markPath)).toMatchObject({ published: 0 })
    }
    expect(await live(1)).toEqual([1])
  })

  it('stops the start when it holds something else, and says what to do', async () => {
    await live(1)
    const text = readFileSync(markPath, 'utf8')
    for (const damaged of ['', text.slice(0, -5), text.replace('reserved 0', 'reserved x')]) {
      writeFileSync(markPath, damaged)
      await expect(open()).rejects.toMatchObject({
        name: 'SeqMarkError',
        message: expect.stringContaining('--seq-floor'),
      })
    }
    writeFileSync(markPath, text)
    expect(await live(1)).toEqual([2])
  })
})
