import type { Bank } from '../../src/model/bank.ts'
import {
  type ContentPage,
  type ContentSearch,
  type CuratedContent,
  enabledContent,
  isContentEnabled,
} from '../../src/model/curation.ts'
import { hashTypes } from '../../src/model/hash.ts'
import type { Tools } from '../../src/tools.ts'
import {
  type Arguments,
  hasOption,
  integerOption,
  textOption,
  UsageError,
  wordOption,
} from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { requireBank } from '../lib/require-bank.ts'
import { requireHash } from '../lib/sources.ts'
import { formatTable, printable, type Terminal } from '../lib/terminal.ts'

const maxShown = 1_000

/** `harrier bank contents`: what a bank holds. */
export const bankContentsCommand: Command = {
  name: 'bank contents',
  summary: 'list what a bank holds, or look for it',
  parameters: 'BANK',
  arguments: { BANK: 'its name' },
  arity: [1, 1],
  options: {
    text: {
      type: 'string',
      value: 'TEXT',
      help: 'only what has this in its note, label, source id or URI; in either case',
    },
    hash: { type: 'string', value: 'HEX', help: 'only what has exactly this hash; --type as for match' },
    type: { type: 'string', value: 'TYPE', help: `the type of --hash: ${hashTypes.join(', ')}` },
    disabled: { type: 'boolean', help: 'only what is disabled now' },
    enabled: { type: 'boolean', help: 'only what is not' },
    removed: { type: 'boolean', help: 'what was removed from the bank, and can be restored' },
    after: { type: 'string', value: 'CONTENT_ID', help: 'only contents after this one', defaultText: '0' },
    limit: { type: 'string', value: 'N', help: `at most so many, 1 to ${maxShown}`, defaultText: '50' },
    ...jsonOption,
  },
  notes: [
    'Contents are listed in the order in which they were added. When there are more, standard error says how to go on.',
    'JSON: one object per content: id, bankId, label, note, sourceId, createdAt, hashes, disableUntil (0 disabled, 1 enabled,\n' +
      'otherwise the Unix second from which on it is enabled again), and mediaUri, contentUri and metadata where they are known.',
  ],
  examples: ['bank contents spam --text "ticket 17"', 'bank contents spam --disabled --json'],
  exits: { 3: 'there is none' },
  async run(args, terminal) {
    const [name = ''] = args.positionals
    const wanted = parseWanted(args)
    await using tools = await openCommandTools()
    const bank = await requireBank(tools, name)
    const { contents, nextAfterId } = await collect(tools, bank, wanted)
    if (nextAfterId !== undefined) terminal.err(`harrier: there may be more: --after ${nextAfterId}`)
    const opinions = await tools.acting().verdicts.opinions(contents.map(({ id }) => id))
    const judged = contents.map((content) => {
      const opinion = opinions.get(content.id)
      return opinion === undefined ? content : { ...content, opinion }
    })
    if (hasOption(args, 'json')) for (const content of judged) terminal.out(JSON.stringify(content))
    else print(judged, wanted.search.nowSeconds, terminal)
    return contents.length > 0 ? 0 : 3
  },
}

type Wanted = {
  readonly isRemoved: boolean
  readonly hash: ReturnType<typeof requireHash> | undefined
  readonly search: ContentSearch
}

function parseWanted(args: Arguments): Wanted {
  const [isDisabled, isEnabled] = [hasOption(args, 'disabled'), hasOption(args, 'enabled')]
  if (isDisabled && isEnabled)
    throw new UsageError('Expected either --disabled or --enabled but received both')
  const [text, hashText] = [textOption(args, 'text'), textOption(args, 'hash')]
  const type = wordOption(args, 'type', hashTypes)
  const isRemoved = hasOption(args, 'removed')
  if (isRemoved && (isDisabled || isEnabled || text !== undefined || hashText !== undefined))
    throw new UsageError('Expected --removed alone but received it with a search')
  return {
    isRemoved,
    hash: hashText === undefined ? undefined : requireHash(hashText, type),
    search: {
      afterId: integerOption(args, 'after', 0, Number.MAX_SAFE_INTEGER) ?? 0,
      limit: integerOption(args, 'limit', 1, maxShown) ?? 50,
      nowSeconds: Date.now() / 1000,
      ...(text !== undefined && { text }),
      ...(isDisabled || isEnabled ? { isDisabled } : {}),
    },
  }
}

async function collect(
  { contents: store, removed }: Tools,
  bank: Bank,
  { hash, search, isRemoved }: Wanted,
): Promise<ContentPage> {
  if (isRemoved) {
    const contents = await removed.contents(bank.id, search.afterId, search.limit)
    return { contents, nextAfterId: contents.length < search.limit ? undefined : contents.at(-1)?.id }
  }
  if (hash) {
    const id = await store.holding(bank.id, hash)
    const content = id === undefined ? undefined : await store.find(bank.id, id)
    return { contents: content ? [content] : [], nextAfterId: undefined }
  }
  const contents: CuratedContent[] = []
  let nextAfterId: number | undefined = search.afterId
  // A page of a search looks at a bounded part of the bank.
  while (contents.length < search.limit && nextAfterId !== undefined) {
    const limit = search.limit - contents.length
    const page: ContentPage = await store.search(bank.id, { ...search, afterId: nextAfterId, limit })
    contents.push(...page.contents)
    nextAfterId = page.nextAfterId
  }
  return { contents, nextAfterId }
}

/** With what is thought of it: a person's verdict here, else the exchange's. */
type Judged = CuratedContent & { readonly opinion?: string }

function print(contents: readonly Judged[], nowSeconds: number, terminal: Terminal): void {
  if (contents.length === 0) return
  const rows = contents.map((content) => rowOf(content, nowSeconds))
  for (const line of formatTable([heading, ...rows])) terminal.out(line)
}

const heading = ['content', 'hashes', 'matched', 'opinion', 'added', 'label', 'source id', 'note']

function rowOf(content: Judged, nowSeconds: number): string[] {
  const { id, hashes, createdAt, label, sourceId, note } = content
  return [
    String(id),
    hashes.map(({ type }) => type).join(' '),
    stateOf(content, nowSeconds),
    content.opinion ?? '-',
    createdAt,
    ...[label, sourceId, note].map((text) => (text === '' ? '-' : printable(text))),
  ]
}

function stateOf({ disableUntil }: CuratedContent, nowSeconds: number): string {
  if (isContentEnabled(disableUntil, nowSeconds)) return 'yes'
  return disableUntil < enabledContent ? 'no' : `from ${new Date(disableUntil * 1000).toISOString()}`
}
