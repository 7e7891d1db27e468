import { parseDuration } from '../../src/lib/duration.ts'
import { type Arguments, hasOption, parseId, textOption, UsageError } from '../lib/arguments.ts'
import { type Command, jsonOption, type Option } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { asOption, forceOption, reviewerOf } from '../lib/reviewer-of.ts'

const defaultMs = 30 * 60_000
const maxMs = 24 * 3_600_000

/** The option that says how long a claim holds. */
export const forOption: { readonly for: Option } = {
  for: {
    type: 'string',
    value: 'TIME',
    help: 'how long, such as 20m or 2h; at most 24h',
    defaultText: '30m',
  },
}

const shared = {
  parameters: 'REVIEW',
  arguments: { REVIEW: 'its number, as review list shows it' },
  arity: [1, 1],
} as const

/** `harrier review claim`: others leave it alone for a while. */
export const reviewClaimCommand: Command = {
  name: 'review claim',
  summary: 'keep others from deciding about a review for a while',
  ...shared,
  options: { ...forOption, ...asOption, ...forceOption, ...jsonOption },
  notes: [
    'A decision ends the claim, as does harrier review unclaim; after its time anybody may take the review. Claiming again\n' +
      'prolongs it. Who you are is --as, or HARRIER_ACTOR, or your user name: people who share one share their claims.',
    'JSON: one object: by, until.',
  ],
  examples: ['review claim 12', 'review claim 12 --for 2h --as alice'],
  exits: { 1: 'refused: it is closed, or somebody else has it' },
  async run(args, terminal) {
    const id = parseId(args.positionals[0] ?? '', 'REVIEW')
    const forMs = claimMs(args)
    const reviewer = reviewerOf(args)
    await using tools = await openCommandTools()
    const claim = await tools.reviews.claim(id, reviewer, forMs)
    terminal.out(
      hasOption(args, 'json')
        ? JSON.stringify(claim)
        : `review ${id} is yours (${claim.by}) until ${claim.until}`,
    )
    return 0
  },
}

/** `harrier review unclaim`: gives a review back. */
export const reviewUnclaimCommand: Command = {
  name: 'review unclaim',
  summary: 'give a review back',
  ...shared,
  options: { ...asOption, ...forceOption },
  examples: ['review unclaim 12'],
  exits: { 1: 'refused: it is closed, or somebody else has it', 3: 'nobody had it' },
  async run(args, terminal) {
    const id = parseId(args.positionals[0] ?? '', 'REVIEW')
    const reviewer = reviewerOf(args)
    await using tools = await openCommandTools()
    const isFreed = await tools.reviews.unclaim(id, reviewer)
    terminal.out(isFreed ? `review ${id} is free` : `nobody had review ${id}`)
    return isFreed ? 0 : 3
  },
}

/** `harrier review reopen`: judges again. */
export const reviewReopenCommand: Command = {
  name: 'review reopen',
  summary: 'open another review of the subject of one that is closed',
  ...shared,
  options: { ...asOption, ...jsonOption },
  notes: [
    'It begins with the evidence of the closed one, which stays as it is. Where the subject has an open review already, that one\n' +
      'is shown. A decision is taken back there: harrier review resolve N --decision reverse.',
    'JSON: one object: id, isNew.',
  ],
  examples: ['review reopen 12'],
  exits: { 1: 'refused: it is not closed, or is of a content of a bank' },
  async run(args, terminal) {
    const id = parseId(args.positionals[0] ?? '', 'REVIEW')
    const reviewer = reviewerOf(args)
    await using tools = await openCommandTools()
    const opened = await tools.reviews.reopen(id, reviewer)
    const sentence = opened.isNew ? 'is open' : 'was open already'
    terminal.out(
      hasOption(args, 'json')
        ? JSON.stringify(opened)
        : `review ${opened.id} of the same subject ${sentence}`,
    )
    return 0
  },
}

/** Returns how long a claim is to hold, in milliseconds. @throws {UsageError} when that is no time, or too long. */
export function claimMs(args: Arguments): number {
  const text = textOption(args, 'for')
  const ms = text === undefined ? defaultMs : parseDuration(text)
  if (ms !== undefined && ms <= maxMs) return ms
  throw new UsageError(
    `Expected a time such as 30m, at most 24h, for --for but received ${JSON.stringify(text)}`,
  )
}
