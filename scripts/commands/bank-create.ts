import { bankProfiles, defaultMinQuality, defaultThreshold, isBankName } from '../../src/model/bank.ts'
import { hasOption, integerOption, UsageError, wordOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'

/** `harrier bank create`: a new, empty bank. */
export const bankCreateCommand: Command = {
  name: 'bank create',
  summary: 'create an empty bank',
  parameters: 'NAME',
  arguments: { NAME: '1 to 255 of A-Z a-z 0-9 _ . - starting with none of the last two' },
  arity: [1, 1],
  options: {
    distance: {
      type: 'string',
      value: 'BITS',
      help: 'the farthest PDQ distance that is a match, 0 to 256',
      defaultText: String(defaultThreshold),
    },
    'min-quality': {
      type: 'string',
      value: 'N',
      help: 'the least PDQ quality of an image that is compared, 0 to 100',
      defaultText: String(defaultMinQuality),
    },
    profile: {
      type: 'string',
      value: 'PROFILE',
      help: `which hasher made its PDQ hashes: ${bankProfiles.join(', ')}`,
      defaultText: 'reference-512',
    },
    ...jsonOption,
  },
  notes: [
    'What a match calls for is the policy file’s affair; without one, matches are only logged.',
    'There are two PDQs: reference-512, of Meta’s C++ and WebAssembly hashers, which is what Harrier makes of pictures\n' +
      'that you add; and full-resolution, of Hasher-Matcher-Actioner and pdqhash. A copy can lie 4 to 18 bits away in\n' +
      'the wrong one, and up to 42 on screenshots. A bank of unknown profile is compared both ways, at twice the cost.',
  ],
  examples: [
    'bank create spam',
    'bank create known-abuse --distance 20 --min-quality 60',
    'bank create from-hma --profile full-resolution',
  ],
  exits: { 1: 'failed: the name is taken' },
  async run(args, terminal) {
    const [name = ''] = args.positionals
    if (!isBankName(name)) {
      throw new UsageError(
        `Expected 1 to 255 of A-Z a-z 0-9 _ . - for NAME but received ${JSON.stringify(name)}`,
      )
    }
    const threshold = integerOption(args, 'distance', 0, 256) ?? defaultThreshold
    const minQuality = integerOption(args, 'min-quality', 0, 100) ?? defaultMinQuality
    const profile = wordOption(args, 'profile', bankProfiles) ?? 'reference-512'
    await using tools = await openCommandTools()
    const bank = await tools.banks.create({ name, threshold, minQuality, profile })
    terminal.out(
      hasOption(args, 'json')
        ? JSON.stringify(bank)
        : `created bank ${bank.name}: distance ${bank.threshold}, least quality ${bank.minQuality}, profile ${bank.profile}`,
    )
    return 0
  },
}
