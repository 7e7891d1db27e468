import { STATUS_CODES } from 'node:http'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import { AppError } from '../../lib/errors.ts'
import type { Log } from '../../lib/logger.ts'
import { wireErrorOf } from '../errors.ts'

/** A refusal with a status of Hasher-Matcher-Actioner's own choice. */
export class HmaError extends AppError {
  override readonly name = 'HmaError'
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

/** Returns the refusal of a parameter that is missing or of another type: 422. */
export function unprocessable(message: string): HmaError {
  return new HmaError(422, message)
}

/** Answers an error as Hasher-Matcher-Actioner does: `{"message": "..."}`. Our own fault shows nothing but an id. */
export function createHmaErrorResponse(logger: Log): ErrorRequestHandler {
  return (cause: unknown, _request, response, next) => {
    const { status, message, id } = wireErrorOf(cause)
    if (id !== undefined) logger.error({ err: cause, id }, 'http.fault')
    if (response.headersSent) {
      next(cause)
      return
    }
    response.status(cause instanceof HmaError ? cause.status : status).json({ message })
  }
}

/** Answers whatever none of its routes has taken. */
export const hmaNotFound: RequestHandler = (_request, _response, next) => {
  next(new HmaError(404, STATUS_CODES[404]!))
}

/** A value as an error may repeat it: cut to 60 characters, and of an object nothing. */
export function shown(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = String(value)
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
