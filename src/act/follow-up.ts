import { firstOf } from '../lib/first-of.ts'
import { pause as rest } from '../lib/pause.ts'
import type { Quotas } from '../model/brake.ts'
import { quotaKinds } from '../model/brake.ts'
import type { HoldReason, StoredEffect } from '../model/effect.ts'
import type { Stores } from '../store/database.ts'
import { loadBrakes } from './braking.ts'
import { releaseEffect } from './carry-out.ts'
import { type ReverseDeps, type Reversed, reverseSome } from './reverse.ts'

/** What following up needs. */
export type FollowUpDeps = ReverseDeps & {
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
  /** Where the reversal that is under way goes on; after a restart, from its beginning. */
  let place: (Reversed & { readonly id: number }) | undefined
  let forgotAt = Number.NEGATIVE_INFINITY

  async function step(): Promise<boolean> {
    const reversal = await deps.database.transaction(({ reversals }) => reversals.next())
    if (reversal) {
      const afterId = place?.id === reversal.id ? place.afterId : 0
      const reversed = await reverseSome(deps, reversal, afterId)
      place = reversed.isDone ? undefined : { id: reversal.id, ...reversed }
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
  const at = deps.now().toISOString()
  return await deps.database.transaction(async (stores) => {
    const held = await stores.effects.releasable(piece)
    let released = 0
    for (const effect of held) if (await release(stores, deps, effect, at)) released += 1
    return released
  })
}

/** The brakes are asked again, one effect at a time: what ended one may find another. */
async function release(
  stores: Stores,
  deps: FollowUpDeps,
  effect: StoredEffect,
  at: string,
): Promise<boolean> {
  const brakes = await loadBrakes(stores, deps.quotas, effect.cause ? [effect.cause] : [], at)
  const hold: HoldReason | undefined =
    effect.cause && brakes.quarantined.has(effect.cause.contentId)
      ? 'flood'
      : (brakes.left.get(effect.kind) ?? 1) <= 0
        ? 'quota'
        : undefined
  if (hold === effect.because) return false
  if (hold !== undefined)
    return await stores.effects.change(effect.id, ['held'], { state: 'held', because: hold, at })
  await releaseEffect(stores, deps, effect, at)
  const kind = quotaKinds.find((known) => known === effect.kind)
  if (kind) await stores.brakes.spend(at.slice(0, 10), kind, 1)
  return true
}
