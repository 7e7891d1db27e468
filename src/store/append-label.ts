import { CompiledQuery, type Kysely, sql } from 'kysely'
import { AppError } from '../lib/errors.ts'
import type { SignedLabel } from '../model/label.ts'
import type { Row, Schema } from './schema.ts'

/** A label that is not newer than the one it would replace: somebody else wrote first, so the decision is stale. */
export class StaleLabelError extends AppError {
  override readonly name = 'StaleLabelError'
  constructor(val: string) {
    super(
      'conflict',
      `Expected a cts newer than the current one for label ${val} but received an older or equal one`,
    )
  }
  override shouldRetry(): boolean {
    return true
  }
}

type Current = Pick<Row<'labels'>, 'seq' | 'cts' | 'cid' | 'neg' | 'exp'>

/**
 * Written out, since building a statement anew takes longer than running it, and imports append a million labels. Most of
 * them are the first of their value on their subject, and take one statement.
 */
const findCurrent = `SELECT seq, cts, cid, neg, exp FROM labels
  WHERE uri = ? AND val = ? AND src = ? AND is_current = 1`
const insertLabel = `INSERT INTO labels (src, uri, cid, val, neg, cts, exp, sig, bytes, key_id, is_current)
  SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, coalesce((SELECT id FROM signing_keys WHERE did_key = ?), 0), 1
  WHERE NOT EXISTS (SELECT 1 FROM labels WHERE uri = ? AND val = ? AND src = ? AND is_current = 1)`

/**
 * Publishes a label and returns its seq, or undefined when it holds already. Belongs in a transaction.
 * @throws {StaleLabelError} when it would not be newer than the current one.
 */
export async function appendLabel(
  db: Kysely<Schema>,
  label: Omit<SignedLabel, 'signedBy'>,
  signedBy: string,
): Promise<number | undefined> {
  const { src, uri, val, cts, sig, bytes } = label
  const [neg, cid, exp] = [label.neg ? 1 : 0, label.cid ?? null, label.exp ?? null]
  const row = [src, uri, cid, val, neg, cts, exp, Buffer.from(sig), Buffer.from(bytes), signedBy]
  const values = [...row, uri, val, src]
  const insert = async (): Promise<number | undefined> => {
    const { numAffectedRows, insertId } = await db.executeQuery(CompiledQuery.raw(insertLabel, values))
    return numAffectedRows === 1n ? Number(insertId) : undefined
  }
  const seq = await insert()
  if (seq !== undefined) return seq
  const { rows } = await db.executeQuery<Current>(CompiledQuery.raw(findCurrent, [uri, val, src]))
  const [current] = rows
  if (!current || (current.neg === neg && current.cid === cid && current.exp === exp)) return undefined
  if (cts <= current.cts) throw new StaleLabelError(val)
  await supersede(db, current, label)
  return insert()
}

/** Whoever keeps labels by version loses only the one on the version of the new label; one on another stands. */
async function supersede(
  db: Kysely<Schema>,
  current: { readonly seq: number; readonly cid: string | null; readonly neg: number },
  { src, uri, val, ...label }: Pick<SignedLabel, 'src' | 'uri' | 'val' | 'cid'>,
): Promise<void> {
  const cid = label.cid ?? null
  const isStanding = current.neg === 0 && current.cid !== cid ? 1 : 0
  await db
    .updateTable('labels')
    .set({ is_current: 0, is_standing: isStanding })
    .where('seq', '=', current.seq)
    .execute()
  await db
    .updateTable('labels')
    .set({ is_standing: 0 })
    .where('uri', '=', uri)
    .where('val', '=', val)
    .where('src', '=', src)
    .where('is_standing', '=', sql.lit(1))
    .where('cid', 'is', cid)
    .execute()
}
