import {
  claimAt,
  type ReviewState,
  type ReviewSummary,
  type ReviewsWanted,
  reviewStates,
} from '../../src/model/review.ts'
import {
  type Arguments,
  hasOption,
  integerOption,
  textOption,
  UsageError,
  wordOption,
} from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { asOption, reviewerOf } from '../lib/reviewer-of.ts'
import { formatTable } from '../lib/terminal.ts'

const defaultLimit = 50
const maxLimit = 1000

/** `harrier review list`: what waits for a person. */
export const reviewListCommand: Command = {
  name: 'review list',
  summary: 'list what waits for a person',
  parameters: '',
  arity: [0, 0],
  options: {
    state: { type: 'string', value: 'STATE', help: reviewStates.join(', '), defaultText: 'all but closed' },
    mine: { type: 'boolean', help: 'only those that you have claimed' },
    unclaimed: { type: 'boolean', help: 'only those that nobody has claimed' },
    bank: { type: 'string', value: 'BANK', help: 'only those with a match of this bank' },
    ...asOption,
    limit: { type: 'string', value: 'N', help: 'at most so many', defaultText: String(defaultLimit) },
    ...jsonOption,
  },
  notes: [
    'Those whose images match a bank come first, the nearest match at the top; then the oldest.\n' +
      'JSON: one object per review: id, subject, did, state, createdAt, updatedAt, requested\n' +
      '(cybertip where a caller of the API wishes for one), reportCount, matchCount, nearest, banks, heldCount (effects\n' +
      'that wait for a decision), claim ({by, until}), closedAt.',
  ],
  examples: [
    'review list',
    'review list --unclaimed --bank csam',
    'review list --state closed --limit 10 --json',
  ],
  exits: { 0: 'at least one review', 3: 'no review' },
  async run(args, terminal) {
    const state = wordOption(args, 'state', reviewStates)
    const states: readonly ReviewState[] = state === undefined ? ['open', 'escalated'] : [state]
    const limit = integerOption(args, 'limit', 1, maxLimit) ?? defaultLimit
    const now = new Date().toISOString()
    const claim = claimFilter(args, now)
    const filter = { bank: textOption(args, 'bank'), ...(claim && { claim }) }
    await using tools = await openCommandTools()
    const reviews = await tools.reviews.list(states, limit, filter)
    if (hasOption(args, 'json')) {
      for (const review of reviews) terminal.out(JSON.stringify(review))
    } else if (reviews.length === 0) {
      terminal.err('no reviews')
    } else {
      for (const line of formatTable([heading, ...reviews.map((review) => rowOf(review, now))]))
        terminal.out(line)
      if (reviews.length === limit) terminal.err('there may be more; --limit N shows more of them')
    }
    return reviews.length > 0 ? 0 : 3
  },
}

function claimFilter(args: Arguments, at: string): ReviewsWanted['claim'] {
  const isMine = hasOption(args, 'mine')
  if (isMine && hasOption(args, 'unclaimed'))
    throw new UsageError('Expected --mine or --unclaimed, and not both')
  if (isMine) return { at, by: reviewerOf(args).actor, isTheirs: true }
  return hasOption(args, 'unclaimed') ? { at } : undefined
}

const heading = [
  'review',
  'state',
  'nearest',
  'banks',
  'matches',
  'reports',
  'held',
  'claimed by',
  'since',
  'subject',
]

function rowOf(review: ReviewSummary, now: string): string[] {
  const { banks } = review
  return [
    String(review.id),
    review.requested === undefined ? review.state : `${review.state}, ${review.requested}`,
    review.nearest === undefined ? '-' : String(review.nearest),
    banks.length > 2 ? `${banks.slice(0, 2).join(', ')} +${banks.length - 2}` : banks.join(', ') || '-',
    String(review.matchCount),
    String(review.reportCount),
    String(review.heldCount),
    claimAt(review, now)?.by ?? '-',
    review.createdAt.slice(0, 16),
    review.subject,
  ]
}
