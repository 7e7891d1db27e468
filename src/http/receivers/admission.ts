import type { RequestHandler } from 'express'
import { AppError } from '../../lib/errors.ts'

/** Returns middleware that lets so many requests in at once, for each may hold a whole picture; one more is told to come again. */
export function createAdmission(atOnce: number): RequestHandler {
  let inside = 0
  return (_request, response, next) => {
    if (inside >= atOnce) {
      response.set('retry-after', '1')
      next(new AppError('unavailable', `Expected at most ${atOnce} pictures at once but received one more`))
      return
    }
    inside++
    response.once('close', () => {
      inside--
    })
    next()
  }
}
