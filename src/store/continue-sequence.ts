import { type Kysely, sql } from 'kysely'
import { AppError } from '../lib/errors.ts'
import type { Schema } from './schema.ts'
import type { SeqMark, SeqMarkState } from './seq-mark.ts'

/** Labels were published, and the database that has them is gone. The message says what can be done. */
export class LabelsLostError extends AppError {
  override readonly name = 'LabelsLostError'
  constructor(path: string, { reserved }: Pick<SeqMarkState, 'reserved'>) {
    super(
      'internal',
      `Expected the database of the labels that were published (up to seq ${reserved}) at ${path} but received ` +
        'none, or one without labels.\n' +
        '  If there is a backup, put it there: the sequence goes on above everything that was published.\n' +
        `  If there is none, start once with --seq-floor ${reserved} (or HARRIER_SEQ_FLOOR=${reserved}). Subscribers then ` +
        'go on with what is published from now on.\n' +
        '  What is lost stays in force with subscribers until it is published or withdrawn anew; those who ask for it ' +
        'are told OutdatedCursor.',
    )
  }
}

/** How the label sequence went on when the database was opened. */
export type SequenceStart =
  | { readonly kind: 'continued' }
  /**
   * It was raised: labels with a seq above `from`, up to and with `to`, may be missing. Either the database is an older
   * copy of the one that published them, or the operator asked for it.
   */
  | {
      readonly kind: 'raised'
      readonly from: number
      readonly to: number
      readonly because: 'older-copy' | 'floor'
    }

/**
 * Refuses to go on without a database whose labels were published. To be called before one is created.
 * @throws {LabelsLostError} unless the floor is at or above everything that was published.
 */
export function requireLabels(path: string, mark: SeqMarkState | undefined, floor: number): void {
  if (mark !== undefined && mark.reserved > floor) throw new LabelsLostError(path, mark)
}

/** What the sequence is judged by. */
export type SequenceDeps = {
  /** Where the database is, for the message. */
  readonly path: string
  readonly databaseId: string
  readonly mark: SeqMark
  readonly floor: number
}

/**
 * Makes the sequence go on above everything that was ever published and at or above the floor, and tells how. Safe to
 * repeat, and to do in several processes at once. Where nothing is to be done, which is the rule, nobody waits for the
 * write lock.
 * @throws {LabelsLostError} when the database is a new one and labels were published from the one before it.
 */
export async function continueSequence(db: Kysely<Schema>, deps: SequenceDeps): Promise<SequenceStart> {
  if ((await judge(db, deps)).isInOrder) return { kind: 'continued' }
  return db.transaction().execute(async (transaction) => {
    const { mark, floor } = deps
    const { lastSeq, least } = await judge(transaction, deps)
    mark.reserve(Math.max(least, lastSeq))
    mark.publish(lastSeq)
    if (least <= lastSeq) return { kind: 'continued' }
    await raise(transaction, least)
    return { kind: 'raised', from: lastSeq, to: least, because: least === floor ? 'floor' : 'older-copy' }
  })
}

/** How the database and the mark stand to one another: `least` is what the sequence has to be at or above. */
type Judgement = { readonly lastSeq: number; readonly least: number; readonly isInOrder: boolean }

async function judge(
  db: Kysely<Schema>,
  { path, databaseId, mark, floor }: SequenceDeps,
): Promise<Judgement> {
  const known = mark.read()
  const lastSeq = await loadLastSeq(db)
  const isOurs = known?.databaseId === databaseId
  if (!isOurs && lastSeq === 0) requireLabels(path, known, floor)
  const newest = isOurs ? known.published : (known?.reserved ?? 0)
  const least = Math.max(floor, newest > lastSeq ? (known?.reserved ?? 0) : 0)
  const isMarked = lastSeq === 0 || (isOurs && lastSeq <= known.published && lastSeq <= known.reserved)
  return { lastSeq, least, isInOrder: isMarked && least <= lastSeq }
}

/** Returns the highest seq ever given, or 0. */
export async function loadLastSeq(db: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ seq: number }>`SELECT seq FROM sqlite_sequence WHERE name = 'labels'`.execute(
    db,
  )
  return rows[0]?.seq ?? 0
}

/** Returns the name that the database was given when it was made. */
export async function loadDatabaseId(db: Kysely<Schema>): Promise<string> {
  const row = await db.selectFrom('label_stream').select('database_id').executeTakeFirstOrThrow()
  return row.database_id
}

/** SQLite keeps the last number of AUTOINCREMENT in a table of its own, which has a row once there was a label. */
async function raise(db: Kysely<Schema>, to: number): Promise<void> {
  await sql`DELETE FROM sqlite_sequence WHERE name = 'labels'`.execute(db)
  await sql`INSERT INTO sqlite_sequence (name, seq) VALUES ('labels', ${to})`.execute(db)
  await db.updateTable('label_stream').set({ floor: to }).execute()
}
