import { type Kysely, sql } from 'kysely'
import type { AtUri, Cid } from '../model/ids.ts'
import type { ReviewedRecord } from '../model/review.ts'
import type { Schema } from './schema.ts'

/** A record that is to be fetched because its account, or it, was reported, or because a blob of it matches. */
export type SubjectFetch = {
  readonly id: number
  /** Undefined where no review wants it. */
  readonly reviewId: number | undefined
  readonly uri: AtUri
  /** The version that was reported; undefined where none was named. */
  readonly cid: Cid | undefined
  /** How often it was started, this time included; at least 1. */
  readonly attempts: number
}

/** The queue of records to fetch, one row for each record of a review or of none. Times are epoch milliseconds. */
export interface SubjectFetchStore {
  /** Adds a record; one that was fetched before is fetched again. */
  add(reviewId: number | undefined, uri: AtUri, cid: Cid | undefined, now: number): Promise<void>
  /** Returns records that are due, oldest first, none of `busy`, and counts the attempt. */
  claim(now: number, limit: number, busy: readonly AtUri[]): Promise<SubjectFetch[]>
  /** Ends a fetch as done, or as dead when a person should look at how it ended; one that is done for no review is deleted. */
  end(id: number, state: 'done' | 'dead', outcome: string, doneAt: string): Promise<void>
  /** Puts a fetch back until `runAfter`. */
  retry(id: number, error: string, runAfter: number): Promise<void>
  /** Returns the records of a review, in the order they were added. */
  list(reviewId: number): Promise<ReviewedRecord[]>
}

/** Returns the fetch table's functions over a connection or a transaction. */
export function createSubjectFetchStore(db: Kysely<Schema>): SubjectFetchStore {
  return {
    async add(reviewId, uri, cid, now) {
      const fresh = { cid: cid ?? null, run_after: now }
      await db
        .insertInto('subject_fetches')
        .values({ review_id: reviewId ?? null, uri, ...fresh })
        .onConflict((conflict) =>
          conflict
            .expression(sql`coalesce(review_id, 0), uri`)
            .doUpdateSet({ ...fresh, state: 'pending', attempts: 0, outcome: null, done_at: null }),
        )
        .execute()
    },

    async claim(now, limit, busy) {
      const due = await db
        .selectFrom('subject_fetches')
        .select('id')
        .where('state', '=', 'pending')
        .where('run_after', '<=', now)
        .where(sql<boolean>`uri NOT IN (SELECT value FROM json_each(${JSON.stringify(busy)}))`)
        .groupBy('uri')
        .orderBy('run_after')
        .orderBy('id')
        .limit(limit)
        .execute()
      if (due.length === 0) return []
      const rows = await db
        .updateTable('subject_fetches')
        .set((set) => ({ attempts: set('attempts', '+', 1) }))
        .where(
          'id',
          'in',
          due.map(({ id }) => id),
        )
        .returningAll()
        .execute()
      return rows.map((row) => ({
        id: row.id,
        reviewId: row.review_id ?? undefined,
        uri: row.uri as AtUri,
        cid: (row.cid ?? undefined) as Cid | undefined,
        attempts: row.attempts,
      }))
    },

    async end(id, state, outcome, doneAt) {
      if (state === 'done')
        await db.deleteFrom('subject_fetches').where('id', '=', id).where('review_id', 'is', null).execute()
      await db
        .updateTable('subject_fetches')
        .set({ state, outcome, done_at: doneAt })
        .where('id', '=', id)
        .execute()
    },

    async retry(id, error, runAfter) {
      await db
        .updateTable('subject_fetches')
        .set({ run_after: runAfter, outcome: error })
        .where('id', '=', id)
        .execute()
    },

    async list(reviewId) {
      const rows = await db
        .selectFrom('subject_fetches')
        .selectAll()
        .where('review_id', '=', reviewId)
        .orderBy('id')
        .execute()
      return rows.map(({ uri, outcome, attempts }) => ({
        uri: uri as AtUri,
        outcome: outcome ?? undefined,
        attempts,
      }))
    },
  }
}
