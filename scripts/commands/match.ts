import { hashTypes } from '../../src/model/hash.ts'
import type { Findings, Match } from '../../src/model/match.ts'
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
    'A match that a negative bank suppresses is shown, with the content that does so, and counts as none.',
    'JSON: one object per argument, in the order given: query and matches, each with bank, contentId, hashType,\n' +
      'distance, the tier where the bank has one, and for PDQ the profile and the variant: which look at the image\n' +
      'matched; and suppressed, the same with by: the nearest content of a negative bank.',
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
    let count = 0
    terminal.progress('Reading the banks, some seconds for millions of hashes')
    for (const query of args.positionals) {
      const hashes = await hashesOfArgument(tools, query, type, { hasSha1: true })
      const found = await tools.match(hashes, {
        ...(bank === undefined ? {} : { banks: [bank] }),
        ...(distance === undefined ? {} : { radius: distance }),
      })
      count += found.matches.length
      print(query, found, terminal)
    }
    return count > 0 ? 0 : 3
  },
}

function printJson(query: string, { matches, suppressed }: Findings, terminal: Terminal): void {
  // The bank's number is the store's affair.
  const shown = (match: Match) => ({ ...match, bankId: undefined })
  const line = {
    query,
    matches: matches.map(shown),
    suppressed: suppressed.map(({ match, by }) => ({ ...shown(match), by: shown(by) })),
  }
  terminal.out(JSON.stringify(line))
}

function printText(query: string, { matches, suppressed }: Findings, terminal: Terminal): void {
  const count =
    matches.length === 0 ? 'no match' : `${matches.length} ${matches.length === 1 ? 'match' : 'matches'}`
  const more = suppressed.length === 0 ? '' : `, ${suppressed.length} suppressed`
  terminal.out(`${terminal.style('bold', printable(query))}  ${count}${more}`)
  const rows = [
    ...matches.map((match) => rowOf(match, '')),
    ...suppressed.map(({ match, by }) =>
      rowOf(match, `by ${by.bank} ${by.contentId}, distance ${by.distance}`),
    ),
  ]
  if (rows.length === 0) return
  const heading = ['bank', 'content', 'hash', 'distance', 'tier', 'look', 'suppressed']
  const shown = suppressed.length > 0 ? heading.length : heading.length - 1
  for (const line of formatTable([heading, ...rows].map((row) => row.slice(0, shown))))
    terminal.out(`  ${line}`)
}

function rowOf(match: Match, suppressed: string): string[] {
  return [
    match.bank,
    String(match.contentId),
    match.hashType,
    String(match.distance),
    match.tier ?? '-',
    match.hashType === 'pdq' ? `${match.variant}, ${match.profile}` : '',
    suppressed,
  ]
}
