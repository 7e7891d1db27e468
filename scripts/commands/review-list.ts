import { type ReviewState, type ReviewSummary, reviewStates } from '../../src/model/review.ts'
import { hasOption, integerOption, wordOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { formatTable } from '../lib/terminal.ts'

const defaultLimit = 50
const maxLimit = 1000

/** `harrier review list`: what waits for a person. */
export const reviewListCommand: Command = {
  name: 'review list',
  summary: 'list the reviews that users’ reports have opened',
  parameters: '',
  arity: [0, 0],
  options: {
    state: { type: 'string', value: 'STATE', help: reviewStates.join(', '), defaultText: 'all but closed' },
    limit: { type: 'string', value: 'N', help: 'at most so many', defaultText: String(defaultLimit) },
    ...jsonOption,
  },
  notes: [
    'Those whose images match a bank come first, the nearest match at the top; then the oldest.\n' +
      'JSON: one object per review: id, subject, did, state, createdAt, updatedAt, requested\n' +
      '(cybertip where a caller of the API wishes for one), reportCount, matchCount, nearest.',
  ],
  examples: ['review list', 'review list --state closed --limit 10 --json'],
  exits: { 0: 'at least one review', 3: 'no review' },
  async run(args, terminal) {
    const state = wordOption(args, 'state', reviewStates)
    const states: readonly ReviewState[] = state === undefined ? ['open', 'escalated'] : [state]
    const limit = integerOption(args, 'limit', 1, maxLimit) ?? defaultLimit
    await using tools = await openCommandTools()
    const reviews = await tools.reviews.list(states, limit)
    if (hasOption(args, 'json')) {
      for (const review of reviews) terminal.out(JSON.stringify(review))
    } else if (reviews.length === 0) {
      terminal.err('no reviews')
    } else {
      for (const line of formatTable([heading, ...reviews.map(rowOf)])) terminal.out(line)
      const counts = await tools.reviews.counts()
      const rest = states.reduce((sum, each) => sum + counts[each], 0) - reviews.length
      if (rest > 0) terminal.err(`and ${rest} more; --limit N shows more of them`)
    }
    return reviews.length > 0 ? 0 : 3
  },
}

const heading = ['review', 'state', 'reports', 'matches', 'nearest', 'subject', 'since']

function rowOf(review: ReviewSummary): string[] {
  return [
    String(review.id),
    review.requested === undefined ? review.state : `${review.state}, ${review.requested}`,
    String(review.reportCount),
    String(review.matchCount),
    review.nearest === undefined ? '-' : String(review.nearest),
    review.subject,
    review.createdAt,
  ]
}
