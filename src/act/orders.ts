import { AppError } from '../lib/errors.ts'
import type { Pause, Quarantine, QuarantineDecision } from '../model/brake.ts'
import type { StoredEffect } from '../model/effect.ts'
import type { Policy } from '../model/policy.ts'
import { contentSubject } from '../model/review.ts'
import type { TargetSubject } from '../model/target.ts'
import type { Database, Stores } from '../store/database.ts'
import { addEffect, type CarryOutDeps, releaseEffect } from './carry-out.ts'
import { newSubjects, type Order, requirePossible, wantedOf } from './order.ts'
import { type TakenBack, takeBack } from './reverse.ts'
import { type Undoing, undoEffect } from './undo.ts'

/** A content, as a verdict needs it. */
export type JudgedContent = { readonly bankId: number; readonly bank: string; readonly contentId: number }

/** What a person does about subjects and contents. Every call is one transaction with its audit rows. */
export interface Orders {
  /**
   * Puts what is asked for into the outbox, or a label into its queue, once: what stands already is left out, what a quota or a
   * flood holds is carried out. While effects are paused it waits. Returns the effects that are new, or held no longer.
   * @throws {AppError} `invalid` for a target that there is not, or that does not do it, and for a value that is not declared.
   */
  give(order: Order, reviewId?: number): Promise<StoredEffect[]>
  /** Returns what `give` would, and does nothing. */
  weigh(order: Order): Promise<readonly TargetSubject[]>
  /**
   * Carries out an effect that is held, whatever a quota or a quarantine says; undefined when it is held no longer.
   * @throws {AppError} `conflict` while effects are paused.
   */
  apply(effectId: number): Promise<StoredEffect | undefined>
  /** Drops an effect that is held, because a person has seen it and wants nothing done; undefined as `apply`. */
  dismiss(effectId: number): Promise<StoredEffect | undefined>
  /** Undoes what stands about a subject, because a person says that it was wrong. Returns what is undone. */
  takeBack(taken: TakenBack, because: Undoing['because']): Promise<StoredEffect[]>
  /** Says that a content is what its bank is for: it may match as often as it does. Ends its quarantine. */
  confirm(content: JudgedContent, reason: string): Promise<void>
  /** Says that a content is not what its bank is for: it acts on nothing from now on, and what it caused is undone. */
  deconfirm(content: JudgedContent, reason: string): Promise<void>
  /** Takes back what was said of a content; false when nothing was. What was undone stays so. */
  forgetVerdict(content: JudgedContent): Promise<boolean>
  /** Ends the quarantine of a content, and lets what it holds happen; undefined when it is in none. */
  release(contentId: number): Promise<Quarantine | undefined>
  /** Stops effects, not scanning; false when they are stopped already. */
  pause(reason: string): Promise<boolean>
  /** Lets effects go on, those that waited first; undefined when they were not stopped. */
  resume(): Promise<Pause | undefined>
}

/** Nothing is carried out for now, whoever asks. */
class EffectsPausedError extends AppError {
  override readonly name = 'EffectsPausedError'
  constructor({ begunAt }: Pause) {
    super('conflict', `Expected effects not to be paused, but they are since ${begunAt}`)
  }
}

/** What orders need. */
export type OrdersDeps = CarryOutDeps & {
  readonly database: Pick<Database, 'transaction'>
  readonly policy: Policy
  /** Who asks, as the audit has it. */
  readonly actor: string
  readonly now: () => Date
  /** Called after something was changed that others follow up; must not throw. */
  readonly onChange: () => void
}

