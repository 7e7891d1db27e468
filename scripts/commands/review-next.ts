import { hasOption, textOption, wordOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { asOption, reviewerOf } from '../lib/reviewer-of.ts'
import { showReview } from '../lib/show-review.ts'
import { claimMs, forOption } from './review-claim.ts'

/** `harrier review next`: claims what is to be judged first, and shows it. */
export const reviewNextCommand: Command = {
  name: 'review next',
  summary: 'claim the review that is to be judged first, and show it',
  parameters: '',
  arity: [0, 0],
  options: {
    state: { type: 'string', value: 'STATE', help: 'open, escalated', defaultText: 'open' },
    bank: { type: 'string', value: 'BANK', help: 'only one with a match of this bank' },
    ...forOption,
    ...asOption,
    ...jsonOption,
  },
  notes: [
    'The nearest match comes first, then the oldest review; none that somebody else has claimed. It stays the one that is next\n' +
      'until you have decided, escalated it or given it back.',
    'JSON: as review show.',
  ],
  examples: ['review next', 'review next --state escalated --bank csam --for 1h'],
  exits: { 3: 'there is none' },
  async run(args, terminal) {
    const state = wordOption(args, 'state', ['open', 'escalated'] as const) ?? 'open'
    const wanted = { state, bank: textOption(args, 'bank'), forMs: claimMs(args) }
    const reviewer = reviewerOf(args)
    await using tools = await openCommandTools()
    const review = await tools.reviews.next(reviewer, wanted)
    const details = review && (await tools.reviews.find(review.id))
    if (!details) {
      terminal.err('no review is left')
      return 3
    }
    if (hasOption(args, 'json')) terminal.out(JSON.stringify(details))
    else showReview(details, terminal)
    return 0
  },
}
