import { isNode, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import { parseDuration } from '../lib/duration.ts'
import { AppError } from '../lib/errors.ts'
import { isBankName, isTierName } from '../model/bank.ts'
import { priorities } from '../model/emission.ts'
import type { Policy, PolicyTier } from '../model/policy.ts'
import { declaredLabels, labelVal, reportScope } from './policy-labels.ts'

/** The policy file is not usable; the message lists every problem with its line. */
export class PolicyError extends AppError {
  override readonly name = 'PolicyError'
  constructor(file: string, problems: readonly string[]) {
    super(
      'invalid',
      `Expected a usable policy in ${file} but received:\n${problems.map((p) => `  ${p}`).join('\n')}`,
    )
  }
}

/** What Harrier does without a policy file: every match is logged, nothing is published. */
export const cautiousPolicy: Policy = {
  labels: [],
  definitions: [],
  reports: {},
  banks: [],
  otherBanks: [{ distance: 256, effects: [{ kind: 'log' }] }],
}

const duration = z.string().transform((text, context): number => {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  context.addIssue('expected a duration such as 12h or 30d')
  return z.NEVER
})

const labelEffect = z.union(
  [
    labelVal.transform((val) => ({ val })),
    z
      .strictObject({
        val: labelVal,
        on: z.literal('account').optional(),
        expiresAfter: duration.optional(),
        priority: z.enum(priorities).optional(),
      })
      .transform(({ val, on, expiresAfter, priority }) => ({
        val,
        ...(priority === undefined ? {} : { priority }),
        ...(on === undefined ? {} : { on }),
        ...(expiresAfter === undefined ? {} : { expiresAfterMs: expiresAfter }),
      })),
  ],
  'expected a value, or val: with on:, expiresAfter: or priority:',
)

const effect = z.union(
  [
    z.enum(['log', 'block']).transform((kind) => ({ kind })),
    z.strictObject({ label: labelEffect }).transform(({ label }) => ({ kind: 'label' as const, ...label })),
  ],
  'expected log, block, or label: with a value that labels: declares, or with val: and on: account, expiresAfter: such as 30d, or priority: urgent, normal or bulk',
)

const tier = z
  .strictObject({
    distance: z.int().min(0).max(256).optional(),
    tier: z.string().refine(isTierName, 'expected the name of a tier').optional(),
    effects: z.array(effect).min(1),
  })
  .transform(({ distance, tier: name, effects }, context): PolicyTier => {
    if (distance !== undefined && name === undefined) return { distance, effects }
    if (distance === undefined && name !== undefined) return { tier: name, effects }
    context.addIssue('expected either distance: or tier:')
    return z.NEVER
  })

const tiers = z
  .array(tier)
  .min(1)
  .refine(areRising, 'expected tiers by rising distance')
  .refine(areDifferent, 'expected each tier: once')

const policyFile = z.strictObject({
  labels: declaredLabels.default([]),
  reports: reportScope.default({}),
  banks: z.record(z.string().refine(isBankName, 'expected a bank name'), tiers).default({}),
  otherBanks: tiers.optional(),
})

/**
 * Returns the policy that a YAML text stands for. Banks that it does not name are logged only, unless it has `otherBanks`.
 * @throws {PolicyError} listing every problem: syntax, unknown keys, values out of bounds, labels that are not declared.
 */
export function parsePolicy(text: string, file: string): Policy {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true })
  if (document.errors.length > 0) {
    const problems = document.errors.map(
      (error) => `line ${lines.linePos(error.pos[0]).line}: ${error.message}`,
    )
    throw new PolicyError(file, problems)
  }
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let depth = path.length; depth > 0; depth--) {
      const node = document.getIn(path.slice(0, depth), true)
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  const parsed = policyFile.safeParse(document.toJS({ maxAliasCount: 0 }) ?? {})
  if (!parsed.success) {
    throw new PolicyError(
      file,
      parsed.error.issues.map(({ path, message }) => `line ${lineOf(path)}: ${path.join('.')}: ${message}`),
    )
  }
  const { labels, reports, banks, otherBanks } = parsed.data
  const policy = {
    labels: labels.map(({ val }) => val),
    definitions: labels.flatMap(({ definition }) => definition ?? []),
    reports,
    banks: Object.entries(banks).map(([bank, bankTiers]) => ({ bank, tiers: bankTiers })),
    otherBanks: otherBanks ?? cautiousPolicy.otherBanks,
  }
  const undeclared = undeclaredLabels(policy)
  if (undeclared.length > 0) throw new PolicyError(file, undeclared)
  return policy
}

function areRising(list: readonly PolicyTier[]): boolean {
  const distances = list.flatMap((item) => ('distance' in item ? [item.distance] : []))
  return distances.every((distance, i) => i === 0 || distance > (distances[i - 1] ?? -1))
}

function areDifferent(list: readonly PolicyTier[]): boolean {
  const names = list.flatMap((item) => ('tier' in item ? [item.tier] : []))
  return new Set(names).size === names.length
}

function undeclaredLabels(policy: Policy): string[] {
  const places: [string, readonly PolicyTier[]][] = [
    ...policy.banks.map(({ bank, tiers }): [string, readonly PolicyTier[]] => [`banks.${bank}`, tiers]),
    ['otherBanks', policy.otherBanks],
  ]
  return places.flatMap(([place, list]) =>
    list
      .flatMap((item) => item.effects)
      .flatMap((called) =>
        called.kind === 'label' && !policy.labels.includes(called.val)
          ? [`${place}: expected a value that labels: declares but received ${called.val}`]
          : [],
      ),
  )
}
