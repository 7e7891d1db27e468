import type { Bank } from './bank.ts'
import type { Priority } from './emission.ts'
import type { ImageUse } from './image.ts'
import type { LabelDefinition } from './label-definition.ts'
import type { Match } from './match.ts'
import type { Opinion } from './opinion.ts'
import type { ReportScope } from './report-scope.ts'

/**
 * What a match of a tier calls for. `block` is for the upload gate; what is published already cannot be blocked. `webhook`
 * tells one endpoint of the match, whatever events that endpoint asks for by itself.
 */
export type TierEffect =
  | LabelEffect
  | ReportEffect
  | TakedownEffect
  | ReviewEffect
  | { readonly kind: 'webhook' /** The id of the endpoint. */; readonly to: string }
  | { readonly kind: 'log' }
  | { readonly kind: 'block' }

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

/** A report that a tier calls for. */
export type ReportEffect = {
  readonly kind: 'report'
  /** The id of the target that is to have it. */
  readonly to: string
  /** As `com.atproto.moderation.defs#reasonType` has it, such as `tools.ozone.report.defs#reasonChildSafetyCSAM`. */
  readonly reasonType: string
  /** The account of the image instead of the record. */
  readonly on?: 'account'
}

/** What a takedown can be of: a record takes its blobs with it. */
export const takedownScopes = ['blob', 'record', 'account'] as const

/** One member of `takedownScopes`. */
export type TakedownScope = (typeof takedownScopes)[number]

/** A takedown that a tier calls for. */
export type TakedownEffect = {
  readonly kind: 'takedown'
  /** The id of the target that is to do it. */
  readonly by: string
  readonly of: TakedownScope
}

/** A review of the record that a tier calls for. */
export type ReviewEffect = { readonly kind: 'review'; readonly isEscalated?: true }

/**
 * Which matches a tier holds: up to a distance in bits, inclusive, or those of the bank's tier of that name; of these uses and
 * opinions alone, where it names any.
 */
export type PolicyTierScope = ({ readonly distance: number } | { readonly tier: string }) & {
  readonly uses?: readonly ImageUse[]
  readonly opinions?: readonly Opinion[]
}

/** What to do for some matches of a bank. */
export type PolicyTier = PolicyTierScope & { readonly effects: readonly TierEffect[] }

/** Returns which matches a tier holds, without what it does. */
export function scopeOf(tier: PolicyTier): PolicyTierScope {
  const { uses, opinions } = tier
  const reach = 'tier' in tier ? { tier: tier.tier } : { distance: tier.distance }
  return { ...reach, ...(uses && { uses }), ...(opinions && { opinions }) }
}

/** What a bank's matches call for; the first tier that holds the match decides. */
export type BankPolicy = {
  readonly bank: string
  /** True records what the tiers would have done, and does none of it. */
  readonly isDryRun?: true
  readonly tiers: readonly PolicyTier[]
}

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

/**
 * Returns what one match of an image calls for: the effects of the first tier that holds it, or none. Without a use, as where an
 * image is not of a record, a tier that names uses holds nothing.
 */
export function effectsFor(policy: Policy, match: Match, use: ImageUse | undefined): readonly TierEffect[] {
  return tierFor(policy, match, use)?.effects ?? []
}

/** Returns the first tier that holds a match, as `effectsFor`. */
export function tierFor(policy: Policy, match: Match, use: ImageUse | undefined): PolicyTier | undefined {
  const tiers = policy.banks.find((bank) => bank.bank === match.bank)?.tiers ?? policy.otherBanks
  return tiers.find((tier) => holds(tier, match, use))
}

/** True where a match calls for a takedown: by a target, or by the label that AppViews take down by. */
export function callsForTakedown(policy: Policy, match: Match, use: ImageUse | undefined): boolean {
  if (isDryRun(policy, match.bank)) return false
  return effectsFor(policy, match, use).some(
    (effect) => effect.kind === 'takedown' || (effect.kind === 'label' && effect.val === '!takedown'),
  )
}

/** True where the policy only records what a match of the bank would call for. */
export function isDryRun(policy: Policy, bank: string): boolean {
  return policy.banks.some((known) => known.bank === bank && known.isDryRun === true)
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

/**
 * Returns the banks, `otherBanks` for the rest, that have a tier of some uses alone which calls for a block: the upload gate never
 * does that one, for what an upload will be shown as is not known.
 */
export function banksOfVainBlocks({ banks, otherBanks }: Policy): readonly string[] {
  return [...banks, { bank: 'otherBanks', tiers: otherBanks }]
    .filter(({ tiers }) => tiers.some(({ uses, effects }) => uses && effects.some(isBlock)))
    .map(({ bank }) => bank)
}

function isBlock({ kind }: TierEffect): boolean {
  return kind === 'block'
}

function holds(tier: PolicyTier, match: Match, use: ImageUse | undefined): boolean {
  if (tier.uses && (use === undefined || !tier.uses.includes(use))) return false
  if (tier.opinions && !tier.opinions.includes(match.opinion ?? 'none')) return false
  return 'tier' in tier ? tier.tier === match.tier : match.distance <= tier.distance
}
