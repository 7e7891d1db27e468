import { decideEffects, placeOf } from '../act/decide.ts'
import {
  type ActingKind,
  effectKey,
  isActing,
  type StoredEffect,
  type WithholdReason,
} from '../model/effect.ts'
import type { ImageRef } from '../model/image.ts'
import type { LabelState } from '../model/label.ts'
import type { Match } from '../model/match.ts'
import { isDryRun, type Policy, type PolicyTier, type TierEffect, tierFor } from '../model/policy.ts'
import type { DoneJob } from '../store/replay-store.ts'

/** An effect that a policy calls for about an image. */
export type CalledEffect = Pick<StoredEffect, 'target' | 'subject' | 'recordCid' | 'detail'> & {
  /** As `effectKey` has it: two with one key are one. */
  readonly key: string
  readonly kind: ActingKind
  readonly effect: TierEffect
  readonly image: ImageRef
  /** The day on which the image was looked at (`2026-01-31`). */
  readonly day: string
  readonly match: Match
  readonly tier: PolicyTier
  /** True where the bank is only tried. */
  readonly isTried: boolean
  /** True where the content is in quarantine, so that it would be held. */
  readonly isQuarantined: boolean
}

/** What an image looks back on. */
export type ImageHistory = {
  readonly history: readonly LabelState[]
  readonly acted: readonly StoredEffect[]
}

const noHistory = { takenDown: [], recordBlobs: [], suppressed: [], quarantined: new Set<number>() }

/**
 * Returns what a policy calls for about an image that nothing was done about, each effect once, by the match that a decision would
 * give as its reason: one that acts, before one that is held, before one that is only tried. Pure.
 */
export function findCalled(
  policy: Policy,
  { image, doneAt }: Pick<DoneJob, 'image' | 'doneAt'>,
  matches: readonly Match[],
  quarantined: ReadonlySet<number>,
): CalledEffect[] {
  const day = doneAt.slice(0, 10)
  const all = matches.flatMap((match): CalledEffect[] => {
    const tier = tierFor(policy, match, image.use)
    if (tier === undefined) return []
    const isTried = isDryRun(policy, match.bank)
    const isQuarantined = quarantined.has(match.contentId)
    return tier.effects.flatMap((effect) => {
      const [made] = decideOne(effect, match, image, { history: [], acted: [] }, '1970-01-01T00:00:00.000Z')
      if (made === undefined || !isActing(made)) return []
      const place = placeOf(made, image)
      const key = effectKey({ kind: made.kind, ...place })
      return [{ key, ...place, kind: made.kind, effect, image, day, match, tier, isTried, isQuarantined }]
    })
  })
  const rankOf = ({ isTried, isQuarantined }: CalledEffect): number => (isTried ? 2 : isQuarantined ? 1 : 0)
  const byKey = new Map<string, CalledEffect>()
  for (const called of all.toSorted((a, b) => rankOf(a) - rankOf(b)))
    if (!byKey.has(called.key)) byKey.set(called.key, called)
  return [...byKey.values()]
}

/** Returns why an effect would not be done now, after what was done: it stands, or a person took it back; undefined where it would. */
export function reasonAgainst(
  { effect, match, image }: CalledEffect,
  history: ImageHistory,
  now: string,
): WithholdReason | undefined {
  const [made] = decideOne(effect, match, image, history, now)
  return made?.kind === 'withheld' ? made.because : undefined
}

/** A policy of one effect: what is decided about it is what would be decided about it among others. */
function decideOne(
  effect: TierEffect,
  match: Match,
  image: ImageRef,
  history: ImageHistory,
  now: string,
): ReturnType<typeof decideEffects> {
  const otherBanks = [{ distance: 256, effects: [effect] }]
  const policy = { labels: [], definitions: [], reports: {}, banks: [], otherBanks }
  return decideEffects({ image, matches: [match], ...noHistory, ...history, policy, now })
}
