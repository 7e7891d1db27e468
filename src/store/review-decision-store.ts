import type { Kysely } from 'kysely'
import type { DecisionDetails, KeptDecision, ReviewDecision } from '../model/review-decision.ts'
import type { Row, Schema } from './schema.ts'

/** Who has reviews for the time being, and what was decided about them. Times are ISO 8601. */
export interface ReviewDecisionStore {
  /**
   * Claims a review, or prolongs the claim that somebody has; false when another's claim is not over at `at`, and for a review
   * that is closed. Two who race for one cannot both have it.
   */
  claim(reviewId: number, by: string, at: string, until: string): Promise<boolean>
  /** Ends the claim of a review; false when nobody had one. */
  unclaim(reviewId: number): Promise<boolean>
  /** Keeps a decision. Belongs in a transaction with what it causes. */
  add(decision: Omit<KeptDecision, 'id'>): Promise<number>
  /** Moves a review on, and ends its claim; false for one that is closed. Belongs in a transaction with the decision. */
  move(reviewId: number, state: 'escalated' | 'closed', at: string): Promise<boolean>
  /** Returns what was decided about a review, oldest first; the newest 200. */
  list(reviewId: number): Promise<KeptDecision[]>
}

const maxListed = 200

/** Returns the functions over a connection or a transaction. */
export function createReviewDecisionStore(db: Kysely<Schema>): ReviewDecisionStore {
  return {
    async claim(reviewId, by, at, until) {
      const result = await db
        .updateTable('reviews')
        .set({ claimed_by: by, claimed_until: until })
        .where('id', '=', reviewId)
        .where('state', '!=', 'closed')
        .where((where) =>
          where.or([
            where('claimed_by', 'is', null),
            where('claimed_by', '=', by),
            where('claimed_until', '<=', at),
          ]),
        )
        .executeTakeFirst()
      return result.numUpdatedRows > 0n
    },

    async unclaim(reviewId) {
      const result = await db
        .updateTable('reviews')
        .set({ claimed_by: null, claimed_until: null })
        .where('id', '=', reviewId)
        .where('claimed_by', 'is not', null)
        .executeTakeFirst()
      return result.numUpdatedRows > 0n
    },

    async add({ reviewId, decision, actor, details, at }) {
      const row = { review_id: reviewId, decision, actor, details: JSON.stringify(details), at }
      const { id } = await db
        .insertInto('review_decisions')
        .values(row)
        .returning('id')
        .executeTakeFirstOrThrow()
      return id
    },

    async move(reviewId, state, at) {
      const result = await db
        .updateTable('reviews')
        .set({
          state,
          updated_at: at,
          claimed_by: null,
          claimed_until: null,
          closed_at: state === 'closed' ? at : null,
        })
        .where('id', '=', reviewId)
        .where('state', '!=', 'closed')
        .executeTakeFirst()
      return result.numUpdatedRows > 0n
    },

    async list(reviewId) {
      const rows = await db
        .selectFrom('review_decisions')
        .selectAll()
        .where('review_id', '=', reviewId)
        .orderBy('id', 'desc')
        .limit(maxListed)
        .execute()
      return rows.map(decisionOfRow).reverse()
    },
  }
}

function decisionOfRow(row: Row<'review_decisions'>): KeptDecision {
  return {
    id: row.id,
    reviewId: row.review_id,
    decision: row.decision as ReviewDecision,
    actor: row.actor,
    details: JSON.parse(row.details) as DecisionDetails,
    at: row.at,
  }
}
