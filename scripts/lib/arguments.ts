import { parseArgs } from 'node:util'
import { closestOf } from '../../src/lib/closest.ts'
import { AppError } from '../../src/lib/errors.ts'
import type { Command, Option } from './command.ts'

/** The command line is not one that the command has. */
export class UsageError extends AppError {
  override readonly name = 'UsageError'
  constructor(message: string) {
    super('invalid', message)
  }
}

/** What a person typed after the command's name. */
export type Arguments = {
  readonly positionals: readonly string[]
  readonly options: Readonly<Record<string, string | boolean | undefined>>
}

const helpOption = { help: { type: 'boolean', short: 'h' } } as const

/**
 * Returns the arguments, read as the command declares them; with `--help` among them they are not judged further.
 * @throws {UsageError} for an unknown option (naming the nearest), a missing value, too few or too many arguments.
 */
export function parseArguments(command: Command, argv: readonly string[]): Arguments {
  const { values, positionals } = parseStrictly(command, argv)
  const options = values as Arguments['options']
  if (options['help'] === true) return { positionals, options }
  const [least, most] = command.arity
  if (positionals.length < least) {
    throw new UsageError(
      `Expected ${command.parameters} for ${command.name} but received ${countOf(positionals)}`,
    )
  }
  if (positionals.length > most) {
    const extra = positionals.slice(most).map((text) => JSON.stringify(text))
    throw new UsageError(`Expected ${expected(command)} but received also ${extra.join(' ')}`)
  }
  return { positionals, options }
}

/** Returns the text of an option, or undefined when it was not given. */
export function textOption({ options }: Arguments, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' ? value : undefined
}

/** Tells whether the option was given. */
export function hasOption({ options }: Arguments, name: string): boolean {
  return options[name] === true
}

/**
 * Returns the whole number of an option, or undefined when it was not given.
 * @throws {UsageError} when it is no whole number from `min` to `max` inclusive.
 */
export function integerOption(args: Arguments, name: string, min: number, max: number): number | undefined {
  const text = textOption(args, name)
  if (text === undefined) return undefined
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new UsageError(
    `Expected a whole number from ${min} to ${max} for --${name} but received ${JSON.stringify(text)}`,
  )
}

/** Returns the number, as lists show it, that a parameter names. @throws {UsageError} when it is none. */
export function parseId(text: string, parameter: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new UsageError(`Expected a number for ${parameter} but received ${JSON.stringify(text)}`)
}

/**
 * Returns the option's value among the words it may have, or undefined when it was not given.
 * @throws {UsageError} when it is none of them.
 */
export function wordOption<T extends string>(
  args: Arguments,
  name: string,
  words: readonly T[],
): T | undefined {
  const text = textOption(args, name)
  if (text === undefined) return undefined
  const word = words.find((candidate) => candidate === text)
  if (word !== undefined) return word
  throw new UsageError(
    `Expected one of ${words.join(', ')} for --${name} but received ${JSON.stringify(text)}`,
  )
}

function parseStrictly(command: Command, argv: readonly string[]) {
  const options = { ...Object.fromEntries(Object.entries(command.options).map(parserOption)), ...helpOption }
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    throw usageErrorOf(error, Object.keys(options))
  }
}

/** The parser's own messages are good, apart from one that does not say what exists. */
function usageErrorOf(error: unknown, known: readonly string[]): unknown {
  const { code, message } = error as { readonly code?: string; readonly message: string }
  if (!code?.startsWith('ERR_PARSE_ARGS')) return error
  const unknown = /^Unknown option '(--?[^']+)'/.exec(message)?.[1]
  if (unknown === undefined) return new UsageError(message.replace(/\.$/, ''))
  const nearest = closestOf(unknown.replace(/^--?/, ''), known)
  return new UsageError(`No such option: ${unknown}; did you mean --${nearest}?`)
}

function parserOption([name, { type }]: [string, Option]) {
  return [name, { type }] as const
}

function countOf(positionals: readonly string[]): string {
  return positionals.length === 0 ? 'nothing' : positionals.map((text) => JSON.stringify(text)).join(' ')
}

function expected({ name, parameters }: Command): string {
  return parameters === '' ? `no arguments for ${name}` : `${parameters} for ${name}`
}
