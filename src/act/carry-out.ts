import { createActionMessage } from '../model/action-message.ts'
import {
  type EffectAction,
  type HoldReason,
  type NewEffect,
  ownTargets,
  type StoredEffect,
} from '../model/effect.ts'
import type { Did } from '../model/ids.ts'
import type { SequencedLabel, SignedLabel } from '../model/label.ts'
import { maxBecauseChars, type SubjectAction, type TargetFacts } from '../model/target.ts'
import type { AuditEntry } from '../store/audit-store.ts'
import type { Announce, Stores } from '../store/database.ts'

/** What carrying effects out needs. */
export type CarryOutDeps = {
  /** The labeler. */
  readonly src: Did
  /** The targets that the operator has named. */
  readonly targets: readonly TargetFacts[]
  /** Tells those who are to hear of matches and labels. */
  readonly announce: Announce
}

/** What came of an effect. */
export type CarriedOut = {
  readonly effect: StoredEffect
  readonly labels: readonly SequencedLabel[]
  /** True where a label was put into the queue of emissions. */
  readonly isQueued: boolean
  /** How many messages were put into the outbox. */
  readonly messages: number
}

/** An effect that is to be kept: where it stands follows from what is done. */
export type WantedEffect = Omit<NewEffect, 'state' | 'because' | 'reviewId'> & {
  readonly hold?: HoldReason | undefined
  readonly reviewId?: number | undefined
}

/**
 * Keeps an effect and, unless it is held, carries it out; belongs in a transaction, which makes both true or neither. A label is
 * published where it is signed, else it is put into the queue; what others are asked to do goes into the outbox.
 */
export async function addEffect(
  stores: Stores,
  deps: CarryOutDeps,
  { hold, reviewId, ...wanted }: WantedEffect,
  signed: SignedLabel | undefined,
  at: string,
): Promise<CarriedOut> {
  const state = hold === undefined ? stateOf(wanted.action) : 'held'
  const effect = await stores.effects.add({ ...wanted, state, because: hold, reviewId })
  if (hold !== undefined) {
    await stores.audit.append([auditOf(effect, 'effect.held', at)])
    return { effect, labels: [], isQueued: false, messages: 0 }
  }
  return await carryOut(stores, deps, effect, signed, at)
}

/** Carries out an effect that was held; `actor` is who says so, where that is a person. Belongs in a transaction. */
export async function releaseEffect(
  stores: Stores,
  deps: CarryOutDeps,
  effect: StoredEffect,
  at: string,
  actor?: string,
): Promise<CarriedOut> {
  await stores.effects.change(effect.id, ['held'], { state: stateOf(effect.action), at })
  await stores.audit.append([auditOf(effect, 'effect.released', at, actor)])
  return await carryOut(stores, deps, effect, undefined, at)
}

/** Ours hold at once; what is asked of others holds when they say so. */
function stateOf({ kind }: EffectAction): 'done' | 'pending' {
  return kind === 'report' || kind === 'takedown' ? 'pending' : 'done'
}

async function carryOut(
  stores: Stores,
  deps: CarryOutDeps,
  effect: StoredEffect,
  signed: SignedLabel | undefined,
  at: string,
): Promise<CarriedOut> {
  const nothing = { effect, labels: [], isQueued: false, messages: 0 }
  const { action, actor, jobId } = effect
  switch (action.kind) {
    case 'label': {
      if (signed !== undefined) {
        const labels = await stores.labels.append([signed])
        await stores.emissions.forget(deps.src, labels)
        return { ...nothing, labels }
      }
      const emission = { ...action.label, priority: action.priority }
      const put = await stores.emissions.put(deps.src, emission, { actor, jobId, atMs: Date.parse(at) })
      return { ...nothing, isQueued: put === 'queued' }
    }
    case 'report':
    case 'takedown':
      return { ...nothing, messages: await send(stores, deps, effect, action, at) }
    case 'review': {
      const { id } = await openReview(stores, action.uri, effect.did, action.isEscalated, at)
      return { ...nothing, effect: { ...effect, reviewId: id } }
    }
    case 'webhook':
    default: {
      const { uri, match } = action
      const about = { contentId: uri, recordCid: effect.recordCid, blobCid: effect.blobCid }
      const event = { type: 'match_found', ...about, matches: [match] } as const
      return { ...nothing, messages: await deps.announce(stores, [event], at, effect.target) }
    }
  }
}

