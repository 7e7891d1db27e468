import { type Command, jsonOption } from '../lib/command.ts'
import { cidOption, labelParameters } from '../lib/label-arguments.ts'
import { publishByHand } from '../lib/publish-by-hand.ts'

/** `harrier negate`: withdraw a label. */
export const negateCommand: Command = {
  name: 'negate',
  summary: 'withdraw a label',
  parameters: 'URI|DID VAL',
  arguments: labelParameters,
  arity: [2, 2],
  options: { ...cidOption, ...jsonOption },
  notes: [
    'A negation goes to every subscriber. Afterwards the machine does not give that record the value again by itself.\n' +
      'JSON: the negation as published, with its seq; or null when it held already.',
  ],
  examples: ['negate at://did:plc:…/app.bsky.feed.post/3k… known-image'],
  run: (args, terminal) => publishByHand(args, terminal, 'negation'),
}
