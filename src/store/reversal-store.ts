import { type Kysely, sql } from 'kysely'
import type { UndoReason } from '../model/effect.ts'
import type { Match } from '../model/match.ts'
import { hashTypeCodes } from './hash-type-code.ts'
import type { Schema } from './schema.ts'

/** A content whose effects are to be undone, as far as nothing else calls for them. */
export type Reversal = {
  readonly id: number
  readonly contentId: number
  readonly because: UndoReason
  readonly actor: string
}

/**
 * Contents that no longer stand behind what they caused. A row comes by itself when a hash of a content is deleted that effects go
 * back to; it goes when all of them were looked at.
 */
export interface ReversalStore {
  add(reversal: Omit<Reversal, 'id'>, at: string): Promise<void>
  /** Returns which of these matches are of a content that has lost its hash, or is judged to be no match, with why. */
  lost(
    matches: readonly Pick<Match, 'contentId' | 'hashType'>[],
  ): Promise<Pick<Reversal, 'contentId' | 'because'>[]>
  /** Returns the oldest. */
  next(): Promise<Reversal | undefined>
  /** Returns how many wait. */
  count(): Promise<number>
  finish(id: number): Promise<void>
}

/** Returns the functions over a connection or a transaction. */
export function createReversalStore(db: Kysely<Schema>): ReversalStore {
  return {
    async add({ contentId, because, actor }, at) {
      await db
        .insertInto('reversals')
        .values({ content_id: contentId, because, actor, requested_at: at })
        .execute()
    },

    async lost(matches) {
      const pairs = matches.map(({ contentId, hashType }) => [contentId, hashTypeCodes[hashType]])
      const { rows } = await sql<{ id: number; is_negative: 0 | 1 }>`
        SELECT item.value ->> 0 AS id, EXISTS (SELECT 1 FROM content_verdicts
          WHERE content_id = item.value ->> 0 AND verdict = 'negative') AS is_negative
        FROM json_each(${JSON.stringify(pairs)}) AS item
        WHERE is_negative OR NOT EXISTS (SELECT 1 FROM bank_hashes
          WHERE content_id = item.value ->> 0 AND type = item.value ->> 1)`.execute(db)
      return rows.map(({ id, is_negative: isNegative }) => ({
        contentId: id,
        because: isNegative ? 'deconfirmed' : 'hash-withdrawn',
      }))
    },

    async next() {
      const row = await db.selectFrom('reversals').selectAll().orderBy('id').limit(1).executeTakeFirst()
      return (
        row && {
          id: row.id,
          contentId: row.content_id,
          because: row.because as UndoReason,
          actor: row.actor,
        }
      )
    },

    async count() {
      const { n } = await db
        .selectFrom('reversals')
        .select((select) => select.fn.countAll<number>().as('n'))
        .executeTakeFirstOrThrow()
      return n
    },

    async finish(id) {
      await db.deleteFrom('reversals').where('id', '=', id).execute()
    },
  }
}
