import { type Command, jsonOption } from '../lib/command.ts'
import { cidOption, expiresOption, labelParameters } from '../lib/label-arguments.ts'
import { publishByHand } from '../lib/publish-by-hand.ts'

/** `harrier label`: publish a label by hand. */
export const labelCommand: Command = {
  name: 'label',
  summary: 'publish a label by hand',
  parameters: 'URI|DID VAL',
  arguments: labelParameters,
  arity: [2, 2],
  options: { ...cidOption, ...expiresOption, ...jsonOption },
  notes: [
    'The label is signed with the service’s key and goes to every subscriber. The value must be one that the policy\n' +
      'file declares under labels: and the subject gets it once: a label that holds already is not published again, unless\n' +
      'with another version or another expiry.\n' +
      'JSON: the label as published, with its seq; or null when it held already.',
  ],
  examples: ['label at://did:plc:…/app.bsky.feed.post/3k… known-image', 'label did:plc:… spam --expires 30d'],
  run: (args, terminal) => publishByHand(args, terminal, 'label'),
}
