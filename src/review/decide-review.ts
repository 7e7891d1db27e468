/**
 * Review's front door for decisions: what a person says of a review becomes true.
 *
 * Owns: which decisions a review takes, in whose hands it is, what a decision means for what is held, and that it is kept. Leaves to
 * others: carrying effects out and taking them back, changes to banks, events (all handed in), and the judgement.
 * Invariants: a decision, what it causes and its audit rows are one transaction; after one that closes a review nothing is decided
 * about it any more; no held effect outlives the review that it waits for, unless other effects are what was decided on; what is
 * weighed is what would be done, for it is done and rolled back.
 *
 * act-on-decision.ts what each decision does, by the hands of decision-hands.ts
 * claim-reviews.ts   who has a review for the time being, and opening one again
 * reviewed.ts        what decisions are about: versions, images and contents of a review
 * suppression.ts     what goes into a negative bank
 */
import { AppError } from '../lib/errors.ts'
import { claimAt, contentOfSubject, type ReviewSummary } from '../model/review.ts'
import {
  closingDecisions,
  type Decided,
  type DecisionDetails,
  type DecisionRequest,
  type EffectChangeWord,
  maxReasonChars,
  type Reviewer,
} from '../model/review-decision.ts'
import type { WebhookEvent } from '../model/webhook-event.ts'
import type { Announce, Database, Stores } from '../store/database.ts'
import { actOnDecision, held, type Work } from './act-on-decision.ts'
import { DecisionConflictError } from './decision-conflict.ts'
import type { DecisionHands } from './decision-hands.ts'

/** What deciding needs. */
export type DecideReviewDeps = {
  readonly database: Pick<Database, 'transaction'>
  /** Returns what acts in a transaction as one actor, at a time (ISO 8601). */
  readonly handsOf: (stores: Stores, actor: string, at: string) => DecisionHands
  readonly announce: Announce
  readonly now: () => Date
  /** Called after a decision; must not throw. */
  readonly onChange: () => void
}

/**
 * Decides about a review, by its number. @throws {AppError} `not-found` for a review that there is not; `conflict` for one that is
 * closed, that somebody else has claimed, or that has nothing for the decision to act on; `invalid` for a decision that such a
 * review does not take.
 */
export type DecideReview = (id: number, request: DecisionRequest, reviewer: Reviewer) => Promise<Decided>

/** Returns what decides, and what tells what a decision would do, and does nothing. */
export function createDecideReview(deps: DecideReviewDeps): {
  readonly decide: DecideReview
  readonly weigh: DecideReview
} {
  const run = (stores: Stores, id: number, request: DecisionRequest, reviewer: Reviewer) =>
    decideIn(stores, deps, id, request, reviewer, deps.now().toISOString())
  return {
    async decide(id, request, reviewer) {
      const decided = await deps.database.transaction((stores) => run(stores, id, request, reviewer))
      deps.onChange()
      return decided
    },
    async weigh(id, request, reviewer) {
      const weighed = { value: undefined as Decided | undefined }
      try {
        return await deps.database.transaction(async (stores) => {
          weighed.value = await run(stores, id, request, reviewer)
          throw new RolledBack()
        })
      } catch (error) {
        if (error instanceof RolledBack && weighed.value) return weighed.value
        throw error
      }
    },
  }
}

/** Undoes a transaction whose result is only to be seen. */
class RolledBack extends Error {}

async function decideIn(
  stores: Stores,
  deps: DecideReviewDeps,
  id: number,
  request: DecisionRequest,
  { actor, isForced = false }: Reviewer,
  at: string,
): Promise<Decided> {
  const review = await stores.reviews.find(id)
  if (!review) throw new AppError('not-found', `Expected the number of a review but received ${id}`)
  requireTaken(review, request)
  const overrode = otherClaim(review, request, actor, isForced, at)
  const work: Work = { stores, hands: deps.handsOf(stores, actor, at), review, request, changes: [] }
  // First, so that what ends a content's quarantine finds its review decided.
  if (request.decision === 'escalate') await stores.reviewDecisions.move(id, 'escalated', at)
  const closes = closingDecisions.includes(request.decision)
  const isHalf = request.decision === 'reverse' && request.contentId !== undefined
  if (closes && !isHalf) await stores.reviewDecisions.move(id, 'closed', at)
  await actOnDecision(work)
  if (isHalf && (await held(work)).length === 0) await stores.reviewDecisions.move(id, 'closed', at)
  return await keep(work, deps, overrode, actor, at)
}

