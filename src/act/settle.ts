import { AppError } from '../lib/errors.ts'
import { parseAction } from '../model/action-message.ts'
import { type EffectState, type StoredEffect, undoReasons } from '../model/effect.ts'
import type { OutboxEnd, OutboxMessage } from '../model/outbox.ts'
import type { SubjectAction } from '../model/target.ts'
import type { WebhookEvent } from '../model/webhook-event.ts'
import type { Announce, Stores } from '../store/database.ts'
import { auditOf } from './carry-out.ts'

/** What ends of messages change. */
export type Settle = {
  /**
   * Takes note of what a target's answer means for the effect that a message carries out. It belongs in the transaction that ends
   * the message, so that neither is without the other. A message that carries out no kept effect changes nothing.
   */
  settle(stores: Stores, message: OutboxMessage, end: OutboxEnd): Promise<void>
  /** Takes note of that a message that had ended is to be sent again. @throws {AppError} `conflict` where what it does was undone. */
  revive(stores: Stores, message: OutboxMessage): Promise<void>
}

/** Returns what keeps effects and the messages that carry them out of one mind. */
export function createSettle({
  announce,
  now,
}: {
  readonly announce: Announce
  readonly now: () => Date
}): Settle {
  return {
    async settle(stores, message, end) {
      const { action, effect } = await load(stores, message)
      if (!action || !effect) return
      const at = now().toISOString()
      const isLifting = action.kind === 'restore'
      const state = isLifting ? stateOfLifting(end) : stateOfDoing(end)
      const change = { state, outcome: end.words, at }
      if (!(await stores.effects.change(effect.id, isLifting ? lifting : doing, change))) return
      const word = isLifting && state === 'undoing' ? 'not-lifted' : state
      await stores.audit.append([auditOf({ ...effect, outcome: end.words }, `effect.${word}`, at)])
      const event = eventOf(effect, action, state)
      if (event) await announce(stores, [event], at)
    },

    async revive(stores, message) {
      const { action, effect } = await load(stores, message)
      if (!action || !effect) return
      const at = now().toISOString()
      const isLifting = action.kind === 'restore'
      const state = isLifting ? 'undoing' : 'pending'
      if (!isLifting && isUndone(effect)) throw new UndoneError(effect)
      await stores.effects.change(effect.id, isLifting ? lifting : doing, { state, at })
    },
  }
}

/** A message would do what was undone since. */
class UndoneError extends AppError {
  override readonly name = 'UndoneError'
  constructor({ id, kind, state }: StoredEffect) {
    super(
      'conflict',
      `Expected an effect that stands but ${kind} ${id} is ${state}: it was taken back; order it anew to do it again`,
    )
  }
}

function isUndone({ state, because }: StoredEffect): boolean {
  return state === 'undoing' || state === 'undone' || undoReasons.some((reason) => reason === because)
}

const doing: readonly EffectState[] = ['pending', 'done', 'failed', 'dropped']
const lifting: readonly EffectState[] = ['undoing', 'undone']

async function load(
  { effects }: Pick<Stores, 'effects'>,
  { kind, payload }: OutboxMessage,
): Promise<{ readonly action?: SubjectAction; readonly effect?: StoredEffect | undefined }> {
  if (kind === 'webhook') return {}
  const action = parseAction(payload)
  return { action, effect: await effects.find(action.effectId) }
}

function stateOfDoing({ kind }: OutboxEnd): EffectState {
  if (kind === 'done' || kind === 'already') return 'done'
  // An account that the target does not host, or a person who gave it up: nothing was done, and nobody has to look.
  return kind === 'not-theirs' || kind === 'dropped' ? 'dropped' : 'failed'
}

/** What could not be lifted is being lifted still: a person sees it among the dead letters. */
function stateOfLifting({ kind }: OutboxEnd): EffectState {
  return kind === 'done' || kind === 'already' || kind === 'not-theirs' ? 'undone' : 'undoing'
}

function eventOf(effect: StoredEffect, action: SubjectAction, state: EffectState): WebhookEvent | undefined {
  const { subject, recordCid, blobCid, actor } = effect
  const about = {
    contentId: action.subject.kind === 'blob' ? (effect.uri ?? subject) : subject,
    recordCid,
    blobCid,
  }
  if (state === 'undone')
    return {
      type: 'review_decided',
      ...about,
      decision: 'reversed',
      action: 'takedown',
      actor: effect.undoneBy ?? actor,
    }
  if (state !== 'done' || (action.kind !== 'takedown' && action.kind !== 'report')) return undefined
  return { type: 'action_taken', ...about, action: action.kind, actor }
}
