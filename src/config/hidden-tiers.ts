import { type ImageUse, imageUses } from '../model/image.ts'
import { actingOpinions, type Opinion } from '../model/opinion.ts'

/** Which matches a tier holds. */
export type TierScope = {
  readonly distance?: number
  readonly tier?: string
  readonly uses?: readonly ImageUse[]
  readonly opinions?: readonly Opinion[]
}

/** True where a scope says how far it reaches, and says it once. */
export function hasOneReach({ distance, tier }: TierScope): boolean {
  return (distance === undefined) !== (tier === undefined)
}

/** No two hashes are farther from each other, in bits. */
const maxDistance = 256

/**
 * Returns, for each tier, the places of the tiers before it that together hold all that it holds, so that it never decides; none
 * for a tier that can. A place without a tier is passed over. Pure.
 */
export function findHidden(tiers: readonly (TierScope | undefined)[]): readonly (readonly number[])[] {
  return tiers.map((tier, at) => (tier === undefined ? [] : hidersOf(tier, tiers.slice(0, at))))
}

function hidersOf(tier: TierScope, before: readonly (TierScope | undefined)[]): readonly number[] {
  // An upload is shown as nothing yet: only tiers without uses hold it.
  const uses = tier.uses ?? [...imageUses, undefined]
  const found = uses.flatMap((use) =>
    (tier.opinions ?? actingOpinions).map((opinion) =>
      before.findIndex((other) => other !== undefined && covers(other, tier) && holds(other, use, opinion)),
    ),
  )
  return found.includes(-1) ? [] : [...new Set(found)].sort((a, b) => a - b)
}

/** True where one reaches as far as the other, whatever bounds the bank has for tiers that it names. */
function covers(one: TierScope, other: TierScope): boolean {
  if (one.tier !== undefined) return one.tier === other.tier
  return (one.distance ?? -1) >= (other.distance ?? maxDistance)
}

function holds({ uses, opinions }: TierScope, use: ImageUse | undefined, opinion: Opinion): boolean {
  const isUse = uses === undefined || (use !== undefined && uses.includes(use))
  return isUse && (opinions === undefined || opinions.includes(opinion))
}
