import { AppError } from '../lib/errors.ts'

/**
 * Returns the seq that a `cursor` parameter names, or undefined for a missing one.
 * @throws {AppError} `invalid` for anything but decimal digits that make a safe integer: a cursor that is guessed at
 * would silently skip or repeat labels.
 */
export function parseCursor(text: string | null | undefined): number | undefined {
  if (text === null || text === undefined) return undefined
  const seq = Number(text)
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(seq)) return seq
  throw new AppError(
    'invalid',
    `Expected a whole number, 0 or more, for cursor but received ${JSON.stringify(text.slice(0, 32))}`,
  )
}
