import { AppError } from '../../lib/errors.ts'

/** A refusal with a status of Hasher-Matcher-Actioner's own choice. */
export class HmaError extends AppError {
  override readonly name: string = 'HmaError'
  readonly status: number
  constructor(status: number, message: string) {
    super('invalid', message)
    this.status = status
  }
}

/** Returns the refusal of a request that is not well-formed: 400. */
export function badRequest(message: string): HmaError {
  return new HmaError(400, message)
}

/** A value as an error may repeat it: cut to 60 characters, and of an object nothing. */
export function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = String(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
