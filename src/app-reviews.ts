/**
 * The part of `app.ts` that has persons judge: what a decision about a review has others do, in the decision's own transaction.
 */
import { createOrders, type OrdersDeps } from './act/orders.ts'
import { createCuration } from './curate/curate.ts'
import { ownTargets } from './model/effect.ts'
import { type Claims, createClaims } from './review/claim-reviews.ts'
import { createDecideReview, type DecideReview } from './review/decide-review.ts'
import type { DecisionHands } from './review/decision-hands.ts'
import type { Database, Stores } from './store/database.ts'

/** What judging needs. */
export type ReviewingDeps = Omit<OrdersDeps, 'actor' | 'database'> & {
  readonly database: Pick<Database, 'transaction'>
}

/** What persons do to reviews. */
export type Reviewing = Claims & { readonly decide: DecideReview; readonly weigh: DecideReview }

/** Returns what persons do to reviews. */
export function createReviewing(deps: ReviewingDeps): Reviewing {
  const { database, announce, now, onChange } = deps
  const handsOf = (stores: Stores, actor: string, at: string) => createHands(stores, deps, actor, at)
  return {
    ...createDecideReview({ database, handsOf, announce, now, onChange }),
    ...createClaims({ database, now }),
  }
}

function createHands(stores: Stores, deps: ReviewingDeps, actor: string, at: string): DecisionHands {
  const shared = {
    // The decision's own: whatever is done is rolled back with it.
    database: { transaction: <T>(work: (stores: Stores) => Promise<T>) => work(stores) },
    actor,
    now: () => new Date(at),
  }
  const orders = createOrders({ ...deps, ...shared, onChange: () => {} })
  const curation = createCuration({ ...shared, onChange: async () => {} })
  return {
    label: (subject, val, reviewId) =>
      orders.give({ kind: 'label', target: ownTargets.labels, subject, val }, reviewId),
    takeDown: (subject, target, reviewId) => orders.give({ kind: 'takedown', target, subject }, reviewId),
    takeBack: (subject, contentId) => orders.takeBack({ subject, contentId }, 'not-a-match'),
    apply: orders.apply,
    dismiss: orders.dismiss,
    release: async (contentId) => (await orders.release(contentId)) !== undefined,
    deconfirm: orders.deconfirm,
    suppress: (bank, hashes, note) => curation.addContent(bank, { hashes, note }),
  }
}
