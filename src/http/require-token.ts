import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { AppError } from '../lib/errors.ts'

/** What probes ask, which can carry no credential. */
const openPaths: ReadonlySet<string> = new Set(['/xrpc/_health', '/status', '/status/live'])

/** Returns middleware that lets only those pass who know the token, as `Authorization: Bearer ...`. */
export function requireToken(token: string): RequestHandler {
  const wanted = digestOf(token)
  return (request, response, next) => {
    const [, given = ''] = /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    if (openPaths.has(request.path) || timingSafeEqual(digestOf(given), wanted)) {
      next()
      return
    }
    response.set('www-authenticate', 'Bearer')
    next(new AppError('unauthenticated', 'Expected the token of the operator as Authorization: Bearer …'))
  }
}

/** Digests are of one length, and take the same time to compare whatever was guessed. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