/** Returns what a person can do, as one actor. */
export function createOrders(deps: OrdersDeps): Orders {
  const { database, actor, now, onChange } = deps

  async function change<T>(work: (stores: Stores, at: string) => Promise<T>): Promise<T> {
    const result = await database.transaction((stores) => work(stores, now().toISOString()))
    onChange()
    return result
  }

  async function endQuarantine(
    stores: Stores,
    contentId: number,
    decision: QuarantineDecision,
    at: string,
  ): Promise<Quarantine | undefined> {
    const { brakes, audit } = stores
    const ended = await brakes.endQuarantine(contentId, decision, actor, at)
    if (ended) {
      const details = { content: contentId, bank: ended.bank, decision }
      await audit.append([{ at, actor, action: 'content.quarantine-ended', subject: ended.bank, details }])
      await closeReviewOf(stores, contentId, decision, at)
    }
    return ended
  }

  /** Where a person decided on the content past its review, that has nothing left to ask. */
  async function closeReviewOf(
    { reviews, reviewDecisions, audit }: Stores,
    contentId: number,
    ended: QuarantineDecision,
    at: string,
  ): Promise<void> {
    const subject = contentSubject(contentId)
    const [review] = await reviews.ofSubject(subject, 1)
    if (!review || !(await reviewDecisions.move(review.id, 'closed', at))) return
    const decision = ended === 'released' ? 'release' : 'deconfirm'
    const details = { content: contentId }
    await reviewDecisions.add({ reviewId: review.id, decision, actor, details, at })
    const told = { review: review.id, decision, state: 'closed', ...details }
    await audit.append([{ at, actor, action: 'review.decided', subject, details: told }])
  }

  async function carryOutHeld(stores: Stores, held: StoredEffect, at: string): Promise<StoredEffect> {
    const pause = await stores.brakes.pause()
    if (pause) throw new EffectsPausedError(pause)
    return (await releaseEffect(stores, deps, held, at, actor)).effect
  }

  async function judge(
    stores: Stores,
    { bankId, bank, contentId }: JudgedContent,
    verdict: 'confirmed' | 'negative',
    reason: string,
    at: string,
  ): Promise<void> {
    await stores.verdicts.save({ contentId, bankId, verdict, actor, reason, at })
    const action = verdict === 'confirmed' ? 'content.confirmed' : 'content.deconfirmed'
    await stores.audit.append([{ at, actor, action, subject: bank, details: { content: contentId } }])
  }

  return {
    give: (order, reviewId) =>
      change(async (stores, at) => {
        requirePossible(deps, order)
        const effects: StoredEffect[] = []
        const isPaused = (await stores.brakes.pause()) !== undefined
        for (const { subject, held } of await newSubjects(stores, deps, order)) {
          if (held) {
            effects.push(await carryOutHeld(stores, held, at))
            continue
          }
          const wanted = { ...wantedOf(order, subject, actor, at), reviewId }
          const hold = isPaused ? ('paused' as const) : undefined
          const { effect } = await addEffect(stores, deps, { ...wanted, hold }, undefined, at)
          const details = {
            effect: effect.id,
            target: order.target,
            ...('reasonType' in order && { reasonType: order.reasonType }),
            ...('val' in order && { val: order.val }),
          }
          await stores.audit.append([
            { at, actor, action: `${order.kind}.ordered`, subject: effect.subject, details },
          ])
          effects.push(effect)
        }
        return effects
      }),
    weigh: (order) =>
      database.transaction(async (stores) => {
        requirePossible(deps, order)
        return (await newSubjects(stores, deps, order)).map(({ subject }) => subject)
      }),
    apply: (effectId) =>
      change(async (stores, at) => {
        const effect = await findHeld(stores, effectId)
        return effect && (await carryOutHeld(stores, effect, at))
      }),
    dismiss: (effectId) =>
      change(async (stores, at) => {
        const effect = await findHeld(stores, effectId)
        const undoing = { because: 'acknowledged', actor, at } as const
        return effect && (await undoEffect(stores, deps, effect, undoing)) ? effect : undefined
      }),
    takeBack: (taken, because) =>
      change((stores, at) => takeBack(stores, deps, taken, { because, actor, at })),
    confirm: (content, reason) =>
      change(async (stores, at) => {
        await judge(stores, content, 'confirmed', reason, at)
        await endQuarantine(stores, content.contentId, 'released', at)
      }),
    deconfirm: (content, reason) =>
      change(async (stores, at) => {
        const { contentId } = content
        await judge(stores, content, 'negative', reason, at)
        await stores.reversals.add({ contentId, because: 'deconfirmed', actor }, at)
        await endQuarantine(stores, contentId, 'deconfirmed', at)
      }),
    forgetVerdict: ({ bank, contentId }) =>
      change(async ({ verdicts, audit }, at) => {
        const isGone = await verdicts.forget(contentId)
        const entry = { action: 'content.verdict-forgotten', subject: bank, details: { content: contentId } }
        if (isGone) await audit.append([{ at, actor, ...entry }])
        return isGone
      }),
    release: (contentId) => change((stores, at) => endQuarantine(stores, contentId, 'released', at)),
    pause: (reason) =>
      change(async ({ brakes, audit }, at) => {
        const isNew = await brakes.beginPause(reason, actor, at)
        const entry = { action: 'effects.paused', subject: deps.src, details: {} }
        if (isNew) await audit.append([{ at, actor, ...entry }])
        return isNew
      }),
    resume: () =>
      change(async ({ brakes, audit }, at) => {
        const ended = await brakes.endPause(actor, at)
        const details = { since: ended?.begunAt }
        if (ended) await audit.append([{ at, actor, action: 'effects.resumed', subject: deps.src, details }])
        return ended
      }),
  }
}

async function findHeld({ effects }: Stores, id: number): Promise<StoredEffect | undefined> {
  const effect = await effects.find(id)
  return effect?.state === 'held' ? effect : undefined
}
