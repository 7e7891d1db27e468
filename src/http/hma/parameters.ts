/*
 * Parameters as Hasher-Matcher-Actioner takes them, which checks them with pydantic: numbers and truth values also as text, for
 * clients send them so; keys that are not known are left aside. What is wrong is told of all of them at once.
 */
import { shown } from './hma-error.ts'
import { isShallow } from './json.ts'
import { type ParameterProblem, UnprocessableError } from './unprocessable.ts'

/** What is wrong with one value: pydantic's name for it, and its words. */
type Mistake = Pick<ParameterProblem, 'type' | 'msg'>

/** Reads one value; an absent one is undefined. */
export type Reader<T> = (value: unknown) => { readonly value: T } | Mistake

/** Levels and characters of a wrong value that are told again. */
const maxToldLevels = 16
const maxToldLength = 1_000
/** Of the pydantic that an installation of HMA 1.1.7 has. */
const documentation = 'https://errors.pydantic.dev/2.11/v/'

const truths: ReadonlySet<unknown> = new Set([true, 1, '1', 'true', 'yes', 'on', 'y', 't'])
const untruths: ReadonlySet<unknown> = new Set([false, 0, '0', 'false', 'no', 'off', 'n', 'f'])
const numberText = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf(?:inity)?|nan)$/i

/** Returns the parameters that the readers read from what a caller sent. @throws UnprocessableError naming every mistake. */
export function readParameters<Values extends Readonly<Record<string, unknown>>>(
  source: Readonly<Record<string, unknown>>,
  readers: { readonly [Name in keyof Values]: Reader<Values[Name]> },
): Values {
  const problems: ParameterProblem[] = []
  const values: Record<string, unknown> = {}
  for (const [name, read] of Object.entries<Reader<unknown>>(readers)) {
    const given = Object.hasOwn(source, name) ? source[name] : undefined
    const result = read(given)
    if ('value' in result) {
      values[name] = result.value
      continue
    }
    const { type, msg } = result
    const input = told(type === 'missing' ? source : given)
    problems.push({ type, loc: [name], msg, input, url: documentation + type })
  }
  if (problems.length > 0) throw new UnprocessableError(problems)
  return values as Values
}

/** A parameter that has to be there. */
export function required<T>(read: Reader<T>): Reader<T> {
  return (value) => (value === undefined ? { type: 'missing', msg: 'Field required' } : read(value))
}

/** A parameter that may be absent, or null, which are undefined. */
export function optional<T>(read: Reader<T>): Reader<T | undefined> {
  return (value) => (value === undefined || value === null ? { value: undefined } : read(value))
}

/** Text. */
export const asText: Reader<string> = (value) =>
  typeof value === 'string' ? { value } : { type: 'string_type', msg: 'Input should be a valid string' }

/** A truth value: `true`, 1, or a word for it in either case. */
export const asFlag: Reader<boolean> = (value) => {
  const plain = typeof value === 'string' ? value.trim().toLowerCase() : value
  if (truths.has(plain)) return { value: true }
  if (untruths.has(plain)) return { value: false }
  const msg = 'Input should be a valid boolean'
  return typeof value === 'string' || typeof value === 'number'
    ? { type: 'bool_parsing', msg: `${msg}, unable to interpret input` }
    : { type: 'bool_type', msg }
}

/** A number, infinite ones and NaN included, as in Python. */
export const asNumber: Reader<number> = (value) => {
  if (typeof value === 'number' || typeof value === 'boolean') return { value: Number(value) }
  const msg = 'Input should be a valid number'
  if (typeof value !== 'string') return { type: 'float_type', msg }
  const text = value.trim()
  return numberText.test(text)
    ? { value: Number(text.replace(/inf(?:inity)?$/i, 'Infinity')) }
    : { type: 'float_parsing', msg: `${msg}, unable to parse string as a number` }
}

/** A whole number from `min` to `max` inclusive. */
export function asWhole(min: number, max: number): Reader<number> {
  return (value) => {
    const msg = 'Input should be a valid integer'
    const isText = typeof value === 'string' && /^\s*[+-]?\d{1,15}\s*$/.test(value)
    if (typeof value === 'string' && !isText)
      return { type: 'int_parsing', msg: `${msg}, unable to parse string as an integer` }
    const number = typeof value === 'number' || isText ? Number(value) : Number.NaN
    if (!Number.isSafeInteger(number)) return { type: 'int_type', msg }
    if (number < min)
      return { type: 'greater_than_equal', msg: `Input should be greater than or equal to ${min}` }
    if (number > max) return { type: 'less_than_equal', msg: `Input should be less than or equal to ${max}` }
    return { value: number }
  }
}

/** A wrong value as it is told again: itself where it is small, else in a word. */
function told(value: unknown): unknown {
  if (typeof value === 'string') return shown(value)
  return isShallow(value, maxToldLevels) && JSON.stringify(value).length <= maxToldLength
    ? value
    : shown(value)
}
