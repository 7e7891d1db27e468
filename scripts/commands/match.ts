import { hashTypes } from '../../src/model/hash.ts'
import type { Match } from '../../src/model/match.ts'
import { hasOption, integerOption, textOption, wordOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { requireBank } from '../lib/require-bank.ts'
import { hashesOfArgument } from '../lib/sources.ts'
import { formatTable, printable, type Terminal } from '../lib/terminal.ts'

/** `harrier match`: which known content a file or a hash is close to. */
export const matchCommand: Command = {
  name: 'match',
  summary: 'look image files or hashes up in the banks',
  parameters: 'FILE|HEX...',
  arguments: {
    FILE: 'an image',
    HEX: 'a hash: 64 hex digits are PDQ unless --type says otherwise, 40 SHA-1, 32 MD5',
  },
  arity: [1, Number.POSITIVE_INFINITY],
  options: {
    bank: { type: 'string', value: 'NAME', help: 'only this bank', defaultText: 'every enabled bank' },
    distance: {
      type: 'string',
      value: 'BITS',
      help: 'the farthest PDQ distance that counts, 0 to 256',
      defaultText: 'each bank’s own',
    },
    type: { type: 'string', value: 'TYPE', help: `compare by this only: ${hashTypes.join(', ')}` },
    ...jsonOption,
  },
  notes: [
    'Matches are listed nearest first. Digests (md5, sha1, sha256) match at distance 0 or not at all.',
    'JSON: one object per argument, in the order given: query and matches, each with bank, contentId, hashType,\n' +
      'distance, and for PDQ the profile and the variant: which look at the image matched.',
  ],
  examples: [
    'match photo.jpg',
    'match --bank spam --distance 20 photo.jpg',
    'match --type sha256 <64 hex digits>',
  ],
  exits: {
    0: 'something matched',
    1: 'failed: a file could not be hashed, or there is no such bank',
    3: 'nothing matched',
  },
  async run(args, terminal) {
    const distance = integerOption(args, 'distance', 0, 256)
    const type = wordOption(args, 'type', hashTypes)
    const bank = textOption(args, 'bank')
    await using tools = await openCommandTools()
    if (bank !== undefined) await requireBank(tools, bank)
    const print = hasOption(args, 'json') ? printJson : printText
    let found = 0
    terminal.progress('Reading the banks, some seconds for millions of hashes')
    for (const query of args.positionals) {
      const hashes = await hashesOfArgument(tools, query, type, { hasSha1: true })
      const matches = await tools.match(hashes, {
        ...(bank === undefined ? {} : { banks: [bank] }),
        ...(distance === undefined ? {} : { radius: distance }),
      })
      found += matches.length
      print(query, matches, terminal)
    }
    return found > 0 ? 0 : 3
  },
}

function printJson(query: string, matches: readonly Match[], terminal: Terminal): void {
  // The bank's number is the store's affair.
  const shown = matches.map((match) => ({ ...match, bankId: undefined }))
  terminal.out(JSON.stringify({ query, matches: shown }))
}

function printText(query: string, matches: readonly Match[], terminal: Terminal): void {
  const count =
    matches.length === 0 ? 'no match' : `${matches.length} ${matches.length === 1 ? 'match' : 'matches'}`
  terminal.out(`${terminal.style('bold', printable(query))}  ${count}`)
  const rows = matches.map((match) => [
    match.bank,
    String(match.contentId),
    match.hashType,
    String(match.distance),
    match.hashType === 'pdq' ? `${match.variant}, ${match.profile}` : '',
  ])
  if (rows.length === 0) return
  for (const line of formatTable([['bank', 'content', 'hash', 'distance', 'look'], ...rows]))
    terminal.out(`  ${line}`)
}
