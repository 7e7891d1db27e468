import type { Command, ExitCode, Option } from './command.ts'
import { exitCodes } from './command.ts'
import { formatTable } from './terminal.ts'

const program = 'npm run -s harrier --'

/** Returns the page that `--help` shows for a command. */
export function formatCommandHelp(command: Command): string {
  const options = [...Object.entries(command.options).map(optionRow), ['-h, --help', 'show this page']]
  return [
    `harrier ${command.name}: ${command.summary}`,
    section('Usage', [
      `harrier ${[command.name, command.parameters, '[options]'].filter(Boolean).join(' ')}`,
    ]),
    section('Arguments', formatTable(Object.entries(command.arguments ?? {}))),
    section('Options', formatTable(options)),
    ...(command.notes ?? []),
    section(
      'Examples',
      command.examples.map((example) => `${program} ${example}`),
    ),
    section('Exit codes', exitLines(command.exits)),
  ]
    .filter(Boolean)
    .join('\n\n')
}

/** Returns the page that `harrier --help` shows: every command with its summary. */
export function formatOverview(commands: readonly Command[]): string {
  return [
    'harrier: finds known images on the AT Protocol network and labels them',
    section('Usage', [
      'harrier <command> [arguments] [options]',
      `${program} <command> … (with the Node that it needs)`,
    ]),
    section('Commands', commandLines(commands)),
    section(
      'Options',
      formatTable([
        ['-h, --help', 'show this page, or a command’s'],
        ['--version', 'show the version'],
      ]),
    ),
    'Commands read the same settings as the service: HARRIER_… in the environment or in .env. They may run beside it,\n' +
      'on the same data folder; the service takes up what they change.',
    section('Exit codes', exitLines({})),
    '"harrier <command> --help" explains a command.',
  ].join('\n\n')
}

/** Returns the page of a group such as `bank`. */
export function formatGroupHelp(group: string, commands: readonly Command[]): string {
  return [
    section('Usage', [`harrier ${group} <command> [arguments] [options]`]),
    section('Commands', commandLines(commands)),
    `"harrier ${group} <command> --help" explains a command.`,
  ].join('\n\n')
}

function commandLines(commands: readonly Command[]): string[] {
  return formatTable(
    commands.map(({ name, parameters, summary }) => [`${name} ${parameters}`.trim(), summary]),
  )
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n')
}

function optionRow([name, { value, defaultText, help }]: [string, Option]): [string, string] {
  const shownDefault = defaultText === undefined ? '' : ` (default: ${defaultText})`
  return [value === undefined ? `--${name}` : `--${name} ${value}`, help + shownDefault]
}

/** Every command can do, fail and be used wrongly; only some can find nothing. */
function exitLines(exits: Command['exits'] = {}): string[] {
  const isOverview = Object.keys(exits).length === 0
  const codes = ([0, 1, 2, 3] as const).filter(
    (code) => code !== 3 || isOverview || exits[code] !== undefined,
  )
  return codes.map((code: ExitCode) => `${code}  ${exits[code] ?? exitCodes[code]}`)
}
