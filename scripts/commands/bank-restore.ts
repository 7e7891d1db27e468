import { isBankName } from '../../src/model/bank.ts'
import { hasOption, parseId, textOption, UsageError } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { requireBank } from '../lib/require-bank.ts'
import { requireRemovedBank } from '../lib/require-removed-bank.ts'

const outcomes = {
  restored: 'is restored',
  there: 'is there',
  held: 'stays removed: the bank has all of its hashes in other contents by now',
  unknown: 'is not among what was removed',
} as const

/** `harrier bank restore`: what was removed, put back. */
export const bankRestoreCommand: Command = {
  name: 'bank restore',
  summary: 'put back a content or a bank that was removed',
  parameters: 'BANK [CONTENT_ID]',
  arguments: { BANK: 'its name', CONTENT_ID: 'a content of it that was removed; the bank itself without it' },
  arity: [1, 2],
  options: {
    as: { type: 'string', value: 'NAME', help: 'call the bank so, where its name is taken by now' },
    ...jsonOption,
  },
  notes: [
    'Everything is as it was, ids included; of a content, the hashes that another content has by now are left out. Of several\n' +
      'removed banks of one name, the last is restored. harrier bank contents --removed and bank list --removed show what\n' +
      'can be restored.',
    'JSON: bank, contentId (null for a bank) and outcome: restored, there, held or unknown.',
  ],
  examples: ['bank restore spam 17', 'bank restore spam', 'bank restore spam --as old-spam'],
  exits: { 1: 'failed: no such bank, or its name is taken', 3: 'the content was not restored' },
  async run(args, terminal) {
    const [name = '', idText] = args.positionals
    const contentId = idText === undefined ? undefined : parseId(idText, 'CONTENT_ID')
    const as = textOption(args, 'as') ?? name
    if (contentId !== undefined && as !== name)
      throw new UsageError('Expected --as for a bank, not for a content')
    if (!isBankName(as)) throw new UsageError('Expected 1 to 255 of A-Z a-z 0-9 _ . - for --as')
    await using tools = await openCommandTools()
    const outcome =
      contentId === undefined
        ? (await tools.curation.restoreBank(await requireRemovedBank(tools, name), as))
          ? 'restored'
          : 'unknown'
        : await tools.curation.restoreContent(await requireBank(tools, name), contentId)
    const what = contentId === undefined ? `bank ${as}` : `content ${contentId} of bank ${name}`
    const isThere = outcome === 'restored' || outcome === 'there'
    if (hasOption(args, 'json'))
      terminal.out(JSON.stringify({ bank: as, contentId: contentId ?? null, outcome }))
    else if (isThere) terminal.out(`${what} ${outcomes[outcome]}`)
    else terminal.err(`harrier: ${what} ${outcomes[outcome]}`)
    return isThere ? 0 : 3
  },
}
