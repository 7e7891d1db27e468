import type { ErrorRequestHandler, RequestHandler } from 'express'
import { AppError } from '../lib/errors.ts'
import type { Log } from '../lib/logger.ts'
import { RateLimitExceededError } from '../lib/rate-limit.ts'
import { wireErrorOf } from './errors.ts'
import { setRateLimitHeaders } from './rate-limit-headers.ts'

/** Returns the last error handler of a listener: it answers with an XRPC error body, and logs what is our own fault. */
export function createErrorResponse(logger: Log): ErrorRequestHandler {
  return (cause: unknown, _request, response, next) => {
    const { status, error, message, id } = wireErrorOf(cause)
    if (id !== undefined) logger.error({ err: cause, id }, 'http.fault')
    if (response.headersSent) {
      // Half an answer is out: express's own handler cuts the connection, so that it cannot pass for a whole one.
      next(cause)
      return
    }
    response.status(status)
    if (cause instanceof RateLimitExceededError) setRateLimitHeaders(response, cause.status)
    response.json({ error, message })
  }
}

/** Answers whatever no route has taken. */
export const notFound: RequestHandler = (_request, _response, next) => {
  next(new AppError('not-found', 'Expected a path that is served here but received another'))
}
