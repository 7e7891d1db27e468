import { type Kysely, sql, type Transaction } from 'kysely'
import type { Did } from '../model/ids.ts'
import type { LabelState } from './label-state.ts'
import type { AppviewTables } from './tables.ts'

type Key = Pick<LabelState, 'uri' | 'val'>

/**
 * Returns the labeler's rows, of every version and negations included, for the subjects and values of the labels.
 * `isLocking` keeps others from changing them until the transaction is over.
 */
export async function selectCurrent(
  db: Kysely<AppviewTables>,
  schema: string,
  { labeler, labels, isLocking }: { labeler: Did; labels: readonly Key[]; isLocking: boolean },
): Promise<LabelState[]> {
  const distinct = [...new Map(labels.map(({ uri, val }) => [`${uri}\0${val}`, { uri, val }])).values()]
  const query = db
    .withSchema(schema)
    .selectFrom('label')
    .innerJoin(keyTable(distinct).as<'key'>(sql`key(uri, val)`), (join) =>
      join.onRef('label.uri', '=', 'key.uri').onRef('label.val', '=', 'key.val'),
    )
    .where('label.src', '=', labeler)
    .select(['label.uri', 'label.cid', 'label.val', 'label.neg', 'label.cts', 'label.exp'])
  return isLocking ? await query.forUpdate('label').execute() : await query.execute()
}

/** Removes the labeler's rows, of every version, for the subjects and values. */
export async function deleteRows(
  db: Transaction<AppviewTables>,
  schema: string,
  labeler: Did,
  keys: readonly Key[],
): Promise<void> {
  await sql`DELETE FROM ${sql.id(schema, 'label')} AS label USING ${keyTable(keys)} AS key(uri, val)
    WHERE label.src = ${labeler} AND label.uri = key.uri AND label.val = key.val`.execute(db)
}

/** Adds the labeler's rows; one that another writer has put there meanwhile is replaced. */
export async function insertRows(
  db: Transaction<AppviewTables>,
  schema: string,
  labeler: Did,
  rows: readonly LabelState[],
): Promise<void> {
  const column = <Name extends keyof LabelState>(name: Name) => rows.map((row) => row[name])
  await sql`INSERT INTO ${sql.id(schema, 'label')} (src, uri, cid, val, neg, cts, exp)
    SELECT ${labeler}, * FROM unnest(
      ${column('uri')}::text[], ${column('cid')}::text[], ${column('val')}::text[],
      ${column('neg')}::bool[], ${column('cts')}::text[], ${column('exp')}::text[])
    ON CONFLICT (src, uri, cid, val)
    DO UPDATE SET neg = excluded.neg, cts = excluded.cts, exp = excluded.exp`.execute(db)
}

/** The subjects and values as a table of two columns: one statement, however many there are. */
function keyTable(keys: readonly Key[]) {
  return sql<Key>`unnest(${keys.map(({ uri }) => uri)}::text[], ${keys.map(({ val }) => val)}::text[])`
}
