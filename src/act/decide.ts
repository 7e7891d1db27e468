/**
 * Acting's first front door: what is to be done about an image.
 *
 * Owns: which effects a policy's answer to the matches comes to, and which of them are withheld. Leaves to others: carrying them
 * out, holding back what is too much (`decide-holds.ts`), and the matches. Pure: no clock, no store.
 * Invariants: what a person undid is not done again to the same version; nothing is done twice; what a policy only tries is
 * recorded and not done.
 */
import {
  type ActingEffect,
  type Effect,
  effectKey,
  formatSubject,
  ownTargets,
  type StoredEffect,
  type WithholdReason,
} from '../model/effect.ts'
import type { Cid } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import type { LabelState } from '../model/label.ts'
import type { Match, SuppressedMatch } from '../model/match.ts'
import { effectsFor, isDryRun, type LabelEffect, type Policy, type TierEffect } from '../model/policy.ts'
import type { TargetSubject } from '../model/target.ts'

/** Everything a decision is made from. */
export type Decision = {
  readonly image: ImageRef
  /** Every image of the same version of the record that is known: a takedown of the record takes them too. */
  readonly recordBlobs: readonly Cid[]
  /** Nearest first; the nearest match that calls for an effect gives it its reason. */
  readonly matches: readonly Match[]
  /** What negative banks and opinions suppress: it calls for nothing but the record of that. */
  readonly suppressed: readonly SuppressedMatch[]
  /** Contents that matched too often for now: where another content calls for the same, that gives the reason. */
  readonly quarantined: ReadonlySet<number>
  /** The current labels of the record and of its account, withdrawn ones included. */
  readonly history: readonly LabelState[]
  /** What was done before about the record, its account and the blob, oldest first. */
  readonly acted: readonly StoredEffect[]
  /** What persons had taken down of the same blob in other accounts, and that stands. */
  readonly takenDown: readonly Pick<StoredEffect, 'target'>[]
  readonly policy: Policy
  /** ISO 8601; a label that has expired by then no longer holds. */
  readonly now: string
}

/**
 * Returns what to do about an image, in the order of its matches: each effect once. Pure. A label is withheld when it already
 * holds for this version of the record, or when a person withdrew it from this version; a new version is judged anew. A
 * label on the account has no version: it is withheld while it holds, and once a person has withdrawn it. Anything else is
 * withheld once it was done to the same subject, and to the same version of a record.
 */
export function decideEffects(decision: Decision): Effect[] {
  const { matches, suppressed, quarantined, policy, takenDown, image } = decision
  const seen = new Set<string>()
  const isQuarantined = ({ contentId }: Match): boolean => quarantined.has(contentId)
  const isTried = ({ bank }: Match): boolean => isDryRun(policy, bank)
  // What only is tried, or held, is no reason where another match calls for the same.
  const inTurn = [
    ...matches.filter((match) => !isTried(match) && !isQuarantined(match)),
    ...matches.filter((match) => !isTried(match) && isQuarantined(match)),
    ...matches.filter(isTried),
  ]
  const called = inTurn.flatMap((match) =>
    effectsFor(policy, match, image.use).flatMap((effect) => {
      const wanted = effectOf(effect, match, decision)
      return wanted === undefined ? [] : [wanted]
    }),
  )
  const known = takenDown.map(({ target }): ActingEffect => {
    return { kind: 'takedown', target, subject: subjectOf('blob', decision), match: undefined }
  })
  const effects = [...called, ...known].flatMap((effect) => {
    if (effect.kind === 'log') return [effect]
    const key = keyOf(effect, image)
    if (seen.has(key)) return []
    seen.add(key)
    const because = reasonToWithhold(effect, key, decision)
    return because === undefined ? [effect] : [withheld(effect, because)]
  })
  return [...effects, ...suppressed.map((found) => ({ kind: 'suppressed', ...found }) as const)]
}

type Wanted = ActingEffect | { readonly kind: 'log'; readonly match: Match }

function effectOf(effect: TierEffect, match: Match, decision: Decision): Wanted | undefined {
  switch (effect.kind) {
    case 'label':
      return labelOf(effect, match, decision)
    case 'report':
      return {
        kind: 'report',
        target: effect.to,
        reasonType: effect.reasonType,
        subject: subjectOf(effect.on ?? 'record', decision),
        match,
      }
    case 'takedown':
      return { kind: 'takedown', target: effect.by, subject: subjectOf(effect.of, decision), match }
    case 'review':
      return { kind: 'review', isEscalated: effect.isEscalated === true, match }
    case 'webhook':
      return { kind: 'webhook', target: effect.to, match }
    case 'log':
      return { kind: 'log', match }
    case 'block':
    default:
      // Only an upload can be blocked: see `decide-upload.ts`.
      return undefined
  }
}

