import type { ImportResult } from '../../src/tools.ts'
import { abortOnSignals } from '../lib/abort-on-signals.ts'
import { hasOption, textOption } from '../lib/arguments.ts'
import { bankFileNote, bankFileOptions, parseBankFileArguments } from '../lib/bank-file-arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openImportInput } from '../lib/import-input.ts'
import { createImportReport, maxShownRejections } from '../lib/import-report.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { requireBank } from '../lib/require-bank.ts'
import { printable } from '../lib/terminal.ts'

/** `harrier bank import`: a file of known content. */
export const bankImportCommand: Command = {
  name: 'bank import',
  summary: 'add a file of hashes to a bank',
  parameters: 'BANK FILE',
  arguments: { BANK: 'its name', FILE: 'a file of hashes; - is standard input' },
  arity: [2, 2],
  options: {
    ...bankFileOptions,
    rejects: {
      type: 'string',
      value: 'FILE',
      help: 'write every rejected line’s number and reason to this CSV file',
    },
    restart: {
      type: 'boolean',
      help: 'begin with the first line, though an earlier import stopped further on',
    },
    ...jsonOption,
  },
  notes: [
    bankFileNote,
    `A line that cannot be used is rejected and the others are imported. The first ${maxShownRejections} are told on standard error,\n` +
      'by number and reason, all of them with --rejects; their text is never repeated.',
    'An import that was ended goes on where it stopped when the same command is given again; standard input begins anew.\n' +
      'What the bank holds already is counted and left out.',
    'quality is PDQ’s, 0 to 100; without one a PDQ hash counts as 100. One below the bank’s least quality is left out, and\n' +
      'the line rejected when nothing else is in it. Unknown columns and keys are passed over. In lines, 32 digits are MD5\n' +
      'and 40 are SHA-1; 64 can be PDQ or SHA-256, so --type has to say.',
    'JSON: bank, format, lines, added, duplicates, rejected, leftOut (PDQ hashes, for their quality), resumedAfter (a line,\n' +
      'or 0), ignoredColumns (of a CSV header, from 1) and seconds.',
  ],
  examples: [
    'bank import spam list.csv',
    'bank import spam hashes.txt --type pdq --rejects rejected.csv',
    'bank import spam - --format jsonl',
  ],
  exits: {
    0: 'done, and no line was rejected',
    1: 'failed or interrupted: no such bank, or a file that cannot be read; what was imported until then stays',
    3: 'done, but at least one line was rejected',
  },
  async run(args, terminal) {
    const [name = '', file = ''] = args.positionals
    const chosen = parseBankFileArguments(args, file)
    const input = await openImportInput(file)
    const startedAt = performance.now()
    using interrupt = abortOnSignals()
    await using tools = await openCommandTools()
    const bank = await requireBank(tools, name)
    await using report = createImportReport(terminal, input.size, textOption(args, 'rejects'))
    try {
      const { onPlace, onRejected } = report
      const options = { ...chosen, isRestart: hasOption(args, 'restart'), onPlace, onRejected }
      const result = await tools.banks.import(bank, input, options, interrupt.signal)
      const seconds = Math.round((performance.now() - startedAt) / 100) / 10
      report.finish(result)
      if (hasOption(args, 'json'))
        terminal.out(JSON.stringify({ bank: bank.name, format: chosen.format, ...result, seconds }))
      else terminal.out(`${printable(file)}  ${summaryOf(result)} in ${seconds} s`)
      return result.rejected === 0 ? 0 : 3
    } catch (error) {
      if (report.place && report.place.line > 0) {
        const next = input.path === undefined ? 'leaves out what is there already' : 'goes on from there'
        terminal.err(`harrier: imported up to line ${report.place.line}; the same command ${next}`)
      }
      throw error
    }
  },
}

function summaryOf({ added, duplicates, rejected }: ImportResult): string {
  const parts = [`${added} added`, `${duplicates} there already`, `${rejected} rejected`]
  return parts.join(', ')
}
