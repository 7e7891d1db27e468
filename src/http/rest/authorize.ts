import type { Request, Response } from 'express'
import { AppError } from '../../lib/errors.ts'
import { loopbackCallerId } from '../../model/api-action.ts'
import { type ApiKey, type ApiScope, apiScopes } from '../../model/api-key.ts'
import { setRateLimitHeaders } from '../rate-limit-headers.ts'
import { RestError } from './problem.ts'
import type { RestOptions, RestServices } from './rest-services.ts'

/** Who calls from this machine without a key, where that is allowed. */
const loopbackCaller: ApiKey = {
  id: loopbackCallerId,
  name: 'loopback',
  scopes: apiScopes,
  requestsPerMinute: Number.MAX_SAFE_INTEGER,
  createdAt: '1970-01-01T00:00:00.000Z',
  lastUsedAt: undefined,
  revokedAt: undefined,
}

/** Headers by which a proxy says that it speaks for somebody else. */
const forwarded = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'] as const

/**
 * Returns the caller's key, when it is good for the scope; the answer gets the headers that say where it stands.
 * @throws {AppError} `unauthenticated`; {RestError} 403; {RateLimitExceededError}.
 */
export async function authorize(
  request: Request,
  response: Response,
  scope: ApiScope,
  services: Pick<RestServices, 'authorize'>,
  { isLoopbackOpen }: Pick<RestOptions, 'isLoopbackOpen'>,
): Promise<ApiKey> {
  const key = await identify(request, response, services, { isLoopbackOpen })
  if (key.scopes.includes(scope)) return key
  throw new RestError(403, 'MissingScope', `Expected a key with the scope ${scope}`)
}

/**
 * Returns the caller's key, whatever it is good for; the answer gets the headers that say where it stands.
 * @throws {AppError} `unauthenticated`; {RateLimitExceededError}.
 */
export async function identify(
  request: Request,
  response: Response,
  services: Pick<RestServices, 'authorize'>,
  { isLoopbackOpen }: Pick<RestOptions, 'isLoopbackOpen'>,
): Promise<ApiKey> {
  const { authorization } = request.headers
  if (authorization === undefined && isLoopbackOpen && isFromLoopback(request)) return loopbackCaller
  const { key, limit } = await services.authorize(secretOf(authorization))
  setRateLimitHeaders(response, limit)
  return key
}

/** As a bearer token; or as the password of basic authentication, which clients can take from a `.netrc` file. */
function secretOf(authorization: string | undefined): string {
  const [, scheme, value] = /^(bearer|basic) +(\S{1,500})$/i.exec(authorization ?? '') ?? []
  if (scheme === undefined || value === undefined) {
    throw new AppError('unauthenticated', 'Expected an API key: Authorization: Bearer KEY')
  }
  if (scheme.toLowerCase() === 'bearer') return value
  const pair = Buffer.from(value, 'base64').toString('utf8')
  return pair.slice(pair.indexOf(':') + 1)
}

function isFromLoopback({ socket, headers }: Request): boolean {
  const address = socket.remoteAddress ?? ''
  const isLocal = address === '::1' || /^(?:::ffff:)?127\./.test(address)
  return isLocal && forwarded.every((name) => headers[name] === undefined)
}
