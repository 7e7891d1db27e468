import type { Arguments } from './arguments.ts'
import type { Terminal } from './terminal.ts'

/** How a command can end, each with a sentence for people. */
export const exitCodes = {
  0: 'done',
  1: 'failed: something could not be read, reached or stored; standard error says what',
  2: 'wrong usage: an unknown command or option, or an argument that is missing or malformed',
  3: 'done, and nothing was found',
} as const

/** One key of `exitCodes`. */
export type ExitCode = keyof typeof exitCodes

/** One option of a command. */
export type Option = {
  readonly type: 'string' | 'boolean'
  /** What stands for the value in help, such as `N`; only for strings. */
  readonly value?: string
  /** The default as help shows it; the command itself applies it. */
  readonly defaultText?: string
  readonly help: string
}

/** One command: what help says of it, and what it does. */
export type Command = {
  /** One word, or two for a member of a group: `bank add`. */
  readonly name: string
  /** One line, without a full stop. */
  readonly summary: string
  /** What follows the name, in the usual notation, without options. */
  readonly parameters: string
  /** Each parameter with what it is. */
  readonly arguments?: Readonly<Record<string, string>>
  /** The least and the most positional arguments. */
  readonly arity: readonly [least: number, most: number]
  readonly options: Readonly<Record<string, Option>>
  /** Paragraphs that help shows before the examples. */
  readonly notes?: readonly string[]
  /** What follows `harrier`, one line each. */
  readonly examples: readonly string[]
  /** What each exit code means here, where that says more than `exitCodes`. */
  readonly exits?: Readonly<Partial<Record<ExitCode, string>>>
  run(args: Arguments, terminal: Terminal): Promise<ExitCode>
}

/** The option of commands that say what they would do. */
export const dryRunOption: { readonly 'dry-run': Option } = {
  'dry-run': { type: 'boolean', help: 'say what would happen, and change nothing' },
}

/** The option that answers in advance what a person would be asked at a terminal. */
export const yesOption: { readonly yes: Option } = {
  yes: { type: 'boolean', help: 'do it without asking; needed where nobody is at a terminal' },
}

/** The option that every command with a result has. */
export const jsonOption: { readonly json: Option } = {
  json: { type: 'boolean', help: 'print JSON, one object per line, for machines' },
}
