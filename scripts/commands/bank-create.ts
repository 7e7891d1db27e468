import { bankProfiles, defaultMinQuality, defaultThreshold, isBankName } from '../../src/model/bank.ts'
import { hasOption, UsageError, wordOption } from '../lib/arguments.ts'
import { newBankOptions, parseBankSettings } from '../lib/bank-setting-arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { describeBank } from '../lib/describe-bank.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'

/** `harrier bank create`: a new, empty bank. */
export const bankCreateCommand: Command = {
  name: 'bank create',
  summary: 'create an empty bank',
  parameters: 'NAME',
  arguments: { NAME: '1 to 255 of A-Z a-z 0-9 _ . - starting with none of the last two' },
  arity: [1, 1],
  options: {
    ...newBankOptions,
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
    'With --suppresses or --suppresses-all the bank is negative, for good: what it holds is known to be harmless. An image\n' +
      'within its distance of one of its contents has no match of the banks that it suppresses, whatever else it is like;\n' +
      'the record of that is kept. Its own matches call for nothing.',
  ],
  examples: [
    'bank create spam',
    'bank create known-abuse --distance 20 --min-quality 60',
    'bank create from-hma --profile full-resolution',
    'bank create known-abuse --distance 31 --tiers exact=0,near=16,far=31',
    'bank create harmless --suppresses spam,known-abuse --distance 10',
  ],
  exits: {
    1: 'failed: the name is taken, a bank to suppress is not there, or a tier lies beyond the distance',
  },
  async run(args, terminal) {
    const [name = ''] = args.positionals
    if (!isBankName(name)) {
      throw new UsageError(
        `Expected 1 to 255 of A-Z a-z 0-9 _ . - for NAME but received ${JSON.stringify(name)}`,
      )
    }
    const wanted = parseBankSettings(args)
    const profile = wordOption(args, 'profile', bankProfiles) ?? 'reference-512'
    await using tools = await openCommandTools()
    const bank = await tools.banks.create({
      name,
      threshold: defaultThreshold,
      minQuality: defaultMinQuality,
      profile,
      ...wanted,
    })
    terminal.out(hasOption(args, 'json') ? JSON.stringify(bank) : `created bank ${describeBank(bank)}`)
    return 0
  },
}
