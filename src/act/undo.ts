import { ownTargets, type StoredEffect, standingStates, type UndoReason } from '../model/effect.ts'
import { parseAtUri, parseDid } from '../model/ids.ts'
import { createActionMessage, type TargetSubject } from '../model/target.ts'
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

/**
 * Undoes one effect: what was held is dropped, a label withdrawn, a takedown lifted as far as no other effect holds the same. A
 * report that was sent cannot be taken back, one that was not is dropped. Belongs in a transaction. False where it stands no longer.
 */
export async function undoEffect(
  stores: Stores,
  deps: CarryOutDeps,
  effect: StoredEffect,
  undoing: Undoing,
): Promise<boolean> {
  const { because, actor: by, at } = undoing
  const isHeld = effect.state === 'held'
  const lift = !isHeld && effect.action.kind === 'takedown'
  const state = isHeld ? 'dropped' : lift ? 'undoing' : 'undone'
  if (!(await stores.effects.change(effect.id, standingStates, { state, because, at, by }))) return false
  const word = isHeld ? 'effect.dropped' : lift ? 'effect.undoing' : 'effect.undone'
  await stores.audit.append([auditOf({ ...effect, because }, word, at, by)])
  if (isHeld) return true
  switch (effect.action.kind) {
    case 'label':
      await withdrawLabel(stores, deps, effect, undoing)
      return true
    case 'takedown':
      await liftTakedown(stores, deps, effect, effect.action.subject, undoing)
      return true
    case 'report':
      await stores.outbox.dropUnsent(effect.target, externalIdOf(effect, 'report'), at)
      return true
    case 'webhook':
      await deps.announce(
        stores,
        [
          {
            type: 'review_decided',
            contentId: effect.subject,
            blobCid: effect.blobCid,
            decision: 'reversed',
            actor: by,
          },
        ],
        at,
        effect.target,
      )
      return true
    case 'review':
    default:
      return true
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
    const outcome = target ? 'another takedown holds it' : `no target ${effect.target}`
    const state = target ? 'undone' : 'undoing'
    await stores.effects.change(effect.id, ['undoing'], { state, outcome, at })
    await stores.audit.append([
      auditOf({ ...effect, outcome }, target ? 'effect.undone' : 'effect.not-lifted', at, actor),
    ])
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

/** What other effects have taken down by the same target in the same account. */
async function otherSubjects(stores: Stores, { id, did, target }: StoredEffect): Promise<TargetSubject[]> {
  const standing = await stores.effects.takedownsOf(did, target)
  return standing.flatMap((other) =>
    other.id !== id && other.action.kind === 'takedown' ? [other.action.subject] : [],
  )
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
