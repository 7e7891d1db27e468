import { AppError } from '../lib/errors.ts'
import { claimAt, contentOfSubject, type ReviewClaim, type ReviewSummary } from '../model/review.ts'
import type { Reviewer } from '../model/review-decision.ts'
import type { Database, Stores } from '../store/database.ts'
import { DecisionConflictError } from './decision-conflict.ts'

/** Which review is to be claimed next. */
export type NextWanted = {
  readonly state: 'open' | 'escalated'
  /** Only one that has a match of this bank. */
  readonly bank?: string | undefined
  readonly forMs: number
}

/** Who has a review for the time being. Each change is one transaction with its audit row. */
export interface Claims {
  /**
   * Claims a review for so many milliseconds, or prolongs one's claim. @throws {AppError} `not-found`; `conflict` for one that is
   * closed, or that somebody else has, unless forced.
   */
  claim(id: number, reviewer: Reviewer, forMs: number): Promise<ReviewClaim>
  /** Claims the review that is to be judged first, of those that nobody else has: nearest match first, then the oldest. */
  next(reviewer: Reviewer, wanted: NextWanted): Promise<ReviewSummary | undefined>
  /** Gives a review back; false when nobody had it. @throws as `claim`. */
  unclaim(id: number, reviewer: Reviewer): Promise<boolean>
  /**
   * Opens another review of the subject of one that is closed, with what that has; returns the one that is open already where
   * there is one. @throws {AppError} `not-found`; `conflict` for one that is not closed; `invalid` for one of a content.
   */
  reopen(id: number, reviewer: Reviewer): Promise<{ readonly id: number; readonly isNew: boolean }>
}

/** Returns the functions of claims. */
export function createClaims({
  database,
  now,
}: {
  readonly database: Pick<Database, 'transaction'>
  readonly now: () => Date
}): Claims {
  const change = <T>(work: (stores: Stores, at: string) => Promise<T>): Promise<T> =>
    database.transaction((stores) => work(stores, now().toISOString()))

  return {
    claim: (id, reviewer, forMs) =>
      change(async (stores, at) => {
        const review = await findReview(stores, id)
        const overrode = requireFree(review, reviewer, at)
        if (overrode !== undefined) await stores.reviewDecisions.unclaim(id)
        return await take(stores, review, reviewer, { at, forMs, overrode })
      }),

    next: (reviewer, { state, bank, forMs }) =>
      change(async (stores, at) => {
        const claim = { at, by: reviewer.actor }
        const [review] = await stores.reviews.list({ states: [state], limit: 1, bank, claim })
        if (!review) return undefined
        return { ...review, claim: await take(stores, review, reviewer, { at, forMs }) }
      }),

    unclaim: (id, reviewer) =>
      change(async (stores, at) => {
        const review = await findReview(stores, id)
        const overrode = requireFree(review, reviewer, at)
        if (!(await stores.reviewDecisions.unclaim(id))) return false
        await audit(stores, review, reviewer, 'review.unclaimed', { ...(overrode && { overrode }) }, at)
        return true
      }),

    reopen: (id, reviewer) =>
      change(async (stores, at) => {
        const { state, subject, did } = await findReview(stores, id)
        if (contentOfSubject(subject) !== undefined)
          throw new AppError(
            'invalid',
            `Expected a review of an account or a record, but ${id} is of a content`,
          )
        if (state !== 'closed')
          throw new DecisionConflictError(`Expected a review that is closed, but ${id} is ${state}`)
        const opened = await stores.reviews.open(subject, did, at)
        if (!opened.isNew) return opened
        await stores.evidence.adopt(opened.id)
        await stores.evidence.carryOver(id, opened.id)
        await audit(stores, { id: opened.id, subject }, reviewer, 'review.opened', { reopens: id }, at)
        return opened
      }),
  }
}

async function findReview({ reviews }: Stores, id: number): Promise<ReviewSummary> {
  const review = await reviews.find(id)
  if (review) return review
  throw new AppError('not-found', `Expected the number of a review but received ${id}`)
}

/** Returns who else has the review, where that is overridden. */
function requireFree(review: ReviewSummary, { actor, isForced }: Reviewer, at: string): string | undefined {
  const { id, state } = review
  if (state === 'closed')
    throw new DecisionConflictError(`Expected a review that is open, but ${id} is closed`)
  const claim = claimAt(review, at)
  if (!claim || claim.by === actor) return undefined
  if (isForced) return claim.by
  throw new DecisionConflictError(
    `Expected a review that nobody else has, but ${id} is claimed by ${claim.by} until ${claim.until}`,
  )
}

async function take(
  stores: Stores,
  review: ReviewSummary,
  reviewer: Reviewer,
  {
    at,
    forMs,
    overrode,
  }: { readonly at: string; readonly forMs: number; readonly overrode?: string | undefined },
): Promise<ReviewClaim> {
  const until = new Date(Date.parse(at) + forMs).toISOString()
  if (!(await stores.reviewDecisions.claim(review.id, reviewer.actor, at, until)))
    throw new DecisionConflictError(
      `Expected review ${review.id} to be free, but somebody has just claimed it`,
    )
  await audit(stores, review, reviewer, 'review.claimed', { until, ...(overrode && { overrode }) }, at)
  return { by: reviewer.actor, until }
}

async function audit(
  stores: Stores,
  { id, subject }: Pick<ReviewSummary, 'id' | 'subject'>,
  { actor }: Reviewer,
  action: string,
  details: Record<string, unknown>,
  at: string,
): Promise<void> {
  await stores.audit.append([{ at, actor, action, subject, details: { review: id, ...details } }])
}
