import { type Kysely, sql } from 'kysely'
import type { BankContent, ContentHash, ContentTexts } from '../model/bank.ts'
import { hashTypeCodes, hashTypeOfCode } from './hash-type-code.ts'
import type { Row, Schema } from './schema.ts'

/** A content that is to be added: one hash at least, at most one of each type. */
export type NewContent = ContentTexts & { readonly hashes: readonly ContentHash[] }

/**
 * Adds the contents of which the bank does not hold every hash already, with the hashes that it does not hold, and
 * returns their ids, in order. Belongs in a transaction. Lists travel as JSON, so that thousands of rows are one
 * statement; the unique index says which hashes are new.
 */
export async function insertContents(
  db: Kysely<Schema>,
  bankId: number,
  contents: readonly NewContent[],
  createdAt: string,
): Promise<number[]> {
  const firstId = (await lastContentId(db)) + 1
  const hashes = contents.flatMap((content, index) =>
    content.hashes.map(({ type, value, quality }) => [firstId + index, hashTypeCodes[type], value, quality]),
  )
  const inserted = await sql<{ content_id: number }>`
    INSERT INTO bank_hashes (bank_id, content_id, type, value, quality)
    SELECT ${bankId}, item.value ->> 0, item.value ->> 1, unhex(item.value ->> 2), item.value ->> 3
    FROM json_each(${JSON.stringify(hashes)}) AS item WHERE true ORDER BY item.key
    ON CONFLICT (bank_id, type, value) DO NOTHING RETURNING content_id`.execute(db)
  const ids = [...new Set(inserted.rows.map((row) => row.content_id))].sort((a, b) => a - b)
  const texts = ids.map((id) => {
    const { label = '', note = '', sourceId = '' } = contents[id - firstId] ?? {}
    return [id, label, note, sourceId]
  })
  await sql`
    INSERT INTO bank_contents (id, bank_id, created_at, label, note, source_id)
    SELECT item.value ->> 0, ${bankId}, ${Date.parse(createdAt)}, item.value ->> 1, item.value ->> 2, item.value ->> 3
    FROM json_each(${JSON.stringify(texts)}) AS item ORDER BY item.key`.execute(db)
  return ids
}

/** Returns the content that holds the first of the hashes that the bank holds. @throws when it holds none of them. */
export async function contentHolding(
  db: Kysely<Schema>,
  bankId: number,
  hashes: readonly ContentHash[],
): Promise<number> {
  const wanted = hashes.map(({ type, value }) => [hashTypeCodes[type], value])
  const { rows } = await sql<{ content_id: number }>`
    SELECT content_id FROM json_each(${JSON.stringify(wanted)}) AS item JOIN bank_hashes
    ON bank_id = ${bankId} AND bank_hashes.type = item.value ->> 0 AND bank_hashes.value = unhex(item.value ->> 1)
    ORDER BY item.key LIMIT 1`.execute(db)
  const [row] = rows
  if (!row) throw new TypeError('Expected a bank that holds one of the hashes at least')
  return row.content_id
}

/** Returns up to `limit` contents of a bank after an id, by id; the hashes of each in the order of `hashTypes`. */
export async function loadContents(
  db: Kysely<Schema>,
  bankId: number,
  afterId: number,
  limit: number,
): Promise<BankContent[]> {
  const contents = await db
    .selectFrom('bank_contents')
    .selectAll()
    .where('bank_id', '=', bankId)
    .where('id', '>', afterId)
    .orderBy('id')
    .limit(limit)
    .execute()
  return await contentsOfRows(db, contents)
}

/** Returns the contents that rows stand for, in their order, with the hashes of each in the order of `hashTypes`. */
export async function contentsOfRows(
  db: Kysely<Schema>,
  contents: readonly Row<'bank_contents'>[],
): Promise<BankContent[]> {
  const ids = JSON.stringify(contents.map((content) => content.id))
  const { rows } = await sql<Row<'bank_hashes'>>`
    SELECT content_id, type, value, quality FROM bank_hashes
    WHERE content_id IN (SELECT value FROM json_each(${ids})) ORDER BY content_id, type`.execute(db)
  const hashes = Map.groupBy(rows, (row) => row.content_id)
  return contents.map((content) => ({
    id: content.id,
    bankId: content.bank_id,
    label: content.label,
    note: content.note,
    sourceId: content.source_id,
    createdAt: new Date(content.created_at).toISOString(),
    hashes: (hashes.get(content.id) ?? []).map(({ type, value, quality }) => ({
      type: hashTypeOfCode(type),
      value: value.toString('hex'),
      quality,
    })),
  }))
}

/** The highest id that a content ever had. */
async function lastContentId(db: Kysely<Schema>): Promise<number> {
  const { rows } = await sql<{ seq: number }>`
    SELECT seq FROM sqlite_sequence WHERE name = 'bank_contents'`.execute(db)
  return rows[0]?.seq ?? 0
}
