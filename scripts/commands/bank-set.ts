import { isBankName } from '../../src/model/bank.ts'
import { hasOption, textOption, UsageError } from '../lib/arguments.ts'
import { bankSettingOptions, parseBankSettings } from '../lib/bank-setting-arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { describeBank } from '../lib/describe-bank.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { requireBank } from '../lib/require-bank.ts'

/** `harrier bank set`: how a bank is matched. */
export const bankSetCommand: Command = {
  name: 'bank set',
  summary: 'change how a bank is matched, or its name',
  parameters: 'BANK',
  arguments: { BANK: 'its name' },
  arity: [1, 1],
  options: {
    name: {
      type: 'string',
      value: 'NAME',
      help: 'call it so from now on; policies and settings go by the name',
    },
    ...bankSettingOptions,
    ...jsonOption,
  },
  notes: [
    'What is not given stays. A running service matches by it at once, and every change is in the audit. Labels that were\n' +
      'published stay; harrier negate withdraws a label.',
    '--ratio 0 switches the bank off, and --ratio 1 on again. In between it acts on that share of images, always the same ones.',
    'A match tells the first tier that holds its distance, and the policy can go by it (tier: near). --suppresses "" lets a\n' +
      'negative bank suppress nothing; a bank that is not negative cannot be made so.',
    'JSON: the bank as bank list shows it, without contentCount.',
  ],
  examples: [
    'bank set spam --ratio 0',
    'bank set known-abuse --distance 31 --tiers exact=0,near=16,far=31',
    'bank set harmless --suppresses-all',
  ],
  exits: { 1: 'failed: no such bank, the new name is taken, or the settings do not fit together' },
  async run(args, terminal) {
    const [name = ''] = args.positionals
    const newName = textOption(args, 'name')
    if (newName !== undefined && !isBankName(newName))
      throw new UsageError(
        `Expected 1 to 255 of A-Z a-z 0-9 _ . - for --name but received ${JSON.stringify(newName)}`,
      )
    const change = { ...parseBankSettings(args), ...(newName !== undefined && { name: newName }) }
    if (Object.keys(change).length === 0) throw new UsageError('Expected something to set for bank set')
    await using tools = await openCommandTools()
    const bank = await requireBank(tools, name)
    const updated = (await tools.curation.updateBank(bank.id, change)) ?? (await requireBank(tools, name))
    for (const tier of tools.missingTiers(updated))
      terminal.err(`harrier: the policy says what to do about tier ${tier}, which the bank does not have`)
    terminal.out(hasOption(args, 'json') ? JSON.stringify(updated) : describeBank(updated))
    return 0
  },
}
