import { type CheckResult, verdictOf } from '../../src/identity/doctor.ts'
import { hasOption } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandDoctor } from '../lib/open-command-tools.ts'
import { printable, type Style, type Terminal } from '../lib/terminal.ts'

/** `harrier doctor`: why labels do not show. */
export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'find out why labels do not show, for this labeler or anybody’s',
  parameters: '[DID|HANDLE|URL]',
  arguments: {
    'DID|HANDLE|URL':
      'a labeler: did:plc:…, labeler.example.com, https://labeler.example.com; without it, this one',
  },
  arity: [0, 1],
  options: jsonOption,
  notes: [
    'Follows a label from the DID to the reader: the DID document, the label key, the record that declares the values, the\n' +
      'endpoint, https and WebSocket, the stream and its numbers, signatures, values, clocks, queryLabels, the budget, and\n' +
      'for this labeler who subscribes. It reads only, within bounds, and takes a few seconds.',
    'Each check is one line: ok; warn, something shown less well than it could; fail, what can keep labels from showing,\n' +
      'with what to do about it; unknown, with the reason. A check that needs what an earlier one did not find is not run.',
    'The labeler of this installation is HARRIER_LABELER_DID; run it on the machine of the service, on the same settings.\n' +
      'Only public https addresses are asked, and the origins of HARRIER_ALLOW_PRIVATE_ORIGINS.',
    'JSON: one object per check: check, status, says, fix (when there is one), ms; then one object: isHealthy, says.',
  ],
  examples: ['doctor', 'doctor moderation.bsky.app', 'doctor did:plc:… --json'],
  exits: { 0: 'nothing failed', 1: 'at least one check failed' },
  async run(args, terminal) {
    const doctor = await openCommandDoctor()
    const isJson = hasOption(args, 'json')
    const results: CheckResult[] = []
    for await (const result of doctor.examine(args.positionals[0], new AbortController().signal)) {
      results.push(result)
      if (isJson) terminal.out(JSON.stringify(result))
      else printResult(result, terminal)
    }
    const verdict = verdictOf(results)
    terminal.out(isJson ? JSON.stringify(verdict) : terminal.style('bold', printable(verdict.says)))
    return verdict.isHealthy ? 0 : 1
  },
}

const styles: Readonly<Record<CheckResult['status'], Style>> = {
  ok: 'green',
  warn: 'yellow',
  fail: 'red',
  unknown: 'dim',
}
/** The widths of the first two columns: `unknown`, `published-values`. */
const [statusWidth, checkWidth] = [7, 16]

function printResult({ check, status, says, fix }: CheckResult, terminal: Terminal): void {
  const shown = terminal.style(styles[status], status.padEnd(statusWidth))
  terminal.out(`${shown}  ${check.padEnd(checkWidth)}  ${printable(says)}`)
  if (fix !== undefined) terminal.out(`${' '.repeat(statusWidth + checkWidth + 4)}-> ${printable(fix)}`)
}
