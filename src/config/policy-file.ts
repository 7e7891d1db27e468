/*
 * The form of the policy file, as types that say what is wrong and from which `docs/policy.schema.json` is written: it changes
 * nothing of what it reads. What a form cannot say, because it is about several places at once, is in `policy-problems.ts`.
 */
import { z } from 'zod'
import { bankNamePattern, tierNamePattern } from '../model/bank.ts'
import { imageUses } from '../model/image.ts'
import { actingOpinions } from '../model/opinion.ts'
import type { BankPolicy, Policy, PolicyTier } from '../model/policy.ts'
import type { ReportScope } from '../model/report-scope.ts'
import { hasOneReach, type TierScope } from './hidden-tiers.ts'
import { effectOfFile, type FileEffect, fileEffect } from './policy-effects.ts'
import { keys, someOf, whenKnown, word } from './policy-keys.ts'
import { type DeclaredLabel, declaredLabels, declaredOfFile, reportScope } from './policy-labels.ts'

const use = word(imageUses, 'what a record shows an image as')

const opinion = z.enum(actingOpinions, {
  error: ({ input }) =>
    input === 'negative'
      ? 'expected no negative: a content of that opinion suppresses its matches, and they act on nothing'
      : `expected what is thought of a content: ${actingOpinions.join(', ')}`,
})

/** Which matches a tier holds. */
const scope = {
  distance: z
    .int('expected whole bits, 0 to 256')
    .min(0, 'expected bits, 0 to 256')
    .max(256, 'expected bits, 0 to 256')
    .describe('Matches up to this many bits, inclusive. A digest matches at 0.')
    .exactOptional(),
  tier: z
    .string('expected the name of a tier')
    .regex(tierNamePattern, 'expected the name of a tier')
    .describe('Matches in the bank’s tier of this name: the bank has its bounds.')
    .exactOptional(),
  uses: someOf(use)
    .describe('Only images that records show as one of these; an upload is none of them yet.')
    .exactOptional(),
  opinions: someOf(opinion)
    .describe('Only matches of contents of which one of these is thought.')
    .exactOptional(),
}

/** Which matches a tier holds, whatever its effects are. */
export const fileScope: z.ZodType<TierScope> = keys(scope)

const tier = keys({
  ...scope,
  effects: z.array(fileEffect).min(1, 'expected at least one effect').describe('What its matches call for.'),
})
  .refine(hasOneReach, { error: 'expected either distance: or tier:', when: whenKnown })
  .meta({
    id: 'tier',
    description: 'What to do for some matches of a bank. The first tier that holds a match decides.',
    oneOf: [{ required: ['distance'] }, { required: ['tier'] }],
  })

const tiers = z
  .array(tier, 'expected a list of tiers')
  .min(1, 'expected at least one tier')
  .meta({ id: 'tiers', description: 'The first tier that holds a match decides.' })

const bank = z
  .union([
    tiers,
    keys({
      dryRun: z
        .boolean('expected true or false')
        .describe('True records what the tiers would have done, and does none of it.')
        .exactOptional(),
      tiers: tiers.describe('What the matches of the bank call for.'),
    }),
  ])
  .meta({ id: 'bank' })

/** A tier of the file. */
type FileTier = TierScope & { readonly effects: readonly FileEffect[] }

/** What the file says of a bank. */
type FileBank = readonly FileTier[] | { readonly dryRun?: boolean; readonly tiers: readonly FileTier[] }

/** The whole file. */
export type PolicyFile = {
  readonly labels?: readonly DeclaredLabel[]
  readonly reports?: ReportScope
  readonly banks?: Readonly<Record<string, FileBank>>
  readonly otherBanks?: readonly FileTier[]
}

/** The form of the whole file. */
export const policyFile: z.ZodType<PolicyFile> = keys({
  labels: declaredLabels.describe('Every value that this labeler may publish.').exactOptional(),
  reports: reportScope
    .describe('Which reports the labeler takes; what is left out is not limited.')
    .exactOptional(),
  banks: z
    .record(z.string().regex(bankNamePattern, 'expected the name of a bank'), bank)
    .describe('What the matches of each bank call for.')
    .exactOptional(),
  otherBanks: tiers
    .describe('What the matches of banks that are not named call for; they are logged without it.')
    .exactOptional(),
})

/** Returns the policy that a file of the right form stands for; `otherBanks` is what holds where it has none. */
export function policyOfFile(file: PolicyFile, otherBanks: Policy['otherBanks']): Policy {
  const labels = (file.labels ?? []).map(declaredOfFile)
  return {
    labels: labels.map(({ val }) => val),
    definitions: labels.flatMap(({ definition }) => definition ?? []),
    reports: file.reports ?? {},
    banks: Object.entries(file.banks ?? {}).map(([name, given]) => bankOfFile(name, given)),
    otherBanks: file.otherBanks?.map(tierOfFile) ?? otherBanks,
  }
}

function bankOfFile(name: string, given: FileBank): BankPolicy {
  const { tiers: list, dryRun = false } = 'tiers' in given ? given : { tiers: given }
  return { bank: name, ...(dryRun && { isDryRun: true as const }), tiers: list.map(tierOfFile) }
}

function tierOfFile({ distance, tier: name, effects, ...only }: FileTier): PolicyTier {
  const reach = name === undefined ? { distance: distance as number } : { tier: name }
  return { ...reach, ...only, effects: effects.map(effectOfFile) }
}
