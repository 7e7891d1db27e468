import { AppError } from '../lib/errors.ts'
import { type StoredEffect, standingStates } from '../model/effect.ts'
import type { SubjectUri } from '../model/ids.ts'
import { contentOfSubject, type ReviewSummary } from '../model/review.ts'
import type { Decided, DecisionRequest, EffectChangeWord } from '../model/review-decision.ts'
import type { Stores } from '../store/database.ts'
import { DecisionConflictError } from './decision-conflict.ts'
import type { DecisionHands } from './decision-hands.ts'
import { loadReviewed, type Reviewed, subjectsToTakeDown } from './reviewed.ts'
import { hashesToSuppress } from './suppression.ts'

/** What one decision works with, and what it has come to so far. */
export type Work = {
  readonly stores: Stores
  readonly hands: DecisionHands
  readonly review: ReviewSummary
  readonly request: DecisionRequest
  readonly changes: { readonly change: EffectChangeWord; readonly effect: StoredEffect }[]
  content?: number
  suppressed?: Decided['suppressed']
}

/** Does what a decision is for, and settles what is held; what it comes to is in the work's changes. */
export async function actOnDecision(work: Work): Promise<void> {
  const { request, review, hands, stores } = work
  switch (request.decision) {
    case 'acknowledge':
      return await acknowledge(work)
    case 'apply':
      return await applyHeld(work, await heldByBrakes(work))
    case 'label': {
      const { whole } = await loadReviewed(stores, review)
      note(work, 'added', await hands.label(whole(), request.val, review.id))
      return await settleRest(
        work,
        request.isHeldApplied,
        ({ kind, detail }) => kind === 'label' && detail === request.val,
      )
    }
    case 'takedown': {
      const { target, of } = request
      const subjects = subjectsToTakeDown(await loadReviewed(stores, review), of)
      for (const subject of subjects) note(work, 'added', await hands.takeDown(subject, target, review.id))
      return await settleRest(
        work,
        request.isHeldApplied,
        ({ action, target: by }) => action.kind === 'takedown' && by === target && action.subject.kind === of,
      )
    }
    case 'reverse':
      return await reverse(work, request)
    case 'release':
    case 'deconfirm':
      return await judgeContent(work, request.decision)
    case 'escalate':
    case 'comment':
    default:
  }
}

async function acknowledge(work: Work): Promise<void> {
  const { stores, review } = work
  const contentId = contentOfSubject(review.subject)
  if (contentId === undefined) return await dropHeld(work, await held(work))
  // The quarantine would stand, with nobody to be asked about it.
  if ((await stores.brakes.quarantined([contentId])).size > 0)
    throw new AppError(
      'invalid',
      `Expected release or deconfirm, for content ${contentId} is in quarantine, but received acknowledge`,
    )
}

async function judgeContent(work: Work, decision: 'release' | 'deconfirm'): Promise<void> {
  const { stores, hands, review, request } = work
  const contentId = contentOfSubject(review.subject) as number
  const quarantine = await stores.brakes.quarantineOf(contentId)
  if (!quarantine)
    throw new DecisionConflictError(
      `Expected content ${contentId} to be in quarantine, but it is in none; acknowledge closes its review`,
    )
  work.content = contentId
  if (decision === 'release') {
    await hands.release(contentId)
    return
  }
  const { bankId, bank } = quarantine
  await hands.deconfirm({ bankId, bank, contentId }, request.reason ?? `review ${review.id}`)
}

async function reverse(
  work: Work,
  request: Extract<DecisionRequest, { decision: 'reverse' }>,
): Promise<void> {
  const { stores, hands, review } = work
  const { contentId, isDeconfirmed, suppress, reason } = request
  const reviewed = await loadReviewed(stores, review)
  const content =
    contentId !== undefined || isDeconfirmed || suppress ? reviewed.contentOf(contentId) : undefined
  for (const subject of await subjectsToTakeBack(work, reviewed))
    note(work, 'taken-back', await hands.takeBack(subject, contentId))
  if (!content) return
  work.content = content.contentId
  if (isDeconfirmed) await hands.deconfirm(content, reason ?? `review ${review.id}`)
  if (!suppress) return
  const images = reviewed.imagesOf(content.contentId)
  const { bank, hashes } = await hashesToSuppress(stores, suppress, content, images)
  const added = await hands.suppress(bank, hashes, `review ${review.id}: not a match`)
  work.suppressed = { bank: bank.name, content: added.contentId, isNew: added.isNew }
}

/** The subject of the review; for an account all its records that anything was found in, or done about, as well. */
async function subjectsToTakeBack({ stores, review }: Work, { records }: Reviewed): Promise<SubjectUri[]> {
  const effects = await stores.effects.ofReview(review, standingStates, maxEffects + 1)
  if (effects.length > maxEffects)
    throw new DecisionConflictError(
      `Expected at most ${maxEffects} effects to take back at once; deconfirm the content`,
    )
  const uris = effects.flatMap(({ uri }) => (uri === undefined ? [] : [uri]))
  const isOfAccount = review.subject.startsWith('did:')
  return [...new Set([review.subject as SubjectUri, ...(isOfAccount ? [...records, ...uris] : [])])]
}

/** The most effects that one decision takes back, carries out or drops. */
const maxEffects = 10_000

/** Returns what waits for this review, oldest first. */
export function held({ stores, review }: Work): Promise<StoredEffect[]> {
  return stores.effects.ofReview(review, ['held'], maxEffects)
}

async function heldByBrakes(work: Work): Promise<StoredEffect[]> {
  const effects = (await held(work)).filter(({ because }) => because !== 'paused')
  if (effects.length > 0) return effects
  throw new DecisionConflictError(
    `Expected effects that are held for review ${work.review.id}, but there are none`,
  )
}

async function applyHeld(work: Work, effects: readonly StoredEffect[]): Promise<void> {
  for (const { id } of effects) note(work, 'carried-out', [await work.hands.apply(id)])
}

async function dropHeld(work: Work, effects: readonly StoredEffect[]): Promise<void> {
  for (const { id } of effects) note(work, 'dropped', [await work.hands.dismiss(id)])
}

/** What else is held goes the way that was decided on; the same as was decided on waits for its pause to end. */
async function settleRest(
  work: Work,
  isApplied: boolean | undefined,
  isSame: (effect: StoredEffect) => boolean,
): Promise<void> {
  const rest = (await held(work)).filter((effect) => !isSame(effect))
  await (isApplied
    ? applyHeld(
        work,
        rest.filter(({ because }) => because !== 'paused'),
      )
    : dropHeld(work, rest))
}

/** An order that finds its effect held carries that out. */
function note(
  { changes }: Work,
  change: EffectChangeWord,
  effects: readonly (StoredEffect | undefined)[],
): void {
  for (const effect of effects) {
    if (!effect) continue
    const wasHeld = change === 'added' && effect.state === 'held' && effect.because !== 'paused'
    changes.push({ change: wasHeld ? 'carried-out' : change, effect })
  }
}
