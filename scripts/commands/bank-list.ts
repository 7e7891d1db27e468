import type { Tools } from '../../src/tools.ts'
import { hasOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { formatSuppresses, formatTiers } from '../lib/describe-bank.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { formatTable, type Terminal } from '../lib/terminal.ts'

/** `harrier bank list`: every bank. */
export const bankListCommand: Command = {
  name: 'bank list',
  summary: 'list the banks',
  parameters: '',
  arity: [0, 0],
  options: {
    removed: { type: 'boolean', help: 'the banks that were removed, and can be restored' },
    ...jsonOption,
  },
  notes: [
    'A bank that suppresses others is negative: its own matches call for nothing.',
    'JSON: one object per bank: id, name, threshold, minQuality, profile, enabledRatio, isEnabled, tiers, suppresses (all,\n' +
      'or names; of negative banks only), createdAt, contentCount; of removed ones id, name, removedAt.',
  ],
  examples: ['bank list', 'bank list --json'],
  async run(args, terminal) {
    await using tools = await openCommandTools()
    if (hasOption(args, 'removed')) return await listRemoved(tools, hasOption(args, 'json'), terminal)
    const banks = await tools.banks.list()
    if (hasOption(args, 'json')) {
      for (const bank of banks) terminal.out(JSON.stringify(bank))
      return 0
    }
    if (banks.length === 0) {
      terminal.err('no banks yet; harrier bank create NAME makes one')
      return 0
    }
    const rows = banks.map((bank) => [
      bank.name,
      String(bank.contentCount),
      String(bank.threshold),
      String(bank.minQuality),
      bank.enabledRatio === 1 ? 'yes' : bank.isEnabled ? String(bank.enabledRatio) : 'no',
      formatTiers(bank),
      formatSuppresses(bank),
      bank.createdAt,
    ])
    const heading = [
      'bank',
      'contents',
      'distance',
      'least quality',
      'enabled',
      'tiers',
      'suppresses',
      'created',
    ]
    for (const line of formatTable([heading, ...rows])) terminal.out(line)
    return 0
  },
}

async function listRemoved(tools: Tools, isJson: boolean, terminal: Terminal): Promise<0> {
  const removed = await tools.removed.banks()
  if (isJson) for (const bank of removed) terminal.out(JSON.stringify(bank))
  else if (removed.length === 0) terminal.err('no removed banks')
  else {
    const rows = removed.map(({ name, removedAt }) => [name, removedAt])
    for (const line of formatTable([['bank', 'removed'], ...rows])) terminal.out(line)
  }
  return 0
}
