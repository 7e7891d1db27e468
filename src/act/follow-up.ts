import { firstOf } from '../lib/first-of.ts'
import { pause as rest } from '../lib/pause.ts'
import { type Quotas, quotaKinds } from '../model/brake.ts'
import type { HoldReason, StoredEffect } from '../model/effect.ts'
import type { Database, Stores } from '../store/database.ts'
import { loadBrakes } from './braking.ts'
import { auditOf, openReview, releaseEffect } from './carry-out.ts'
import { type ReverseDeps, reverseSome } from './reverse.ts'

/** What following up needs. */
export type FollowUpDeps = ReverseDeps & {
  readonly database: Pick<Database, 'transaction' | 'reversals' | 'effects'>
  readonly quotas: Quotas
  /** Called after labels or messages wait to leave; must not throw. */
  readonly onChange: () => void
}

/** The loop that follows up. */
export interface FollowUp {
  /** Works until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>
  /** Tells that there may be something to do. */
  wake(): void
  /** Does a piece of what there is to do; false when there was nothing. */
  step(): Promise<boolean>
}

/** Effects that are released in one transaction. */
const piece = 100
/** The rest between two looks, in milliseconds: the operator's commands ring no bell, but the watch over the store does. */
const longestRestMs = 5_000
const leastRestMs = 20
/** Milliseconds between two times that old counts are forgotten. */
const forgetMs = 3_600_000

/**
 * Returns the loop that undoes what lost its cause, and carries out what is no longer held: everything when a pause has ended, and
 * the effects of a content that was released. What a quota holds waits for a person. It starts nothing.
 */
export function createFollowUp(deps: FollowUpDeps): FollowUp {
  let bell = Promise.withResolvers<void>()
  let forgotAt = Number.NEGATIVE_INFINITY
  /** How far the reversal in hand has come; after a restart it begins again, with what is left. */
  let reached = { reversal: 0, lastId: 0 }

  async function step(): Promise<boolean> {
    const reversal = await deps.database.reversals.next()
    if (reversal) {
      const afterId = reached.reversal === reversal.id ? reached.lastId : 0
      const { lastId } = await reverseSome(deps, reversal, afterId)
      reached = { reversal: reversal.id, lastId }
    }
    const released = await releaseSome(deps)
    if (reversal || released > 0) deps.onChange()
    return reversal !== undefined || released > 0
  }

  async function forget(): Promise<void> {
    const nowMs = deps.now().getTime()
    if (nowMs - forgotAt < forgetMs) return
    forgotAt = nowMs
    await deps.database.transaction(({ brakes }) => brakes.forget(nowMs))
  }

  return {
    step,
    wake: () => bell.resolve(),
    async run(signal) {
      signal.addEventListener('abort', () => bell.resolve(), { once: true })
      while (!signal.aborted) {
        bell = Promise.withResolvers<void>()
        await forget()
        const isMore = await step()
        await rest(leastRestMs, signal)
        if (!isMore) await firstOf(bell.promise, longestRestMs)
      }
    },
  }
}

async function releaseSome(deps: FollowUpDeps): Promise<number> {
  // Most looks find nothing, and need not wait for those who write.
  if ((await deps.database.effects.releasable(1)).length === 0) return 0
  const at = deps.now().toISOString()
  return await deps.database.transaction(async (stores) => {
    const held = await stores.effects.releasable(piece)
    let released = 0
    for (const effect of held) if (await release(stores, deps, effect, at)) released += 1
    return released
  })
}

/** The brakes are asked again, one effect at a time: what ended one may find another. Quotas are the machine's, not a person's. */
async function release(
  stores: Stores,
  deps: FollowUpDeps,
  effect: StoredEffect,
  at: string,
): Promise<boolean> {
  const quotas = effect.jobId === undefined ? {} : deps.quotas
  const brakes = await loadBrakes(stores, quotas, effect.cause ? [effect.cause] : [], at)
  const hold: HoldReason | undefined =
    effect.cause && brakes.quarantined.has(effect.cause.contentId)
      ? 'flood'
      : (brakes.left.get(effect.kind) ?? 1) <= 0
        ? 'quota'
        : undefined
  if (hold === effect.because) return false
  if (hold !== undefined) {
    await stores.effects.change(effect.id, ['held'], { state: 'held', because: hold, at })
    await stores.audit.append([auditOf({ ...effect, because: hold }, 'effect.held', at)])
    if (hold === 'quota') await openReview(stores, effect.uri ?? effect.did, effect.did, false, at)
    return true
  }
  await releaseEffect(stores, deps, effect, at)
  const kind = effect.jobId === undefined ? undefined : quotaKinds.find((known) => known === effect.kind)
  if (kind) await stores.brakes.spend(at.slice(0, 10), kind, 1)
  return true
}
