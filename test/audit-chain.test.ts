import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import SqliteFile from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { Migrator } from 'kysely/migration'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateSigningKey } from '../src/atproto/signing-key.ts'
import type { AuditChainRow, SignedAuditHead } from '../src/model/audit.ts'
import { auditGenesis, hashAuditRow } from '../src/model/audit-chain.ts'
import { migrations } from '../src/store/migrations.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { appendInProcess, auditEntryOf, openAuditDesk, tamper, verifyChain } from './support/audit.ts'

type Tamper = (file: SqliteFile.Database) => void
const sql =
  (...statements: string[]): Tamper =>
  (file) => {
    for (const statement of statements) file.exec(statement)
  }
const columns = ['at', 'actor', 'action', 'subject', 'details', 'hash']
const swap = (a: number, b: number, what = columns): Tamper =>
  sql(
    'CREATE TEMP TABLE kept AS SELECT * FROM audit',
    ...[
      [a, b],
      [b, a],
    ].flatMap(([to, from]) =>
      what.map(
        (name) => `UPDATE audit SET ${name} = (SELECT ${name} FROM kept WHERE id = ${from}) WHERE id = ${to}`,
      ),
    ),
  )
/** Moves the numbers of all rows from one on, without two rows ever having the same. */
const renumber = (from: number, by: number) => [
  `UPDATE audit SET id = -id WHERE id >= ${from}`,
  `UPDATE audit SET id = -id + ${by} WHERE id < 0`,
]
const insert = (id: number) =>
  `INSERT INTO audit (id, at, actor, action, subject, details, hash)
   VALUES (${id}, '2026-01-01T00:00:00.000Z', 'cli', 'test.done', 'forged', '{}', '${'0'.repeat(64)}')`
/** Makes the hashes of rows anew, as if they had been so from the beginning. */
const rehash =
  (first: number, last: number): Tamper =>
  (file) => {
    for (let id = first; id <= last; id++) {
      const [previous, row] = [id - 1, id].map((n) => file.prepare('SELECT * FROM audit WHERE id = ?').get(n))
      const hash = hashAuditRow((previous as AuditChainRow).hash, row as AuditChainRow)
      file.prepare('UPDATE audit SET hash = ? WHERE id = ?').run(hash, id)
    }
  }
const edit = "UPDATE audit SET details = '{}' WHERE id = 4"

