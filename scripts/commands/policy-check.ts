import { parseConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import { formatProblem, PolicyError } from '../../src/config/policy.ts'
import type { PolicyTier } from '../../src/model/policy.ts'
import type { CheckedPolicy, PolicyRemark } from '../../src/policy-desk.ts'
import { hasOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { formatTierEffect, formatTierScope } from '../lib/format-tier.ts'
import { formatTable, printable, type Terminal } from '../lib/terminal.ts'

/** `harrier policy check`: whether a policy can be used, and what it says. */
export const policyCheckCommand: Command = {
  name: 'policy check',
  summary: 'tell what is wrong with a policy file, or what it calls for',
  parameters: '[FILE]',
  arguments: { FILE: 'a policy; without it, that of HARRIER_POLICY_FILE' },
  arity: [0, 1],
  options: jsonOption,
  notes: [
    'Every problem is listed with its line, all of them at once. Targets and endpoints are those of the settings.',
    'Below the table stands what stops nothing: banks and tiers that the file names and that do not exist, banks that\n' +
      'follow otherBanks, blocks that no upload can have. That needs the database, which is only read; without one the\n' +
      'file is checked all the same.',
    'JSON: one object: file, isOk, problems (line, path, message), banks (bank, isDryRun, tiers), otherBanks, and remarks\n' +
      '(kind, and what it is about).',
  ],
  examples: ['policy check', 'policy check new-policy.yaml', 'policy check new-policy.yaml --json'],
  exits: { 0: 'the policy can be used', 1: 'failed: the policy has problems, or cannot be read' },
  async run(args, terminal) {
    const { config, secrets } = parseConfig(readEnv())
    const { checkPolicy } = await import('../../src/policy-desk.ts')
    const [file] = args.positionals
    const isJson = hasOption(args, 'json')
    try {
      const checked = await checkPolicy(config, secrets, file)
      if (isJson) terminal.out(JSON.stringify(documentOf(checked)))
      else print(checked, terminal)
      return 0
    } catch (error) {
      if (!(error instanceof PolicyError)) throw error
      const { problems } = error
      if (isJson)
        terminal.out(JSON.stringify({ file: file ?? config.policyFile, isOk: false, problems, remarks: [] }))
      else printProblems(file ?? config.policyFile, error, terminal)
      return 1
    }
  },
}

function documentOf({ file, policy, remarks }: CheckedPolicy): object {
  const { banks, otherBanks } = policy
  return { file, isOk: true, problems: [], banks, otherBanks, remarks }
}

function printProblems(file: string | undefined, { problems }: PolicyError, terminal: Terminal): void {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  terminal.out(`${terminal.style('red', count)} in ${printable(file ?? 'the policy')}`)
  for (const problem of problems) terminal.out(`  ${printable(formatProblem(problem))}`)
}

function print({ file, policy, remarks }: CheckedPolicy, terminal: Terminal): void {
  const name = file === undefined ? 'no policy file: every match is logged' : printable(file)
  terminal.out(`${terminal.style('green', 'OK')}  ${name}`)
  const rows = [
    ...policy.banks.flatMap(({ bank, isDryRun, tiers }) =>
      rowsOf(isDryRun ? `${bank} (dry run)` : bank, tiers),
    ),
    ...rowsOf('other banks', policy.otherBanks),
  ]
  for (const line of formatTable([['bank', 'matches', 'call for'], ...rows])) terminal.out(line)
  // An exchange can bring banks by the hundred: those that follow are one note.
  const followers = remarks.flatMap((remark) => (remark.kind === 'follows-other-banks' ? [remark.bank] : []))
  const notes = remarks.flatMap((remark) => (remark.kind === 'follows-other-banks' ? [] : [says(remark)]))
  if (followers.length > 0) notes.push(`not named, and so as other banks: ${followers.join(', ')}`)
  for (const note of notes) terminal.out(`${terminal.style('yellow', 'note')}  ${printable(note)}`)
}

/** The bank's name stands once. */
function rowsOf(bank: string, tiers: readonly PolicyTier[]): string[][] {
  return tiers.map((tier, i) => [
    i === 0 ? bank : '',
    formatTierScope(tier),
    tier.effects.map(formatTierEffect).join('; '),
  ])
}

function says(remark: Exclude<PolicyRemark, { readonly kind: 'follows-other-banks' }>): string {
  switch (remark.kind) {
    case 'no-such-bank':
      return `bank ${remark.bank} does not exist yet: what the file says of it is for nothing`
    case 'no-such-tier':
      return `bank ${remark.bank} has no tier ${remark.tier}: harrier bank set ${remark.bank} --tiers ${remark.tier}=BITS, with its others`
    case 'negative-bank':
      return `bank ${remark.bank} is negative: its matches act on nothing, whatever the file says`
    case 'vain-block':
      return `a block of ${remark.bank} is for nothing: its tier names uses, and what an upload will be shown as is not known`
    case 'no-database':
    default:
      return `banks were not looked at: ${remark.because}`
  }
}
