import { hasOption, parseId } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { showReview } from '../lib/show-review.ts'

/** `harrier review show`: one review with its reports and its evidence. */
export const reviewShowCommand: Command = {
  name: 'review show',
  summary: 'show a review: what matches, what was done or is held, reports and decisions',
  parameters: 'REVIEW',
  arguments: { REVIEW: 'its number, as review list shows it' },
  arity: [1, 1],
  options: jsonOption,
  notes: [
    'It names images by their CIDs and shows none. Text in quotation marks is what people wrote. Each match has both hashes;\n' +
      'of PDQ also the bits that differ, as numbers and as squares of 16 by 16 (the lowest frequencies at the top left):\n' +
      'what differs at the bottom right is fine detail, such as that of compression.',
    'JSON: one object: review, reports (the last 100), records (fetched to find the images), images, evidence (nearest\n' +
      'first: match, suppressedBy, imageHash, bankHash, difference, policy, banks), contents (what their banks say of them,\n' +
      'provenance, verdict), effects (what was done or is held, with state and cause), labels, quarantine, decisions,\n' +
      'earlier (reviews of the same subject).',
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