describe('the chain of the audit', () => {
  const rows = 8
  let folder: string
  let whole: string
  let head: SignedAuditHead
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-audit-'))
    whole = join(folder, 'whole.db')
    await using database = await openSqlite({ path: whole })
    for (let n = 1; n <= rows; n++) await database.audit.append([auditEntryOf(`subject ${n}`)])
    head = await (await openAuditDesk(database)).head()
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  /** Checks a copy of the database after somebody has changed it. */
  async function verifyAfter(work: Tamper, options: Parameters<typeof verifyChain>[1] = {}) {
    const path = join(folder, 'copy.db')
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true })
    copyFileSync(whole, path)
    tamper(path, work)
    await using database = await openSqlite({ path })
    return await verifyChain(await openAuditDesk(database, await generateSigningKey()), options)
  }

  it('holds where nothing was done to it, with the head and without', async () => {
    const intact = { kind: 'intact', rows, last: { id: rows, hash: head.head.hash } }
    expect(await verifyAfter(() => undefined)).toMatchObject(intact)
    expect(await verifyAfter(() => undefined, { head })).toMatchObject(intact)
  })

  it('holds where it has no row yet', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const desk = await openAuditDesk(database)
    expect(await verifyChain(desk, { head: await desk.head() })).toMatchObject({ kind: 'intact', rows: 0 })
  })

  it.each<[what: string, row: number, fault: string, finding: string, work: Tamper]>([
    ...['at', 'actor', 'action', 'subject', 'details'].map(
      (name): [string, number, string, string, Tamper] => [
        `the ${name} of a row is changed`,
        4,
        'changed',
        'what it says was changed',
        sql(`UPDATE audit SET ${name} = 'x' || ${name} WHERE id = 4`),
      ],
    ),
    [
      'a hash is changed',
      4,
      'changed',
      'its hash was changed; what it says',
      sql(`UPDATE audit SET hash = '${'0'.repeat(64)}' WHERE id = 4`),
    ],
    [
      'the first row is changed',
      1,
      'changed',
      'what it says was changed',
      sql("UPDATE audit SET at = '' WHERE id = 1"),
    ],
    [
      'the last row is changed',
      8,
      'changed',
      'it was changed, or added',
      sql("UPDATE audit SET at = '' WHERE id = 8"),
    ],
    [
      'a row is changed and its hash alone made anew',
      5,
      'changed',
      'or row 4 was and had its hash made anew',
      (file) => {
        file.exec(edit)
        rehash(4, 4)(file)
      },
    ],
    [
      'several rows are changed',
      4,
      'changed',
      'several rows',
      sql("UPDATE audit SET at = '', hash = substr(hash, 2) || 'a' WHERE id IN (4, 5)"),
    ],
    ['a row is deleted', 4, 'missing', 'row 4 is gone', sql('DELETE FROM audit WHERE id = 4')],
    [
      'rows are deleted',
      4,
      'missing',
      'rows 4 to 6 are gone',
      sql('DELETE FROM audit WHERE id BETWEEN 4 AND 6'),
    ],
    ['the first row is deleted', 1, 'missing', 'row 1 is gone', sql('DELETE FROM audit WHERE id = 1')],
    [
      'the last row is deleted',
      8,
      'missing',
      'ends at row 7, and there were rows up to 8',
      sql('DELETE FROM audit WHERE id = 8'),
    ],
    ['all rows are deleted', 1, 'missing', 'ends at row 0', sql('DELETE FROM audit')],
    [
      'a row is deleted and the others renumbered',
      4,
      'missing',
      'a row is gone from here',
      sql('DELETE FROM audit WHERE id = 4', ...renumber(5, -1)),
    ],
    [
      'rows are deleted and the others renumbered',
      3,
      'missing',
      '2 rows are gone from here',
      sql('DELETE FROM audit WHERE id IN (3, 4)', ...renumber(5, -2)),
    ],
    ['two rows change places', 4, 'order', 'what belongs here stands in row 5', swap(4, 5)],
    ['two rows that are apart change places', 2, 'order', 'what belongs here stands in row 7', swap(2, 7)],
    ['the last two rows change places', 7, 'order', 'what belongs here stands in row 8', swap(7, 8)],
    [
      'two rows change places and leave their hashes',
      4,
      'order',
      'what belongs here stands in row 5',
      swap(4, 5, columns.slice(0, -1)),
    ],
    ['a row is put in', 4, 'added', 'it was put in', sql(...renumber(4, 1), insert(4))],
    ['rows are put in', 4, 'added', '2 rows were put in', sql(...renumber(4, 2), insert(4), insert(5))],
    ['a row is put in before the last', 8, 'added', 'it was put in', sql(...renumber(8, 1), insert(8))],
    ['a row is put after the last', 9, 'changed', 'or added without being chained', sql(insert(9))],
    ['a row is put far after the last', 9, 'missing', 'rows 9 to 11 are gone', sql(insert(12))],
    ['a row is put before the first', 0, 'added', 'no row has a number below 1', sql(insert(0))],
  ])('breaks where %s', async (_, row, fault, finding, work) => {
    const check = await verifyAfter(work)
    expect(check).toMatchObject({ kind: 'broken', row, fault, finding: expect.stringContaining(finding) })
  })

  it('shows by an earlier head what it does not show by itself', async () => {
    const cutOff = sql(
      'DELETE FROM audit WHERE id > 6',
      "UPDATE sqlite_sequence SET seq = 6 WHERE name = 'audit'",
    )
    expect(await verifyAfter(cutOff)).toMatchObject({ kind: 'intact', rows: 6 })
    expect(await verifyAfter(cutOff, { head })).toMatchObject({ kind: 'broken', row: 7, fault: 'missing' })
    const anew: Tamper = (file) => {
      file.exec(edit)
      rehash(4, 8)(file)
    }
    expect(await verifyAfter(anew)).toMatchObject({ kind: 'intact', rows: 8 })
    expect(await verifyAfter(anew, { head })).toMatchObject({ kind: 'broken', row: 8, fault: 'changed' })
  })

  it('believes no head that another key signed, that was changed, or that is of another database', async () => {
    const intruder = await generateSigningKey()
    await using other = await openSqlite({ path: ':memory:' })
    const theirs = await (await openAuditDesk(other, intruder)).head()
    const key = head.head.key
    const refused = { name: 'HeadSignatureError' }
    const nothing: Tamper = () => undefined
    await expect(verifyAfter(nothing, { head: theirs })).rejects.toMatchObject(refused)
    await expect(
      verifyAfter(nothing, { head: { ...theirs, head: { ...theirs.head, key } } }),
    ).rejects.toMatchObject(refused)
    await expect(
      verifyAfter(nothing, { head: { ...head, head: { ...head.head, id: 7 } } }),
    ).rejects.toMatchObject(refused)
    await expect(verifyAfter(nothing, { head, key: intruder.did() })).rejects.toMatchObject(refused)
    await expect(verifyAfter(nothing, { head: theirs, key: intruder.did() })).rejects.toThrow(
      'one of another',
    )
  })

  it('keeps the gap of rows that were cut off when others follow', async () => {
    const path = join(folder, 'gap.db')
    copyFileSync(whole, path)
    tamper(path, sql('DELETE FROM audit WHERE id > 6'))
    await using database = await openSqlite({ path })
    await database.audit.append([auditEntryOf('later')])
    const check = await verifyChain(await openAuditDesk(database))
    expect(check).toMatchObject({ kind: 'broken', row: 7, fault: 'missing', finding: 'rows 7 to 8 are gone' })
  })

  it('refuses to have a row replaced', () => {
    const file = new SqliteFile(whole)
    try {
      const replace = insert(4).replace('INSERT', 'INSERT OR REPLACE')
      expect(() => file.exec(replace)).toThrow('never replaced')
      // Without the trigger it would be: what the case is worth.
      file.exec('BEGIN; DROP TRIGGER audit_no_replace')
      file.exec(replace)
      expect(file.prepare('SELECT subject FROM audit WHERE id = 4').get()).toEqual({ subject: 'forged' })
      file.exec('ROLLBACK')
    } finally {
      file.close()
    }
  })
})

