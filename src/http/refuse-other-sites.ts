import type { RequestHandler } from 'express'
import { AppError } from '../lib/errors.ts'

/**
 * Refuses what a page of another site makes a browser send here: the operator's browser reaches this listener, and without a
 * token nothing else would tell such a request from the operator's own. Reading is left to the browser's own rules.
 */
export const refuseOtherSites: RequestHandler = (request, _response, next) => {
  const { method, headers } = request
  if (method === 'GET' || method === 'HEAD' || headers.origin === undefined) {
    next()
    return
  }
  if (URL.parse(headers.origin)?.host === headers.host) {
    next()
    return
  }
  next(new AppError('forbidden', 'Expected a request of this site but received one of another'))
}
