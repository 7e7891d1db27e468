import { hasOption, UsageError } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { requireBank } from '../lib/require-bank.ts'
import { requireRemovedBank } from '../lib/require-removed-bank.ts'

/** `harrier bank purge`: what was removed, deleted for good. */
export const bankPurgeCommand: Command = {
  name: 'bank purge',
  summary: 'delete for good what was removed',
  parameters: 'BANK',
  arguments: { BANK: 'its name; with --removed that of a bank that was removed itself' },
  arity: [1, 1],
  options: {
    removed: { type: 'boolean', help: 'the removed bank of that name, with all that it held' },
    yes: { type: 'boolean', help: 'needed, for nothing brings it back' },
    ...jsonOption,
  },
  notes: [
    'What the contents caused and still stands is undone by the running service, as far as no other match calls for it.',
    'Without --removed, the contents that were removed from the bank are deleted, and what it holds stays. Until then a removed\n' +
      'bank keeps its disk and its memory. The audit keeps that there was something, and no hash of it.',
    'JSON: bank and contents, how many were deleted.',
  ],
  examples: ['bank purge spam --yes', 'bank purge old-spam --removed --yes'],
  exits: { 1: 'failed: no such bank, or none that was removed' },
  async run(args, terminal) {
    const [name = ''] = args.positionals
    if (!hasOption(args, 'yes'))
      throw new UsageError('Expected --yes for bank purge: nothing brings back what it deletes')
    await using tools = await openCommandTools()
    const contents = hasOption(args, 'removed')
      ? await tools.curation.purgeBank(await requireRemovedBank(tools, name))
      : await tools.curation.purgeContents(await requireBank(tools, name))
    terminal.out(
      hasOption(args, 'json')
        ? JSON.stringify({ bank: name, contents })
        : `${contents} contents of ${name} purged`,
    )
    return 0
  },
}
