import { type Command, dryRunOption, jsonOption, yesOption } from '../lib/command.ts'
import { cidOption, labelParameters, priorityOption } from '../lib/label-arguments.ts'
import { publishByHand } from '../lib/publish-by-hand.ts'

/** `harrier negate`: withdraw a label. */
export const negateCommand: Command = {
  name: 'negate',
  summary: 'withdraw a label',
  parameters: 'URI|DID VAL',
  arguments: labelParameters,
  arity: [2, 2],
  options: { ...cidOption, ...priorityOption, ...yesOption, ...dryRunOption, ...jsonOption },
  notes: [
    'Negations go to every subscriber: one for each version of the record that has the label, so that nobody keeps one,\n' +
      'and last the one that was asked for. Afterwards the machine does not give that record, or with --cid that version,\n' +
      'the value again by itself. An account is asked about first.\n' +
      'JSON: one object per negation as published, with its seq; null when there was nothing to withdraw; with an emission\n' +
      'budget {"queued":true}, or {"cancelled":true} when it undid what was waiting. With --dry-run: outcome, labels (without\n' +
      'seq), isDryRun.',
  ],
  examples: ['negate at://did:plc:…/app.bsky.feed.post/3k… known-image'],
  exits: { 1: 'failed, or the answer was not yes' },
  run: (args, terminal) => publishByHand(args, terminal, 'negation'),
}
