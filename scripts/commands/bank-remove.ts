import { AppError } from '../../src/lib/errors.ts'
import type { Bank } from '../../src/model/bank.ts'
import type { Tools } from '../../src/tools.ts'
import { hasOption, parseId, UsageError } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { requireBank } from '../lib/require-bank.ts'

/** A bank that still has contents, and no word that it shall go with them. */
class BankNotEmptyError extends AppError {
  override readonly name = 'BankNotEmptyError'
  constructor(name: string, count: number) {
    super(
      'conflict',
      `Expected an empty bank but ${name} has ${count} contents; add --yes to remove them with it`,
    )
  }
}

/** `harrier bank remove`: one content, or the whole bank. */
export const bankRemoveCommand: Command = {
  name: 'bank remove',
  summary: 'remove a content from a bank, or a whole bank',
  parameters: 'BANK [CONTENT_ID]',
  arguments: { BANK: 'its name', CONTENT_ID: 'the content, by the number that bank add and match show' },
  arity: [1, 2],
  options: {
    all: { type: 'boolean', help: 'remove the bank itself, with all its contents' },
    yes: { type: 'boolean', help: 'do so although it has contents' },
    ...jsonOption,
  },
  notes: [
    'It matches nothing from then on, and is kept: harrier bank restore puts it back, bank purge deletes it for good. What a\n' +
      'content caused is undone when that is removed, as far as no other match calls for it. What a whole bank caused stays until\n' +
      'harrier restore --bank undoes it, or bank purge deletes it.',
    'JSON: bank, contentId, isRemoved, standing (effects that go back to the bank).',
  ],
  examples: ['bank remove spam 17', 'bank remove spam --all --yes'],
  exits: {
    1: 'failed: no such bank, or it has contents and --yes is missing',
    3: 'the bank has no such content',
  },
  async run(args, terminal) {
    const [name = '', idText] = args.positionals
    const isAll = hasOption(args, 'all')
    if (isAll === (idText !== undefined)) {
      throw new UsageError('Expected either CONTENT_ID or --all for bank remove, to say what to remove')
    }
    const contentId = idText === undefined ? undefined : parseId(idText, 'CONTENT_ID')
    await using tools = await openCommandTools()
    const bank = await requireBank(tools, name)
    const standing = isAll ? await tools.acting().effects.countOfBank(bank.id) : 0
    const isRemoved =
      contentId === undefined
        ? await removeBank(tools, bank, hasOption(args, 'yes'))
        : await tools.banks.removeContent(bank, contentId)
    const what = contentId === undefined ? `bank ${name}` : `content ${contentId} of bank ${name}`
    if (hasOption(args, 'json'))
      terminal.out(JSON.stringify({ bank: name, contentId: contentId ?? null, isRemoved, standing }))
    else if (isRemoved) terminal.out(`removed ${what}`)
    else terminal.err(`harrier: No such content: ${what}`)
    if (isRemoved && standing > 0)
      terminal.err(`${standing} effects of bank ${name} stand; to undo them: harrier restore --bank ${name}`)
    return isRemoved ? 0 : 3
  },
}

async function removeBank(tools: Tools, bank: Bank, isConfirmed: boolean): Promise<boolean> {
  const banks = await tools.banks.list()
  const count = banks.find((candidate) => candidate.id === bank.id)?.contentCount ?? 0
  if (count > 0 && !isConfirmed) throw new BankNotEmptyError(bank.name, count)
  return tools.banks.remove(bank)
}
