import type { Decided } from '../../src/model/review-decision.ts'
import { reviewDecisions } from '../../src/model/review-decision.ts'
import { hasOption, parseId, UsageError } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { decisionOptions, parseDecision } from '../lib/decision-arguments.ts'
import { formatDecided } from '../lib/format-decided.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { openPrompt } from '../lib/prompt.ts'
import { asOption, forceOption, reviewerOf } from '../lib/reviewer-of.ts'
import type { Terminal } from '../lib/terminal.ts'

const width = Math.max(...Object.keys(reviewDecisions).map((word) => word.length))
const meanings = Object.entries(reviewDecisions).map(
  ([word, meaning]) => `  ${word.padEnd(width)}  ${meaning}`,
)

/** `harrier review resolve`: a person decides. */
export const reviewResolveCommand: Command = {
  name: 'review resolve',
  summary: 'decide about a review',
  parameters: 'REVIEW',
  arguments: { REVIEW: 'its number, as review list shows it' },
  arity: [1, 1],
  options: {
    ...decisionOptions,
    ...asOption,
    ...forceOption,
    'dry-run': { type: 'boolean', help: 'say what would be done, and do nothing' },
    yes: { type: 'boolean', help: 'do not ask before an account is taken down' },
    ...jsonOption,
  },
  notes: [
    `Decisions:\n${meanings.join('\n')}`,
    'All but escalate and comment close the review, for good: harrier review reopen opens another one of its subject. A reversal\n' +
      'of one content leaves it open while other contents hold something. label and takedown carry out what is held where that is\n' +
      'the same, and drop the rest, unless --with-held is given. Nothing is told to those who reported.',
    '--suppress keeps from acting whatever that content matches; --suppress-image pictures like this one, and the content stands.',
    'JSON: review, decision, state, effects ({change, effect} each; change is carried-out, dropped, taken-back or added),\n' +
      'content, suppressed; with --dry-run also dryRun: true.',
  ],
  examples: [
    'review resolve 12 --decision apply',
    'review resolve 12 --decision reverse --content 7 --deconfirm --reason "a stock photograph"',
    'review resolve 12 --decision takedown --by pds --of record --dry-run',
  ],
  exits: {
    1: 'refused: the review is closed, claimed by somebody else, or not one for that decision',
    3: 'no such review',
  },
  async run(args, terminal) {
    const id = parseId(args.positionals[0] ?? '', 'REVIEW')
    const request = parseDecision(args)
    const reviewer = reviewerOf(args)
    await using tools = await openCommandTools()
    if (!(await tools.reviews.find(id))) {
      terminal.err(`harrier: No such review: ${id}; harrier review list shows them`)
      return 3
    }
    const isJson = hasOption(args, 'json')
    const weighed = await tools.reviews.weigh(id, request, reviewer)
    if (hasOption(args, 'dry-run')) {
      if (isJson) terminal.out(JSON.stringify({ ...weighed, dryRun: true }))
      else for (const line of formatDecided(weighed, 'will')) terminal.out(line)
      return 0
    }
    if (takesAccountDown(weighed) && !hasOption(args, 'yes') && !(await confirm(weighed, terminal))) return 1
    const decided = await tools.reviews.decide(id, request, reviewer)
    if (isJson) terminal.out(JSON.stringify(decided))
    else for (const line of formatDecided(decided, 'was')) terminal.out(line)
    return 0
  },
}

function takesAccountDown({ effects }: Decided): boolean {
  return effects.some(
    ({ change, effect: { action } }) =>
      (change === 'added' || change === 'carried-out') &&
      action.kind === 'takedown' &&
      action.subject.kind === 'account',
  )
}

async function confirm(weighed: Decided, terminal: Terminal): Promise<boolean> {
  using prompt = openPrompt()
  if (!prompt.isInteractive)
    throw new UsageError('Expected --yes, for an account is taken down and nobody is there to ask')
  for (const line of formatDecided(weighed, 'will')) terminal.err(line)
  const isSure = (await prompt.ask('Take the account down? Answer yes: ')) === 'yes'
  if (!isSure) terminal.err('harrier: nothing was done')
  return isSure
}
