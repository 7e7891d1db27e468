import { hash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { AppError } from '../../lib/errors.ts'

/** Tells whether an `Authorization` header is the right one, in a time that does not depend on how much of it is. */
export type IsCredential = (authorization: string | undefined) => boolean

/** Returns the check for HTTP Basic. */
export function isBasic(user: string, password: string): IsCredential {
  const expected = Buffer.from(`${user}:${password}`).toString('base64')
  return (authorization) => isSame(partOf(authorization, 'basic'), expected)
}

/** Returns the check for a bearer token. */
export function isBearer(token: string): IsCredential {
  return (authorization) => isSame(partOf(authorization, 'bearer'), token)
}

/** Returns middleware that refuses everybody else, before any of the body is read. */
export function requireCredential(isCredential: IsCredential, scheme: 'Basic' | 'Bearer'): RequestHandler {
  return (request, response, next) => {
    if (isCredential(request.headers.authorization)) {
      next()
      return
    }
    response.set('www-authenticate', `${scheme} realm="harrier"`)
    next(
      new AppError('unauthenticated', `Expected the right ${scheme} credential but received none or another`),
    )
  }
}

function partOf(authorization: string | undefined, scheme: string): string {
  const [name = '', ...rest] = (authorization ?? '').split(' ')
  return name.toLowerCase() === scheme ? rest.join(' ').trim() : ''
}

/** Digests have one length, which `timingSafeEqual` asks for, and hide that of the secret. */
function isSame(received: string, expected: string): boolean {
  return timingSafeEqual(hash('sha256', received, 'buffer'), hash('sha256', expected, 'buffer'))
}
