import { type Kysely, sql, type Transaction } from 'kysely'
import type { Did } from '../model/ids.ts'
import { CursorMovedError } from './appview-store.ts'
import type { LabelBatch } from './label-state.ts'
import type { AppviewTables } from './tables.ts'

/** Tells whether our table is there. */
export async function hasCursorTable(db: Kysely<AppviewTables>, schema: string): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`SELECT EXISTS (
    SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = ${schema} AND relname = 'label_cursor') AS found`.execute(db)
  return rows[0]?.found === true
}

/** Makes our schema and our table where they are missing; a role that may make neither needs both made for it. */
export async function ensureCursorTable(db: Kysely<AppviewTables>, schema: string): Promise<void> {
  if (await hasCursorTable(db, schema)) return
  const { rows } = await sql`SELECT FROM pg_namespace WHERE nspname = ${schema}`.execute(db)
  // PostgreSQL asks for the right to make a schema even where there is one already.
  if (rows.length === 0) await sql`CREATE SCHEMA IF NOT EXISTS ${sql.id(schema)}`.execute(db)
  await sql`CREATE TABLE IF NOT EXISTS ${sql.id(schema, 'label_cursor')} (
    labeler text PRIMARY KEY,
    cursor bigint NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
  )`.execute(db)
}

/** Returns the labeler's cursor, or undefined when it was never read. */
export async function selectCursor(
  db: Kysely<AppviewTables>,
  schema: string,
  labeler: Did,
): Promise<number | undefined> {
  const row = await db
    .withSchema(schema)
    .selectFrom('label_cursor')
    .select('cursor')
    .where('labeler', '=', labeler)
    .executeTakeFirst()
  return row?.cursor
}

/** Forgets cursors. */
export async function deleteCursors(
  db: Kysely<AppviewTables>,
  schema: string,
  labelers: readonly Did[],
): Promise<void> {
  if (labelers.length === 0) return
  await db.withSchema(schema).deleteFrom('label_cursor').where('labeler', 'in', labelers).execute()
}

/**
 * Moves the labeler's cursor from where the batch builds on to where it ends, and locks it until the transaction is over.
 * @throws {CursorMovedError} when it was elsewhere.
 */
export async function moveCursor(
  db: Transaction<AppviewTables>,
  schema: string,
  batch: Pick<LabelBatch, 'labeler' | 'after' | 'cursor'>,
): Promise<void> {
  const moved = batch.after === undefined ? insertCursor(db, schema, batch) : updateCursor(db, schema, batch)
  if ((await moved) !== 1n) throw new CursorMovedError(batch.labeler)
}

type Move = Pick<LabelBatch, 'labeler' | 'after' | 'cursor'>

async function insertCursor(db: Transaction<AppviewTables>, schema: string, { labeler, cursor }: Move) {
  const result = await db
    .withSchema(schema)
    .insertInto('label_cursor')
    .values({ labeler, cursor })
    .onConflict((conflict) => conflict.column('labeler').doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows
}

async function updateCursor(
  db: Transaction<AppviewTables>,
  schema: string,
  { labeler, after, cursor }: Move,
) {
  const result = await db
    .withSchema(schema)
    .updateTable('label_cursor')
    .set({ cursor, updated_at: sql`now()` })
    .where('labeler', '=', labeler)
    .where('cursor', '=', after as number)
    .executeTakeFirst()
  return result.numUpdatedRows
}
