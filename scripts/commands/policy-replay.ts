import { parseConfig } from '../../src/config/config.ts'
import { readEnv } from '../../src/config/env.ts'
import { formatDuration, parseDuration } from '../../src/lib/duration.ts'
import type { PolicyReplay } from '../../src/policy-desk.ts'
import { type Arguments, hasOption, integerOption, textOption, UsageError } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import {
  changeSigns,
  formatReplayedEffect,
  formatSums,
  formatTotals,
  formatVerdict,
} from '../lib/format-replay.ts'
import { createProgress } from '../lib/progress.ts'
import { printable, type Terminal } from '../lib/terminal.ts'

const [defaultSince, defaultLimit, maxLimit] = ['7d', 50, 10_000] as const

/** `harrier policy replay`: what a policy would have done. */
export const policyReplayCommand: Command = {
  name: 'policy replay',
  summary: 'show what a policy would have done with the images of the last days, before it is switched on',
  parameters: '[FILE]',
  arguments: { FILE: 'the policy to try; without it, that of HARRIER_POLICY_FILE, beside what was done' },
  arity: [0, 1],
  options: {
    since: {
      type: 'string',
      value: 'DURATION',
      help: 'images looked at so long ago at most, such as 12h or 30d',
      defaultText: defaultSince,
    },
    bank: { type: 'string', value: 'NAME', help: 'only effects that go back to this bank' },
    limit: {
      type: 'string',
      value: 'N',
      help: `list at most so many records, 0 to ${maxLimit}`,
      defaultText: String(defaultLimit),
    },
    ...jsonOption,
  },
  notes: [
    'Images are looked up anew by the hashes that are stored, in the banks of today, and both policies are asked about the\n' +
      'same matches: FILE, and the policy in force. Nothing is written, nothing is fetched, and no service is needed.',
    `Signs in the list: ${changeSigns.more} more, ${changeSigns.less} less, ${changeSigns.tried} of a bank that is only tried, ${changeSigns.left} done and called for no more.\n` +
      'A policy is not applied to what was looked at before: what stands does so until it is restored. What block does to\n' +
      'uploads is not shown, for they are not kept.',
    'JSON: first one object, the sums: file, currentFile, since, until, effects and accounts by change (more, less, same,\n' +
      'tried, left), moreTakedowns, moreAboutAccounts, standingUncalled, withdrawn, quarantined, heldByQuota, coverage,\n' +
      'totals (by bank, tier and kind), changedRecords. Then one per record that changes: uri, did, effects (change, done,\n' +
      'kind, target, subject, about, detail, bank, contentId, distance, tier).',
  ],
  examples: [
    'policy replay new-policy.yaml',
    'policy replay new-policy.yaml --since 30d --bank spam',
    'policy replay new-policy.yaml --json --limit 10000',
  ],
  exits: {
    1: 'failed: a policy has problems, or there is no database or no such bank',
    3: 'nothing changes',
  },
  async run(args, terminal) {
    const wish = parseWish(args)
    const { config, secrets } = parseConfig(readEnv())
    const { replayPolicy } = await import('../../src/policy-desk.ts')
    terminal.progress('Reading the banks, some seconds for millions of hashes')
    const show = createProgress(terminal, 'images', { count: 0, done: 0, total: undefined })
    const onProgress = (done: number, total: number): void => show({ count: done, done, total })
    const replay = await replayPolicy(config, secrets, { ...wish, onProgress })
    if (hasOption(args, 'json')) printJson(replay, terminal)
    else print(replay, terminal)
    const { more, less, tried, left } = replay.effects
    return more + less + tried + left > 0 ? 0 : 3
  },
}

function parseWish(args: Arguments) {
  const text = textOption(args, 'since') ?? defaultSince
  const sinceMs = parseDuration(text)
  if (sinceMs === undefined)
    throw new UsageError(
      `Expected a duration such as 12h or 30d for --since but received ${JSON.stringify(text)}`,
    )
  return {
    file: args.positionals[0],
    sinceMs,
    bank: textOption(args, 'bank'),
    limit: integerOption(args, 'limit', 0, maxLimit) ?? defaultLimit,
  }
}

function printJson({ records, ...sums }: PolicyReplay, terminal: Terminal): void {
  terminal.out(JSON.stringify(sums))
  for (const record of records) terminal.out(JSON.stringify(record))
}

function print(replay: PolicyReplay, terminal: Terminal): void {
  const { file, currentFile, since, until, records, changedRecords } = replay
  const span = formatDuration(Date.parse(until) - Date.parse(since))
  const name = printable(file ?? 'the cautious policy')
  terminal.out(terminal.style('bold', `Is it safe to switch on ${name}?`))
  for (const line of formatVerdict(replay)) terminal.out(`  ${line}`)
  terminal.out('')
  const other = file === currentFile ? 'itself' : printable(currentFile ?? 'the cautious policy')
  terminal.out(`The last ${span}, with the banks of today, beside ${other}:`)
  for (const line of formatSums(replay)) terminal.out(`  ${line}`)
  printList(['By bank, tier and kind:', ...formatTotals(replay.totals)], terminal)
  for (const { uri, effects } of records)
    printList([printable(uri), ...effects.map((effect) => printable(formatReplayedEffect(effect)))], terminal)
  if (changedRecords > records.length)
    terminal.err(`and ${changedRecords - records.length} more records; --limit N lists more of them`)
}

function printList([heading = '', ...lines]: readonly string[], terminal: Terminal): void {
  if (lines.length === 0) return
  terminal.out('')
  terminal.out(heading)
  for (const line of lines) terminal.out(`  ${line}`)
}
