import { AppError } from '../lib/errors.ts'
import type { ExchangeField, ExchangeValues } from '../model/exchange.ts'

/** Characters of a text, and members of a set. */
const maxText = 2_000
const maxMembers = 10_000
/** Fields that every exchange has, which some clients send along. */
const commonFields: ReadonlySet<string> = new Set(['name', 'api', 'enabled'])

/**
 * Returns the values of fields, with the default of each that is not given; numbers may come as text.
 * @throws AppError `invalid` that names the field, and never shows a value: it may be a password.
 */
export function readValues(fields: readonly ExchangeField[], given: ExchangeValues): ExchangeValues {
  const foreign = Object.keys(given).find(
    (key) => !commonFields.has(key) && !fields.some(({ name }) => name === key),
  )
  if (foreign !== undefined)
    throw new AppError('invalid', `Expected ${namesOf(fields)} but received ${foreign.slice(0, 60)}`)
  return Object.fromEntries(fields.map((field) => [field.name, readValue(field, given)]))
}

function readValue(field: ExchangeField, given: ExchangeValues): unknown {
  const value = Object.hasOwn(given, field.name) ? given[field.name] : undefined
  if (value === undefined || value === null) {
    if (!field.required) return field.default
    throw new AppError('invalid', `${field.name} is required`)
  }
  const read = readers[field.type](value, field)
  if (read !== undefined) return read
  throw new AppError('invalid', `Expected ${wordsFor(field)} for ${field.name} but received something else`)
}

const readers: Readonly<Record<ExchangeField['type'], (value: unknown, field: ExchangeField) => unknown>> = {
  string: (value) =>
    typeof value === 'string' && value !== '' && value.length <= maxText ? value : undefined,
  number: asWholeNumber,
  enum: (value, { choices }) => choices?.find((choice) => choice === value),
  set_of_number(value) {
    if (!Array.isArray(value) || value.length > maxMembers) return undefined
    const numbers = value.map(asWholeNumber)
    return numbers.includes(undefined) ? undefined : [...new Set(numbers)]
  },
}

function asWholeNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : undefined
}

function wordsFor({ type, choices }: ExchangeField): string {
  const words = {
    string: `text of at most ${maxText} characters`,
    number: 'a whole number',
    enum: `one of ${choices?.join(', ')}`,
    set_of_number: 'a list of whole numbers',
  }
  return words[type]
}

function namesOf(fields: readonly ExchangeField[]): string {
  return fields.length === 0
    ? 'no field'
    : `no other fields than ${fields.map(({ name }) => name).join(', ')}`
}
