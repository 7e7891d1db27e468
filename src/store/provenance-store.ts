import { type Kysely, sql } from 'kysely'
import type { ExchangeOpinion } from '../model/opinion.ts'
import type { ContentProvenance } from '../model/review.ts'
import type { Schema } from './schema.ts'

/** Where contents come from: of exchanges, and of what the audit says of their banks. */
export interface ProvenanceStore {
  /** Returns where each of these contents comes from that is still there; at most 100. */
  ofContents(contentIds: readonly number[]): Promise<ReadonlyMap<number, ContentProvenance>>
}

const maxContents = 100
/** A content and the audit row of its adding have times of their own, in milliseconds of each other. */
const slackMs = 60_000

type ContentRow = {
  readonly id: number
  readonly created_at: number
  readonly bank: string
  readonly api: string | null
  readonly is_shared: 0 | 1
  readonly opinion: ExchangeOpinion | null
}

/** Returns the functions over a connection or a transaction. */
export function createProvenanceStore(db: Kysely<Schema>): ProvenanceStore {
  return {
    async ofContents(contentIds) {
      const ids = JSON.stringify(contentIds.slice(0, maxContents))
      const { rows } = await sql<ContentRow>`
        SELECT bank_contents.id, bank_contents.created_at, banks.name AS bank, exchanges.api, opinion,
          EXISTS (SELECT 1 FROM exchange_contents WHERE content_id = bank_contents.id) AS is_shared
        FROM bank_contents JOIN banks ON banks.id = bank_contents.bank_id
        LEFT JOIN exchanges ON exchanges.bank_id = banks.id
        LEFT JOIN exchange_opinions ON exchange_opinions.content_id = bank_contents.id
        WHERE bank_contents.id IN (SELECT value FROM json_each(${ids}))`.execute(db)
      const found = new Map<number, ContentProvenance>()
      for (const row of rows) found.set(row.id, await provenanceOf(db, row))
      return found
    },
  }
}

async function provenanceOf(db: Kysely<Schema>, row: ContentRow): Promise<ContentProvenance> {
  const at = new Date(row.created_at).toISOString()
  const exchange = row.api === null ? undefined : { api: row.api, opinion: row.opinion ?? undefined }
  const shared = { at, by: undefined, format: undefined, exchange }
  if (row.is_shared === 1) return { ...shared, how: 'shared' }
  const by = await addedBy(db, row)
  if (by !== undefined) return { ...shared, how: 'added', by }
  const file = await importedBy(db, row.bank, at)
  return file ? { ...shared, how: 'imported', ...file } : { ...shared, how: 'unknown' }
}

async function addedBy(
  db: Kysely<Schema>,
  { id, bank, created_at: ms }: ContentRow,
): Promise<string | undefined> {
  const [from, to] = [ms - slackMs, ms + slackMs].map((time) => new Date(time).toISOString())
  const { rows } = await sql<{ actor: string }>`
    SELECT actor FROM audit WHERE subject = ${bank} AND action = 'bank.content-added'
    AND at BETWEEN ${from} AND ${to} AND details ->> 'content' = ${id} LIMIT 1`.execute(db)
  return rows[0]?.actor
}

/** The import of the bank that was going on then. */
async function importedBy(
  db: Kysely<Schema>,
  bank: string,
  at: string,
): Promise<{ readonly by: string; readonly format: string | undefined } | undefined> {
  const { rows } = await sql<{ actor: string; action: string; format: string | null }>`
    SELECT actor, action, details ->> 'format' AS format FROM audit
    WHERE subject = ${bank} AND (action = 'bank.import-started' AND at <= ${at}
      OR action IN ('bank.import-stopped', 'bank.import-finished') AND at < ${at})
    ORDER BY id DESC LIMIT 1`.execute(db)
  const [last] = rows
  return last?.action === 'bank.import-started'
    ? { by: last.actor, format: last.format ?? undefined }
    : undefined
}
