import { maxTextLengths } from '../../src/model/bank.ts'
import { hashTypes, type ImageHash } from '../../src/model/hash.ts'
import { hasOption, textOption, UsageError, wordOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { requireBank } from '../lib/require-bank.ts'
import { hashesOfArgument } from '../lib/sources.ts'
import { printable } from '../lib/terminal.ts'

const maxNoteLength = maxTextLengths.note

/** `harrier bank add`: known content by file or by hash. */
export const bankAddCommand: Command = {
  name: 'bank add',
  summary: 'add known content to a bank',
  parameters: 'BANK FILE|HEX...',
  arguments: {
    BANK: 'its name',
    FILE: 'an image; its PDQ (in the bank’s profile), MD5 and SHA-256 are added, the image itself is not kept',
    HEX: 'a hash: 64 hex digits are PDQ unless --type says otherwise, 40 SHA-1, 32 MD5',
  },
  arity: [2, Number.POSITIVE_INFINITY],
  options: {
    type: { type: 'string', value: 'TYPE', help: `add this hash only: ${hashTypes.join(', ')}` },
    note: {
      type: 'string',
      value: 'TEXT',
      help: `what it is, for people; at most ${maxNoteLength} characters`,
    },
    ...jsonOption,
  },
  notes: [
    'The SHA-1 of a file is added only with --type sha1: its SHA-256 finds the same files, and images are hashed with\n' +
      'SHA-1 only while an enabled bank holds one.',
    '64 hex digits can be PDQ or SHA-256 and nothing in them says which: they are taken as PDQ without --type sha256.',
    'Adding what the bank holds already changes nothing. Each argument is one content. When a file cannot be hashed,\n' +
      'nothing is added. A running service matches against the new content within seconds.',
    'JSON: one object per argument: source, bank, contentId, isNew.',
  ],
  examples: [
    'bank add spam photo.jpg',
    'bank add spam --type sha256 --note "from the report of 3 May" <64 hex digits>',
  ],
  exits: { 1: 'failed, and nothing was added: no such bank, or a file could not be hashed' },
  async run(args, terminal) {
    const [name = '', ...sources] = args.positionals
    const type = wordOption(args, 'type', hashTypes)
    const note = textOption(args, 'note') ?? ''
    if (note.length > maxNoteLength) {
      throw new UsageError(
        `Expected at most ${maxNoteLength} characters for --note but received ${note.length}`,
      )
    }
    await using tools = await openCommandTools()
    const bank = await requireBank(tools, name)
    const contents: { readonly source: string; readonly hashes: readonly ImageHash[] }[] = []
    for (const source of sources)
      contents.push({ source, hashes: await hashesOfArgument(tools, source, type) })
    for (const { source, hashes } of contents) {
      const { contentId, isNew, leftOut } = await tools.banks.add(bank, hashes, note)
      const text = `${printable(source)}  ${isNew ? 'added as' : 'is there already as'} content ${contentId}`
      if (leftOut) {
        terminal.err(
          `harrier: ${printable(source)}: PDQ left out: quality ${leftOut.quality} is below the bank’s ${bank.minQuality}`,
        )
      }
      terminal.out(
        hasOption(args, 'json') ? JSON.stringify({ source, bank: bank.name, contentId, isNew }) : text,
      )
    }
    return 0
  },
}
