import packageFile from '../../package.json' with { type: 'json' }
import { closestOf } from '../../src/lib/closest.ts'
import { AppError, messageOf } from '../../src/lib/errors.ts'
import { commands } from '../commands/commands.ts'
import { hasOption, parseArguments, UsageError } from './arguments.ts'
import type { Command, ExitCode } from './command.ts'
import { formatCommandHelp, formatGroupHelp, formatOverview } from './help.ts'
import type { Terminal } from './terminal.ts'
import { createTerminal, printable } from './terminal.ts'

/** Runs one command line, without the program's name, and resolves to the exit code; errors are written, not thrown. */
export async function runCommandLine(argv: readonly string[]): Promise<ExitCode> {
  const terminal = createTerminal()
  try {
    return await dispatch(argv, terminal)
  } catch (error) {
    terminal.err(argv.includes('--json') ? formatErrorJson(error) : formatError(error))
    return error instanceof UsageError ? 2 : 1
  }
}

async function dispatch(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [first = '', second = ''] = argv
  if (first === '--version') {
    terminal.out(packageFile.version)
    return 0
  }
  if (isHelp(first) && (second === '' || first !== 'help')) {
    terminal.out(formatOverview(commands))
    return 0
  }
  if (first === 'help') return dispatch([...argv.slice(1), '--help'], terminal)
  if (first === '') {
    terminal.err(formatOverview(commands))
    return 2
  }
  const members = commands.filter((command) => command.name.startsWith(`${first} `))
  const isGroupOnly = members.length > 0 && !commands.some((command) => command.name === first)
  if (isGroupOnly && (second === '' || isHelp(second)))
    return showGroup(first, members, second === '' ? 2 : 0, terminal)
  return runCommand(findCommand(first, second), argv, terminal)
}

async function runCommand(command: Command, argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const args = parseArguments(command, argv.slice(command.name.split(' ').length))
  if (hasOption(args, 'help')) {
    terminal.out(formatCommandHelp(command))
    return 0
  }
  return command.run(args, terminal)
}

/** Help that was asked for is the result; help instead of a missing command is about an error. */
function showGroup(group: string, members: readonly Command[], code: 0 | 2, terminal: Terminal): ExitCode {
  const help = formatGroupHelp(group, members)
  if (code === 0) terminal.out(help)
  else terminal.err(help)
  return code
}

function findCommand(first: string, second: string): Command {
  const named = (name: string) => commands.find((command) => command.name === name)
  const found = named(`${first} ${second}`) ?? named(first)
  if (found) return found
  const members = commands.filter(({ name }) => name.startsWith(`${first} `))
  const typed = members.length > 0 ? `${first} ${second}` : first
  const names = members.length > 0 ? members.map(({ name }) => name) : firstWords()
  throw new UsageError(
    `No such command: ${printable(typed)}; did you mean ${closestOf(typed, names)}? See harrier --help`,
  )
}

function firstWords(): string[] {
  return [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? ''))]
}

function isHelp(word: string): boolean {
  return word === 'help' || word === '--help' || word === '-h'
}

/** What we threw on purpose is explained by its message; anything else is our fault, and needs its stack. */
function formatError(error: unknown): string {
  if (error instanceof AppError) return `harrier: ${error.message}`
  return `harrier: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}

function formatErrorJson(error: unknown): string {
  const name = error instanceof Error ? error.name : 'Error'
  return JSON.stringify({ error: name, message: messageOf(error) })
}
