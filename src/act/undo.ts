import { createActionMessage } from '../model/action-message.ts'
import { ownTargets, type StoredEffect, standingStates, type UndoReason } from '../model/effect.ts'
import { parseAtUri, parseDid } from '../model/ids.ts'
import type { TargetSubject } from '../model/target.ts'
import type { Stores } from '../store/database.ts'
import { auditOf, becauseOf, type CarryOutDeps, externalIdOf } from './carry-out.ts'

/** Why effects are undone, and by whom. */
export type Undoing = {
  readonly because: UndoReason
  /** As the audit has it. */
  readonly actor: string
  /** ISO 8601. */
  readonly at: string
}

/** What a report that has left is undone with. */
const reportStays = 'a report that was sent is not taken back'

/**
 * Undoes one effect: what nobody has heard of yet is dropped, a label withdrawn, a takedown lifted as far as no other effect holds
 * the same. A report that was sent cannot be taken back. Belongs in a transaction. False where it stands no longer.
 */
export async function undoEffect(
  stores: Stores,
  deps: CarryOutDeps,
  { id }: Pick<StoredEffect, 'id'>,
  undoing: Undoing,
): Promise<boolean> {
  const { because, actor: by, at } = undoing
  const effect = await stores.effects.find(id)
  if (!effect || !standingStates.includes(effect.state)) return false
  const state = (await dropUnsent(stores, effect, at))
    ? 'dropped'
    : effect.action.kind === 'takedown'
      ? 'undoing'
      : 'undone'
  const outcome = state === 'undone' && effect.action.kind === 'report' ? reportStays : effect.outcome
  await stores.effects.change(id, standingStates, { state, because, outcome, at, by })
  await stores.audit.append([auditOf({ ...effect, because, outcome }, `effect.${state}`, at, by)])
  if (state !== 'dropped') await lift(stores, deps, effect, undoing)
  return true
}

/** True where nobody has heard of an effect, and nobody will: it was held, or what asks its target for it was never tried. */
async function dropUnsent({ outbox }: Stores, effect: StoredEffect, at: string): Promise<boolean> {
  if (effect.state === 'held') return true
  const { kind } = effect.action
  if (kind !== 'takedown' && kind !== 'report') return false
  const messageId = externalIdOf(effect, kind)
  if (await outbox.dropUnsent(effect.target, messageId, at)) return true
  // One that failed without a message had no target to go to; that of one that failed at its target stays.
  return effect.state === 'failed' && (await outbox.stateOf(effect.target, messageId)) === undefined
}

async function lift(
  stores: Stores,
  deps: CarryOutDeps,
  effect: StoredEffect,
  undoing: Undoing,
): Promise<void> {
  switch (effect.action.kind) {
    case 'label':
      return await withdrawLabel(stores, deps, effect, undoing)
    case 'takedown':
      return await liftTakedown(stores, deps, effect, effect.action.subject, undoing)
    case 'webhook': {
      const about = { contentId: effect.subject, recordCid: effect.recordCid, blobCid: effect.blobCid }
      const event = { type: 'review_decided', ...about, decision: 'reversed', actor: undoing.actor } as const
      await deps.announce(stores, [event], undoing.at, effect.target)
      return
    }
    case 'report':
    case 'review':
    default:
      return
  }
}

/** Another effect may have put the same value on another version: that stands for itself. */
async function withdrawLabel(
  stores: Stores,
  { src }: CarryOutDeps,
  effect: StoredEffect,
  { actor, at }: Undoing,
): Promise<void> {
  const uri = parseAtUri(effect.subject) ?? parseDid(effect.subject)
  if (uri === undefined) return
  const others = await stores.effects.standingOn(uri)
  const isHeldByOthers = others.some(
    (other) =>
      other.kind === 'label' &&
      other.state === 'done' &&
      other.target === ownTargets.labels &&
      other.subject === effect.subject &&
      other.detail === effect.detail,
  )
  if (isHeldByOthers) return
  const { recordCid: cid, detail: val } = effect
  const withdrawal = {
    uri,
    val,
    neg: true,
    priority: 'urgent',
    ...(cid === undefined ? {} : { cid }),
  } as const
  await stores.emissions.put(src, withdrawal, { actor, jobId: undefined, atMs: Date.parse(at) })
}

async function liftTakedown(
  stores: Stores,
  { targets }: CarryOutDeps,
  effect: StoredEffect,
  subject: TargetSubject,
  { at, actor }: Undoing,
): Promise<void> {
  const target = targets.find(({ id }) => id === effect.target)
  const lifted = withoutHeld(subject, await otherSubjects(stores, effect))
  if (lifted === undefined || !target) {
    const outcome = lifted === undefined ? 'another takedown holds it' : `no target ${effect.target}`
    const state = lifted === undefined ? 'undone' : 'undoing'
    await stores.effects.change(effect.id, ['undoing'], { state, outcome, at })
    const word = lifted === undefined ? 'effect.undone' : 'effect.not-lifted'
    await stores.audit.append([auditOf({ ...effect, outcome }, word, at, actor)])
    return
  }
  const message = createActionMessage(
    target,
    {
      kind: 'restore',
      subject: lifted,
      effectId: effect.id,
      externalId: externalIdOf(effect, 'restore'),
      because: becauseOf(effect),
    },
    at,
  )
  await stores.outbox.add([message])
}

/** What other effects have taken down by the same target in the same account, or are about to. */
async function otherSubjects(stores: Stores, { id, did, target }: StoredEffect): Promise<TargetSubject[]> {
  const standing = await stores.effects.takedownsOf(did, target)
  return standing.flatMap((other) => {
    const isHolding = other.id !== id && (other.state === 'done' || other.state === 'pending')
    return isHolding && other.action.kind === 'takedown' ? [other.action.subject] : []
  })
}

/** Returns what of a subject nothing else holds; undefined where that is nothing. */
function withoutHeld(subject: TargetSubject, others: readonly TargetSubject[]): TargetSubject | undefined {
  const held = new Set(
    others.flatMap((other) =>
      other.kind === 'record' ? other.blobs : other.kind === 'blob' ? [other.cid] : [],
    ),
  )
  switch (subject.kind) {
    case 'account':
      return others.some(({ kind }) => kind === 'account') ? undefined : subject
    case 'blob':
      return held.has(subject.cid) ? undefined : subject
    case 'record':
    default: {
      const isHeld = others.some((other) => other.kind === 'record' && other.uri === subject.uri)
      return isHeld ? undefined : { ...subject, blobs: subject.blobs.filter((blob) => !held.has(blob)) }
    }
  }
}
