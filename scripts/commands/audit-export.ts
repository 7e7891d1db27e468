import type { Tools } from '../../src/tools.ts'
import { abortOnSignals } from '../lib/abort-on-signals.ts'
import { textOption } from '../lib/arguments.ts'
import { openAtomicFile } from '../lib/atomic-file.ts'
import { timeOption } from '../lib/audit-arguments.ts'
import type { Command } from '../lib/command.ts'
import { openExistingTools } from '../lib/open-command-tools.ts'
import { createProgress } from '../lib/progress.ts'
import type { Terminal } from '../lib/terminal.ts'

/** `harrier audit export`: the audit, or a part of it, as a file that proves itself. */
export const auditExportCommand: Command = {
  name: 'audit export',
  summary: 'write the audit to a file that can be verified without the database',
  parameters: '',
  arity: [0, 0],
  options: {
    since: { type: 'string', value: 'TIME', help: 'from the first row of that time on' },
    until: { type: 'string', value: 'TIME', help: 'up to the last row before that time' },
    output: { type: 'string', value: 'FILE', help: 'the file', defaultText: 'standard output' },
  },
  notes: [
    'TIME is a day (2026-01-31, which begins at midnight in UTC) or a moment (2026-01-31T12:00Z). Rows are written without a\n' +
      'gap, so that a part can be verified as the whole can; rows between the first and the last may be of another time.\n' +
      'There is no export by subject, which could prove nothing of what it leaves out: see harrier audit list SUBJECT --json.',
    'Lines of JSON: what the file is and the hash before its first row; the rows, with details as the text that is hashed;\n' +
      'the signed head of its last row. harrier audit verify --file FILE verifies it, and docs/verify-audit.py does without\n' +
      'Harrier. The file appears under its name when it is whole, readable by its owner only. An export leaves an audit row.',
  ],
  examples: ['audit export --output audit.jsonl', 'audit export --since 2026-01-01 --until 2026-02-01'],
  exits: {
    1: 'failed: no row is of that time, or the file cannot be written; nothing is left under its name',
  },
  async run(args, terminal) {
    const [since, until] = [timeOption(args, 'since'), timeOption(args, 'until')]
    const range = { ...(since !== undefined && { since }), ...(until !== undefined && { until }) }
    const file = textOption(args, 'output')
    using interrupt = abortOnSignals()
    await using tools = await openExistingTools()
    if (file === undefined) {
      await writeExport(tools, range, terminal.write, undefined, interrupt.signal)
      return 0
    }
    await using target = await openAtomicFile(file)
    const rows = await writeExport(tools, range, target.write, terminal, interrupt.signal)
    await target.finish()
    terminal.out(`${rows} rows written to ${file}`)
    return 0
  },
}

/** Lines are written so many at a time. */
const batch = 1000

/** Returns the number of rows. The row about the export itself follows when everything was taken. */
async function writeExport(
  tools: Tools,
  range: { readonly since?: string; readonly until?: string },
  write: (text: string) => Promise<void>,
  terminal: Terminal | undefined,
  signal: AbortSignal,
): Promise<number> {
  const total = await tools.audit.count(range)
  const show = terminal && createProgress(terminal, 'rows', { count: 0, done: 0, total })
  let lines: string[] = []
  let written = 0
  const flush = async (): Promise<void> => {
    await write(lines.join(''))
    written += lines.length
    lines = []
    // All but the first line and the last are rows.
    show?.({ count: written, done: Math.min(written, total), total })
  }
  for await (const line of tools.audit.export(range, signal)) {
    lines.push(`${line}\n`)
    if (lines.length === batch) await flush()
  }
  await flush()
  return written - 2
}