/** Opens the review of a subject, with what was found of it before, or joins the one that is open. */
export async function openReview(
  stores: Stores,
  subject: Parameters<Stores['reviews']['open']>[0],
  did: Did,
  isEscalated: boolean,
  at: string,
): Promise<{ readonly id: number; readonly isNew: boolean }> {
  const review = await stores.reviews.open(subject, did, at)
  if (review.isNew) {
    await stores.evidence.adopt(review.id)
    const details = { review: review.id }
    await stores.audit.append([{ at, actor: 'harrier', action: 'review.opened', subject, details }])
  }
  if (isEscalated) await stores.reviews.escalate(review.id, at)
  return review
}

/** Puts what a target is asked to do into the outbox; returns how many messages that took: none where it cannot be asked. */
async function send(
  stores: Stores,
  { targets }: CarryOutDeps,
  effect: StoredEffect,
  action: Extract<EffectAction, { kind: 'report' | 'takedown' }>,
  at: string,
): Promise<number> {
  const message = actionOf(effect, action)
  const target = targets.find(({ id }) => id === effect.target)
  if (target?.can.has(action.kind)) {
    await stores.outbox.add([createActionMessage(target, message, at)])
    return 1
  }
  const outcome = target ? `target ${target.id} does no ${action.kind}` : `no target ${effect.target}`
  await stores.effects.change(effect.id, ['pending'], { state: 'failed', outcome, at })
  await stores.audit.append([auditOf({ ...effect, outcome }, 'effect.failed', at)])
  return 0
}

function actionOf(
  effect: StoredEffect,
  action: Extract<EffectAction, { kind: 'report' | 'takedown' }>,
): SubjectAction {
  const shared = {
    subject: action.subject,
    effectId: effect.id,
    externalId: externalIdOf(effect, action.kind),
    because: becauseOf(effect),
  }
  return action.kind === 'report'
    ? { kind: 'report', ...shared, reasonType: action.reasonType }
    : { kind: 'takedown', ...shared }
}

/** Returns what a target knows a request of an effect by: the same whenever it is asked, and different after a database was lost. */
export function externalIdOf({ id, createdAt }: StoredEffect, kind: SubjectAction['kind']): string {
  return `harrier-${kind}-${id}-${Date.parse(createdAt)}`
}

/** Returns why an effect is, for whoever is asked to carry it out: of no user's words, and no hash. */
export function becauseOf({ cause, actor }: StoredEffect): string {
  if (cause === undefined) return `asked for by ${actor}`.slice(0, maxBecauseChars)
  return `bank ${cause.bank}, content ${cause.contentId}, distance ${cause.distance}`.slice(
    0,
    maxBecauseChars,
  )
}

/** Returns the audit row of what became of an effect. */
export function auditOf(effect: StoredEffect, action: string, at: string, actor?: string): AuditEntry {
  const { id, kind, target, detail, cause, jobId, because, outcome, blobCid, reviewId } = effect
  const own = target === ownTargets.labels || target === ownTargets.reviews
  const details = {
    effect: id,
    kind,
    ...(own ? {} : { target }),
    ...(detail === '' ? {} : { detail }),
    ...cause,
    ...(blobCid === undefined ? {} : { blob: blobCid }),
    ...(jobId === undefined ? {} : { job: jobId }),
    ...(reviewId === undefined ? {} : { review: reviewId }),
    ...(because === undefined ? {} : { because }),
    ...(outcome === undefined ? {} : { outcome }),
  }
  return { at, actor: actor ?? effect.actor, action, subject: effect.subject, details }
}
