import type { Bank } from './bank.ts'
import type { Priority } from './emission.ts'
import type { LabelDefinition } from './label-definition.ts'
import type { Match } from './match.ts'
import type { ReportScope } from './report-scope.ts'

/** What a match of a tier calls for. `block` is for the upload gate; what is published already cannot be blocked. */
export type TierEffect = LabelEffect | { readonly kind: 'log' } | { readonly kind: 'block' }

/** A label that a tier calls for. */
export type LabelEffect = {
  readonly kind: 'label'
  readonly val: string
  /** The account of the image instead of the record. */
  readonly on?: 'account'
  /** Milliseconds from the decision until the label stops holding; it holds until it is withdrawn without. */
  readonly expiresAfterMs?: number
  /** How soon it is to be published where there is a budget; `normal` without. */
  readonly priority?: Priority
}

/** What to do for matches up to a distance in bits, inclusive, or for those of the bank's tier of that name. */
export type PolicyTier = ({ readonly distance: number } | { readonly tier: string }) & {
  readonly effects: readonly TierEffect[]
}

/** What a bank's matches call for; distances rise, and the first tier that holds the match decides. */
export type BankPolicy = { readonly bank: string; readonly tiers: readonly PolicyTier[] }

/** The operator's policy file, parsed. */
export type Policy = {
  /** Every label value this labeler may publish. */
  readonly labels: readonly string[]
  /** How clients are to treat those of the values that the file defines, in its order. */
  readonly definitions: readonly LabelDefinition[]
  /** Which reports the labeler takes. */
  readonly reports: ReportScope
  readonly banks: readonly BankPolicy[]
  /** What banks that are not named call for. */
  readonly otherBanks: readonly PolicyTier[]
}

/** Returns what one match calls for: the effects of the first tier that holds its distance, or none. */
export function effectsFor(policy: Policy, match: Match): readonly TierEffect[] {
  const tiers = policy.banks.find((bank) => bank.bank === match.bank)?.tiers ?? policy.otherBanks
  return tiers.find((tier) => holds(tier, match))?.effects ?? []
}

/** Returns the tiers that the policy names of a bank and that the bank does not have: what it says of those is for nothing. */
export function missingTiers(
  policy: Policy,
  banks: readonly Pick<Bank, 'name' | 'tiers'>[],
): readonly { readonly bank: string; readonly tier: string }[] {
  return policy.banks.flatMap(({ bank, tiers }) => {
    const known = banks.find(({ name }) => name === bank)
    if (!known) return []
    const named = tiers.flatMap((tier) => ('tier' in tier ? [tier.tier] : []))
    return named
      .filter((tier) => !known.tiers.some(({ name }) => name === tier))
      .map((tier) => ({ bank, tier }))
  })
}

function holds(tier: PolicyTier, match: Match): boolean {
  return 'tier' in tier ? tier.tier === match.tier : match.distance <= tier.distance
}