function labelOf(
  { val, on, expiresAfterMs, priority = 'normal' }: LabelEffect,
  match: Match,
  { image, history, now }: Decision,
): ActingEffect {
  const place =
    on === 'account' ? { uri: image.did, cid: undefined } : { uri: image.uri, cid: image.recordCid }
  const state = history.find((label) => label.val === val && label.uri === place.uri)
  const exp =
    expiresAfterMs === undefined ? undefined : new Date(Date.parse(now) + expiresAfterMs).toISOString()
  return { kind: 'label', ...place, val, exp, priority, after: state?.cts, match }
}

function subjectOf(
  kind: TargetSubject['kind'],
  { image, recordBlobs }: Pick<Decision, 'image' | 'recordBlobs'>,
): TargetSubject {
  const { did, uri, recordCid, cid } = image
  if (kind === 'account') return { kind, did }
  if (kind === 'blob') return { kind, did, cid, uri, recordCid }
  return { kind, did, uri, cid: recordCid, blobs: [...new Set([cid, ...recordBlobs])].slice(0, 100) }
}

/** As `effectKey` of what is stored of it. */
function keyOf(effect: ActingEffect, image: ImageRef): string {
  return effectKey({ kind: effect.kind, ...placeOf(effect, image) })
}

/** Returns where an effect is kept: its target, its subject with its version, and its detail. */
export function placeOf(
  effect: ActingEffect,
  image: Pick<ImageRef, 'uri' | 'recordCid'>,
): Pick<StoredEffect, 'target' | 'subject' | 'recordCid' | 'detail'> {
  const { recordCid } = image
  switch (effect.kind) {
    case 'label':
      return { target: ownTargets.labels, subject: effect.uri, recordCid: effect.cid, detail: effect.val }
    case 'report':
    case 'takedown': {
      const { target, subject } = effect
      const detail = effect.kind === 'report' ? effect.reasonType : ''
      return {
        target,
        subject: formatSubject(subject),
        recordCid: subject.kind === 'record' ? subject.cid : undefined,
        detail,
      }
    }
    case 'review':
      return { target: ownTargets.reviews, subject: image.uri, recordCid, detail: '' }
    case 'webhook':
    default:
      return { target: effect.target, subject: image.uri, recordCid, detail: '' }
  }
}

function reasonToWithhold(
  effect: ActingEffect,
  key: string,
  { history, acted, policy, now }: Decision,
): WithholdReason | undefined {
  if (effect.match && isDryRun(policy, effect.match.bank)) return 'dry-run'
  const before = acted.findLast((stored) => effectKey(stored) === key)
  const isGone = before?.state === 'undone' || before?.state === 'dropped'
  if (isJudged(before)) return 'withdrawn'
  if (effect.kind === 'label') return labelReason(effect, history, before, now)
  return before === undefined || isGone ? undefined : 'already-done'
}

/** True for what a person undid, or had dropped, for what it was done to; not for what only fell with its cause. */
function isJudged(effect: StoredEffect | undefined): boolean {
  const because = effect?.because
  return because === 'not-a-match' || because === 'restored' || because === 'acknowledged'
}

/** A withdrawal that followed from a withdrawn hash is nobody's judgement of the record. */
function labelReason(
  { uri, val, cid }: Extract<ActingEffect, { kind: 'label' }>,
  history: readonly LabelState[],
  before: StoredEffect | undefined,
  now: string,
): WithholdReason | undefined {
  if (before?.state === 'held') return 'already-done'
  const state = history.find((label) => label.val === val && label.uri === uri)
  const isThisVersion = state !== undefined && (state.cid === undefined || state.cid === cid)
  // What was decided and is not published yet waits in the queue.
  if (!isThisVersion) return before?.state === 'done' ? 'already-labeled' : undefined
  if (state.isNegated) return before?.state === 'undone' ? undefined : 'withdrawn'
  const holds = state.exp === undefined || state.exp > now
  return holds ? 'already-labeled' : undefined
}

function withheld(effect: ActingEffect, because: WithholdReason): Effect {
  const val = effect.kind === 'label' ? effect.val : 'target' in effect ? effect.target : ownTargets.reviews
  return { kind: 'withheld', of: effect.kind, val, because, match: effect.match }
}
