import { type Kysely, sql } from 'kysely'
import type { ExchangeOpinion, Opinion } from '../model/opinion.ts'
import type { Schema } from './schema.ts'

/** What a person here thinks of a content. */
export type ContentVerdict = {
  readonly contentId: number
  readonly bankId: number
  readonly verdict: Extract<Opinion, 'confirmed' | 'negative'>
  readonly actor: string
  readonly reason: string
  /** ISO 8601. */
  readonly at: string
}

/** What is thought of contents. Writes belong in a transaction. */
export interface VerdictStore {
  /** Returns the opinion of each content of which there is one: a person's here, else the exchange's. */
  opinions(contentIds: readonly number[]): Promise<ReadonlyMap<number, Opinion>>
  find(contentId: number): Promise<ContentVerdict | undefined>
  /** Says what a person thinks of a content, in place of what was said before. */
  save(verdict: ContentVerdict): Promise<void>
  /** Takes a person's verdict back; false when there is none. */
  forget(contentId: number): Promise<boolean>
  /** Says what the members of an exchange think of a content; undefined, that they no longer say anything. */
  saveExchange(contentId: number, opinion: ExchangeOpinion | undefined): Promise<void>
}

/** Returns the functions over a connection or a transaction. */
export function createVerdictStore(db: Kysely<Schema>): VerdictStore {
  return {
    async opinions(contentIds) {
      const ids = JSON.stringify(contentIds)
      const { rows } = await sql<{ content_id: number; opinion: Opinion }>`
        SELECT content_id, opinion FROM exchange_opinions WHERE content_id IN (SELECT value FROM json_each(${ids}))
        UNION ALL
        SELECT content_id, verdict FROM content_verdicts WHERE content_id IN (SELECT value FROM json_each(${ids}))`.execute(
        db,
      )
      return new Map(rows.map(({ content_id: id, opinion }) => [id, opinion]))
    },

    async find(contentId) {
      const row = await db
        .selectFrom('content_verdicts')
        .selectAll()
        .where('content_id', '=', contentId)
        .executeTakeFirst()
      return (
        row && {
          contentId,
          bankId: row.bank_id,
          verdict: row.verdict,
          actor: row.actor,
          reason: row.reason,
          at: row.at,
        }
      )
    },

    async save({ contentId, bankId, ...verdict }) {
      await sql`INSERT OR REPLACE INTO content_verdicts (content_id, bank_id, verdict, actor, reason, at)
        VALUES (${contentId}, ${bankId}, ${verdict.verdict}, ${verdict.actor}, ${verdict.reason}, ${verdict.at})`.execute(
        db,
      )
    },

    async forget(contentId) {
      const result = await db
        .deleteFrom('content_verdicts')
        .where('content_id', '=', contentId)
        .executeTakeFirst()
      return result.numDeletedRows > 0n
    },

    async saveExchange(contentId, opinion) {
      await db.deleteFrom('exchange_opinions').where('content_id', '=', contentId).execute()
      if (opinion !== undefined)
        await db.insertInto('exchange_opinions').values({ content_id: contentId, opinion }).execute()
    },
  }
}