describe('the chain of an audit that is written to', () => {
  let folder: string
  let path: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-audit-'))
    path = join(folder, 'harrier.db')
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  it('is one chain when processes write at once, roll back, and die amid a transaction', async () => {
    await using database = await openSqlite({ path })
    const ends = await Promise.all([
      appendInProcess(path, 'first', 300),
      appendInProcess(path, 'second', 300),
      appendInProcess(path, 'mortal', 1000, 40),
    ])
    expect(ends).toEqual([null, null, 'SIGKILL'])
    const check = await verifyChain(await openAuditDesk(database))
    expect(check).toMatchObject({ kind: 'intact' })
    const { rows, total } = await database.audit.page({ limit: 10_000, offset: 0 })
    expect(rows).toHaveLength(total)
    const subjectsOf = (name: string) =>
      rows.filter(({ actor }) => actor === name).map(({ subject }) => subject)
    const kept = Array.from({ length: 300 }, (_, i) => i + 1)
    const wanted = kept.flatMap((n) => [
      ...(n % 7 === 0 ? [] : [`${n} a`, `${n} b`, `${n} c`]),
      ...[1, 2, 3].filter((part) => (n + part) % 5 !== 0).map((part) => `${n} shared ${part}`),
    ])
    expect(subjectsOf('first').toSorted()).toEqual(wanted.toSorted())
    expect(subjectsOf('second').toSorted()).toEqual(wanted.toSorted())
    expect(subjectsOf('mortal')).not.toContain('40 a')
    expect(subjectsOf('mortal')).toContain('39 c')
  }, 120_000)

  it('holds with texts of any kind, and hashes what is stored', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const texts = ['', 'a\u0000b', '5:x,', 'é \u{1f426} \u2028', 'half \ud83d', '\ufffe', '"\\\n']
    await database.audit.append(texts.map((text) => auditEntryOf(text, { details: { text } })))
    expect(await verifyChain(await openAuditDesk(database))).toMatchObject({
      kind: 'intact',
      rows: texts.length,
    })
    expect(await database.audit.list('a\u0000b', 5)).toHaveLength(1)
    const [row] = await database.audit.chain(4, 1)
    expect(row?.subject).toBe('half \ufffd')
  })

  it('is made for the rows that were there before there was one', async () => {
    const old = join(folder, 'old.db')
    const count = 2500
    const file = new SqliteFile(old)
    const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: new SqliteFile(old) }) })
    const provider = { getMigrations: async () => ({ ...migrations }) }
    const { error } = await new Migrator({ db, provider }).migrateTo('0017-webhooks')
    expect(error).toBeUndefined()
    await db.destroy()
    file.exec(`INSERT INTO audit (at, actor, action, subject, details)
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
      SELECT '2026-01-01T00:00:00.000Z', 'cli', 'a', 's' || i, '{ "n" : ' || i || ' }' FROM n`)
    const before = file.prepare('SELECT * FROM audit ORDER BY id').all()
    await using database = await openSqlite({ path: old })
    const after = file.prepare('SELECT id, at, actor, action, subject, details FROM audit ORDER BY id').all()
    expect(after).toEqual(before)
    for (const [statement, refusal] of [
      ["UPDATE audit SET at = ''", 'never changed'],
      ['DELETE FROM audit', 'never deleted'],
      ['INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE id = 1', 'never replaced'],
    ] as const)
      expect(() => file.exec(statement)).toThrow(refusal)
    file.close()
    await database.audit.append([auditEntryOf('new')])
    expect((await database.audit.page({ limit: 1, offset: 0 })).rows).toMatchObject([
      { id: count + 1, subject: 'new' },
    ])
    expect(await verifyChain(await openAuditDesk(database))).toMatchObject({
      kind: 'intact',
      rows: count + 1,
    })
    const { databaseId } = await database.audit.extent()
    const [first] = await database.audit.chain(0, 1)
    expect(first?.hash).toBe(hashAuditRow(auditGenesis(databaseId).hash, first as AuditChainRow))
  })
})
