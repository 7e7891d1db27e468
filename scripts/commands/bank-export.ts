import type { Bank } from '../../src/model/bank.ts'
import type { Tools } from '../../src/tools.ts'
import { abortOnSignals } from '../lib/abort-on-signals.ts'
import { hasOption } from '../lib/arguments.ts'
import { openAtomicFile } from '../lib/atomic-file.ts'
import {
  bankFileNote,
  bankFileOptions,
  parseBankFileArguments,
  standardStream,
} from '../lib/bank-file-arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { createProgress } from '../lib/progress.ts'
import { requireBank } from '../lib/require-bank.ts'
import type { Terminal } from '../lib/terminal.ts'

/** `harrier bank export`: a bank as a file. */
export const bankExportCommand: Command = {
  name: 'bank export',
  summary: 'write a bank to a file of hashes',
  parameters: 'BANK [FILE]',
  arguments: {
    BANK: 'its name',
    FILE: 'the file, which is replaced when it is there; standard output without it',
  },
  arity: [1, 2],
  options: { ...bankFileOptions, ...jsonOption },
  notes: [
    bankFileNote,
    'Contents are written in the order in which they were added. bank import reads the file back into an equal bank, but\n' +
      'for lines, which have hashes alone: no quality, no text, and nothing of which hashes belong together. A lines file of\n' +
      'a bank with PDQ and SHA-256 hashes needs --type.',
    'The file appears under its name when it is whole, readable by its owner only.',
    'JSON, with FILE only: bank, format, file, contents, leftOut (contents without a hash of the type).',
  ],
  examples: [
    'bank export spam spam.csv',
    'bank export spam --format jsonl',
    'bank export spam pdq.txt --type pdq',
  ],
  exits: { 1: 'failed: no such bank, or the file cannot be written; nothing is left under its name' },
  async run(args, terminal) {
    const [name = '', file = standardStream] = args.positionals
    const isFile = file !== standardStream
    const options = parseBankFileArguments(args, file)
    using interrupt = abortOnSignals()
    await using tools = await openCommandTools()
    const bank = await requireBank(tools, name)
    const write = (sink: (text: string) => Promise<void>) =>
      writeBank(tools, bank, options, sink, isFile ? terminal : undefined, interrupt.signal)
    if (!isFile) {
      await write(terminal.write)
      return 0
    }
    await using target = await openAtomicFile(file)
    const written = await write(target.write)
    await target.finish()
    if (hasOption(args, 'json'))
      terminal.out(JSON.stringify({ bank: bank.name, format: options.format, file, ...written }))
    else terminal.out(`${written.contents} contents of ${bank.name}${leftOutText(written.leftOut)} written`)
    return 0
  },
}

type Written = { readonly contents: number; readonly leftOut: number }

async function writeBank(
  tools: Tools,
  bank: Bank,
  options: Parameters<Tools['banks']['export']>[1],
  sink: (text: string) => Promise<void>,
  terminal: Terminal | undefined,
  signal: AbortSignal,
): Promise<Written> {
  const total = terminal && (await tools.banks.list()).find(({ id }) => id === bank.id)?.contentCount
  const show = terminal && createProgress(terminal, 'contents', { count: 0, done: 0, total })
  let [contents, leftOut] = [0, 0]
  for await (const page of tools.banks.export(bank, options)) {
    signal.throwIfAborted()
    await sink(page.text)
    contents += page.contents
    leftOut += page.leftOut
    show?.({ count: contents, done: contents, total })
  }
  return { contents, leftOut }
}

function leftOutText(leftOut: number): string {
  return leftOut === 0 ? '' : `, without ${leftOut} that have no such hash,`
}
