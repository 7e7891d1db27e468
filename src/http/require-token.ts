import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { AppError } from '../lib/errors.ts'

/** What probes ask, which can carry no credential. */
const openPaths: ReadonlySet<string> = new Set(['/xrpc/_health', '/status', '/status/live'])

/**
 * Returns middleware that lets only those pass who know the token, as `Authorization: Bearer ...`, or as the password of basic
 * authentication, which is how a browser can give it; the name that goes with it is of no account.
 */
export function requireToken(token: string): RequestHandler {
  const wanted = digestOf(token)
  return (request, response, next) => {
    const given = tokenOf(request.headers.authorization ?? '')
    if (openPaths.has(request.path) || timingSafeEqual(digestOf(given), wanted)) {
      next()
      return
    }
    response.set('www-authenticate', ['Bearer', 'Basic realm="Harrier operator", charset="UTF-8"'])
    next(new AppError('unauthenticated', 'Expected the token of the operator as Authorization: Bearer …'))
  }
}

function tokenOf(authorization: string): string {
  const [, scheme = '', given = ''] = /^(bearer|basic) +(\S+)$/i.exec(authorization) ?? []
  if (scheme.toLowerCase() !== 'basic') return given
  const pair = Buffer.from(given, 'base64').toString('utf8')
  return pair.includes(':') ? pair.slice(pair.indexOf(':') + 1) : ''
}

/** Digests are of one length, and take the same time to compare whatever was guessed. */
function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
