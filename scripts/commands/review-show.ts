import { hasOption, parseId } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { showReview } from '../lib/show-review.ts'

/** `harrier review show`: one review with its reports and its evidence. */
export const reviewShowCommand: Command = {
  name: 'review show',
  summary: 'show a review: its reports, its images and what they match',
  parameters: 'REVIEW',
  arguments: { REVIEW: 'its number, as review list shows it' },
  arity: [1, 1],
  options: jsonOption,
  notes: [
    'It names images by their CIDs and shows none. Text in quotation marks is what users wrote.\n' +
      'JSON: one object: review, reports (the last 100), records (fetched to find the images), images, evidence\n' +
      '(nearest first: bank, content, hash type, profile, variant, distance, tier; and suppressedBy: the content of a\n' +
      'negative bank because of which a match counts as none).',
  ],
  examples: ['review show 12', 'review show 12 --json'],
  exits: { 3: 'no such review' },
  async run(args, terminal) {
    const id = parseId(args.positionals[0] ?? '', 'REVIEW')
    await using tools = await openCommandTools()
    const details = await tools.reviews.find(id)
    if (!details) {
      terminal.err(`harrier: No such review: ${id}; harrier review list shows them`)
      return 3
    }
    if (hasOption(args, 'json')) terminal.out(JSON.stringify(details))
    else showReview(details, terminal)
    return 0
  },
}
