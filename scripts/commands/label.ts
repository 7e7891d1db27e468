import { type Command, dryRunOption, jsonOption, yesOption } from '../lib/command.ts'
import { cidOption, expiresOption, labelParameters, priorityOption } from '../lib/label-arguments.ts'
import { publishByHand } from '../lib/publish-by-hand.ts'

/** `harrier label`: publish a label by hand. */
export const labelCommand: Command = {
  name: 'label',
  summary: 'publish a label by hand',
  parameters: 'URI|DID VAL',
  arguments: labelParameters,
  arity: [2, 2],
  options: {
    ...cidOption,
    ...expiresOption,
    ...priorityOption,
    ...yesOption,
    ...dryRunOption,
    ...jsonOption,
  },
  notes: [
    'The label is signed with the service’s key and goes to every subscriber. The value must be one that the policy\n' +
      'file declares under labels: and the subject gets it once: a label that holds already is not published again, unless\n' +
      'with another version or another expiry. An account is asked about first.\n' +
      'JSON: the label as published, with its seq; null when it held already; with an emission budget {"queued":true}, or\n' +
      '{"cancelled":true} when it undid what was waiting. With --dry-run: outcome, labels (without seq), isDryRun.',
  ],
  examples: ['label at://did:plc:…/app.bsky.feed.post/3k… known-image', 'label did:plc:… spam --expires 30d'],
  exits: { 1: 'failed, or the answer was not yes' },
  run: (args, terminal) => publishByHand(args, terminal, 'label'),
}
