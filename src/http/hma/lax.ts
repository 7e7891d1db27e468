/*
 * Values as Hasher-Matcher-Actioner takes them: numbers and truth values also as text. Clients send them so.
 */
import { badRequest, unprocessable } from './hma-error.ts'

const truths: ReadonlySet<unknown> = new Set([true, 1, '1', 'true', 'yes', 'on', 'y', 't'])
const untruths: ReadonlySet<unknown> = new Set([false, 0, '0', 'false', 'no', 'off', 'n', 'f'])

/** Returns a truth value; undefined where there is none. @throws HmaError 422 */
export function parseFlag(name: string, value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined
  const plain = typeof value === 'string' ? value.trim().toLowerCase() : value
  if (truths.has(plain)) return true
  if (untruths.has(plain)) return false
  throw unprocessable(`Expected true or false for ${name} but received something else`)
}

/** Returns a share from 0 to 1; undefined where there is none. @throws HmaError 422 for what is no number, 400 beyond. */
export function parseRatio(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined
  const isText = typeof value === 'string' && /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(value)
  const number = typeof value === 'number' || isText ? Number(value) : Number.NaN
  if (Number.isNaN(number)) throw unprocessable(`Expected a number for ${name} but received something else`)
  if (number < 0 || number > 1) throw badRequest(`Expected 0 to 1 for ${name} but received ${number}`)
  return number
}

/** Returns a whole number from `min` to `max`, or the fallback where there is none. @throws HmaError 422 */
export function parseWhole(
  name: string,
  value: unknown,
  { min, max, fallback }: { readonly min: number; readonly max: number; readonly fallback: number },
): number {
  if (value === undefined) return fallback
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
  if (number >= min && number <= max) return number
  throw unprocessable(`Expected a whole number from ${min} to ${max} for ${name} but received something else`)
}

/** True for an object of JSON that is no list. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True for JSON with at most so many objects and lists in one another; whatever is deeper cannot be written again. */
export function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true
  return levels > 0 && Object.values(value).every((inner) => isShallow(inner, levels - 1))
}
