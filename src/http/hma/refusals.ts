/*
 * How Hasher-Matcher-Actioner refuses: `{"message": "..."}`, or for parameters that are missing or of another type a list of what is
 * wrong with each. Our own fault shows nothing but an id.
 */
import { STATUS_CODES } from 'node:http'
import type { ErrorRequestHandler, RequestHandler } from 'express'
import type { Log } from '../../lib/logger.ts'
import { wireErrorOf } from '../errors.ts'
import { HmaError } from './hma-error.ts'
import { UnprocessableError } from './unprocessable.ts'

/** Returns the error handler of its routes. */
export function createHmaErrorResponse(logger: Log): ErrorRequestHandler {
  return (cause: unknown, _request, response, next) => {
    const { status, message, id } = wireErrorOf(cause)
    if (id !== undefined) logger.error({ err: cause, id }, 'http.fault')
    if (response.headersSent) {
      next(cause)
      return
    }
    const isUnprocessable = cause instanceof UnprocessableError
    response
      .status(cause instanceof HmaError ? cause.status : status)
      .json(isUnprocessable ? cause.problems : { message })
  }
}

/** Answers whatever none of its routes has taken. */
export const hmaNotFound: RequestHandler = (_request, _response, next) => {
  next(new HmaError(404, STATUS_CODES[404]!))
}

/** Returns the handler that answers what is asked of a known path by a method that it has not: 405, or for OPTIONS the methods. */
export function createMethodNotAllowed(methods: readonly string[]): RequestHandler {
  const allow = [...new Set(['OPTIONS', ...methods, ...(methods.includes('GET') ? ['HEAD'] : [])])]
    .sort()
    .join(', ')
  return (request, response, next) => {
    response.set('allow', allow)
    if (request.method === 'OPTIONS') response.status(200).end()
    else next(new HmaError(405, STATUS_CODES[405]!))
  }
}
