import type { FloodLimits } from '../model/brake.ts'
import {
  type ActingEffect,
  type ActingKind,
  type Effect,
  type HoldReason,
  isActing,
} from '../model/effect.ts'

/** The brakes as they are when effects are about to be carried out. */
export type Brakes = {
  readonly isPaused: boolean
  /** Contents in quarantine. */
  readonly quarantined: ReadonlySet<number>
  /** How many effects of a kind the day's quota still has; no limit for a kind that is not in it. */
  readonly left: ReadonlyMap<ActingKind, number>
}

/** An effect that is carried out, and why it is held instead, where it is. */
export type Weighed = { readonly effect: ActingEffect; readonly hold: HoldReason | undefined }

/**
 * Tells which effects are held back, in their order. Pure. A pause holds all that others would see; a review is none of that.
 * A content in quarantine calls for nothing, no review either: its own has a sample. What is beyond a quota waits for a person.
 */
export function decideHolds(effects: readonly Effect[], brakes: Brakes): Weighed[] {
  const left = new Map(brakes.left)
  return effects.filter(isActing).map((effect) => {
    const hold = holdOf(effect, brakes, left)
    const rest = left.get(effect.kind)
    if (hold === undefined && rest !== undefined) left.set(effect.kind, rest - 1)
    return { effect, hold }
  })
}

function holdOf(
  { kind, match }: ActingEffect,
  { isPaused, quarantined }: Brakes,
  left: ReadonlyMap<ActingKind, number>,
): HoldReason | undefined {
  if (isPaused && kind !== 'review') return 'paused'
  if (match && quarantined.has(match.contentId)) return 'flood'
  return (left.get(kind) ?? Number.POSITIVE_INFINITY) <= 0 ? 'quota' : undefined
}

/** True when a content's matches of the last hour are a flood: above the least, and far above its baseline. Pure. */
export function isFlood(
  { recent, baseline }: { readonly recent: number; readonly baseline: number },
  { least, factor }: FloodLimits,
): boolean {
  return recent > Math.max(least, factor * baseline)
}
