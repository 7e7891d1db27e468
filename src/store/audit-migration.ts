import { CompiledQuery, type Kysely, sql } from 'kysely'
import type { AuditChainRow } from '../model/audit.ts'
import { auditGenesis, hashAuditRow } from '../model/audit-chain.ts'
import type { Schema } from './schema.ts'

/** So many rows are in memory at once. */
const pageRows = 1000

/**
 * Chains the audit: the rows that are there are copied, with their numbers, into a table with hashes, a page at a time. The old
 * table refuses to be changed to its end, and the new one from its first moment with a name. What was changed before it was
 * chained is not to be seen.
 */
export async function chainAudit(untyped: Kysely<unknown>): Promise<void> {
  const db = untyped as Kysely<Schema>
  await sql
    .raw(`CREATE TABLE new_audit (
      id INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0), at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
      subject TEXT NOT NULL, details TEXT NOT NULL, hash TEXT NOT NULL CHECK (length(hash) = 64)
    ) STRICT`)
    .execute(db)
  await copyRows(db)
  for (const statement of swapTables) await sql.raw(statement).execute(db)
}

async function copyRows(db: Kysely<Schema>): Promise<void> {
  const { database_id: databaseId } = await db
    .selectFrom('label_stream')
    .select('database_id')
    .executeTakeFirstOrThrow()
  let last = auditGenesis(databaseId)
  while (true) {
    const rows = await db
      .selectFrom('audit')
      .select(['id', 'at', 'actor', 'action', 'subject', 'details'])
      .where('id', '>', last.id)
      .orderBy('id')
      .limit(pageRows)
      .execute()
    if (rows.length === 0) return
    const values: AuditChainRow[] = []
    for (const row of rows) {
      last = { id: row.id, hash: hashAuditRow(last.hash, row) }
      values.push({ ...row, hash: last.hash })
    }
    await insertPage(db, values)
  }
}

/** Written out: building a statement of a thousand rows anew takes longer than running it. */
async function insertPage(db: Kysely<Schema>, rows: readonly AuditChainRow[]): Promise<void> {
  const places = rows.map(() => '(?, ?, ?, ?, ?, ?, ?)').join(', ')
  const values = rows.flatMap(({ id, at, actor, action, subject, details, hash }) => [
    id,
    at,
    actor,
    action,
    subject,
    details,
    hash,
  ])
  await db.executeQuery(CompiledQuery.raw(`INSERT INTO new_audit VALUES ${places}`, values))
}

/** Replacing a row is deleting it without the trigger that forbids that: hence one of its own. */
const swapTables = [
  `DELETE FROM sqlite_sequence WHERE name = 'new_audit'`,
  `UPDATE sqlite_sequence SET name = 'new_audit' WHERE name = 'audit'`,
  `DROP TABLE audit`,
  `ALTER TABLE new_audit RENAME TO audit`,
  `CREATE INDEX audit_subject ON audit (subject, id)`,
  `CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never changed'); END`,
  `CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit rows are never deleted'); END`,
  `CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'audit rows are never replaced'); END`,
  `CREATE TABLE recorded_settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID`,
]