function requireTaken(review: ReviewSummary, { decision, reason = '' }: DecisionRequest): void {
  const { id, state, subject, closedAt } = review
  if (reason.length > maxReasonChars)
    throw new AppError(
      'invalid',
      `Expected at most ${maxReasonChars} characters of reason but received ${reason.length}`,
    )
  if (decision === 'comment' && reason === '')
    throw new AppError('invalid', 'Expected a reason, which is the comment')
  if (state === 'closed')
    throw new DecisionConflictError(
      `Expected a review that is open, but ${id} was closed at ${closedAt ?? 'some time'}`,
    )
  if (decision === 'escalate' && state === 'escalated')
    throw new DecisionConflictError(`Expected a review that is not escalated, but ${id} is`)
  const isOfContent = contentOfSubject(subject) !== undefined
  const forContents = decision === 'release' || decision === 'deconfirm'
  if (decision === 'escalate' || decision === 'comment' || decision === 'acknowledge') return
  if (isOfContent === forContents) return
  const expected = isOfContent ? 'release, deconfirm, escalate or comment' : 'another decision'
  throw new AppError('invalid', `Expected ${expected} for a review of ${subject} but received ${decision}`)
}

/** Returns who else had claimed the review, where that is overridden. A comment is anybody's. */
function otherClaim(
  review: ReviewSummary,
  { decision }: DecisionRequest,
  actor: string,
  isForced: boolean,
  at: string,
): string | undefined {
  const claim = claimAt(review, at)
  if (!claim || claim.by === actor || decision === 'comment') return undefined
  if (isForced) return claim.by
  throw new DecisionConflictError(
    `Expected a review that nobody else has, but ${review.id} is claimed by ${claim.by} until ${claim.until}`,
  )
}

async function keep(
  work: Work,
  { announce }: DecideReviewDeps,
  overrode: string | undefined,
  actor: string,
  at: string,
): Promise<Decided> {
  const { stores, review, request, changes, content, suppressed } = work
  const { decision } = request
  const details = detailsOf(work, overrode)
  await stores.reviewDecisions.add({ reviewId: review.id, decision, actor, details, at })
  const state = (await stores.reviews.find(review.id))?.state ?? review.state
  const { reason: _, ...shown } = details
  const entry = {
    action: 'review.decided',
    subject: review.subject,
    details: { review: review.id, decision, state, ...shown },
  }
  await stores.audit.append([{ at, actor, ...entry }])
  const event = eventOf(review, request, actor)
  if (event) await announce(stores, [event], at)
  return { review: review.id, decision, state, effects: changes, content, suppressed }
}

function detailsOf({ request, changes, content }: Work, overrode: string | undefined): DecisionDetails {
  const ids = (word: EffectChangeWord): number[] =>
    changes.filter(({ change }) => change === word).map(({ effect }) => effect.id)
  const lists = {
    carriedOut: ids('carried-out'),
    dropped: ids('dropped'),
    takenBack: ids('taken-back'),
    added: ids('added'),
  }
  return {
    ...(request.reason !== undefined && request.reason !== '' && { reason: request.reason }),
    ...(request.decision === 'label' && { val: request.val }),
    ...(request.decision === 'takedown' && { target: request.target, of: request.of }),
    ...(content !== undefined && { content }),
    ...(request.decision === 'reverse' && {
      ...(request.isDeconfirmed && { deconfirmed: true as const }),
      ...(request.suppress && { suppressed: request.suppress }),
    }),
    ...Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0)),
    ...(overrode !== undefined && { overrode }),
  }
}

/** What is decided of a content of a bank is nobody else's; a comment decides nothing. */
function eventOf(review: ReviewSummary, request: DecisionRequest, actor: string): WebhookEvent | undefined {
  const { decision } = request
  if (decision === 'comment' || decision === 'release' || decision === 'deconfirm') return undefined
  if (contentOfSubject(review.subject) !== undefined) return undefined
  return {
    type: 'review_decided',
    contentId: review.subject,
    decision: eventWords[decision],
    review: review.id,
    ...(decision === 'label' && { label: request.val }),
    actor,
  }
}

const eventWords = {
  acknowledge: 'acknowledged',
  escalate: 'escalated',
  apply: 'applied',
  label: 'labeled',
  takedown: 'taken_down',
  reverse: 'reversed',
} as const
