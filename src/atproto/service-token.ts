import { createHash } from 'node:crypto'
import { z } from 'zod'
import { ServiceAuthError } from './service-auth-error.ts'

/** What a token claims; nothing here is true before its signature has been checked. */
export type TokenClaims = {
  readonly iss: string
  readonly aud: string
  /** Seconds since the epoch. */
  readonly exp: number
  readonly iat?: number | undefined
  readonly lxm?: string | undefined
  readonly jti?: string | undefined
}

/** A token taken apart. */
export type ServiceToken = {
  readonly claims: TokenClaims
  /** The header and the payload as they were signed, a full stop between them. */
  readonly signed: string
  /**
   * The same token as it would read if it never ended: `verifyJwt` compares `exp` with the machine's clock and allows no
   * skew, so the time is ours to check. Only good with a check of the signature over `signed`.
   */
  readonly withoutEnd: string
  /** The same for every copy of the token, whatever form its signature has: 64 lower-case hex digits. */
  readonly digest: string
}

/** The most characters of a token; real ones have about 400. */
const maxTokenChars = 4096

const claimsOf = z.object({
  iss: z.string(),
  aud: z.string(),
  exp: z.number().nonnegative().max(Number.MAX_SAFE_INTEGER),
  iat: z.number().nonnegative().max(Number.MAX_SAFE_INTEGER).optional(),
  lxm: z.string().optional(),
  jti: z.string().optional(),
})

/**
 * Returns the token of an `Authorization: Bearer …` header, taken apart.
 * @throws {ServiceAuthError} `MissingJwt` or `BadJwt`.
 */
export function parseServiceToken(authorization: string | undefined): ServiceToken {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) throw new ServiceAuthError('MissingJwt', 'Expected a bearer token')
  const [header = '', payload = '', signature = '', ...more] = token.split('.')
  if (token.length > maxTokenChars || more.length > 0) throw badToken()
  const isHeader = isRecord(parseJson(header))
  const fields = parseJson(payload)
  const claims = claimsOf.safeParse(fields)
  if (!isHeader || !isRecord(fields) || !claims.success) throw badToken()
  const endless = Buffer.from(JSON.stringify({ ...fields, exp: Number.MAX_SAFE_INTEGER }))
  const { iss, jti } = claims.data
  return {
    claims: claims.data,
    signed: `${header}.${payload}`,
    withoutEnd: `${header}.${endless.toString('base64url')}.${signature}`,
    digest: createHash('sha256')
      .update(jti === undefined ? `${header}.${payload}` : `${iss} ${jti}`)
      .digest('hex'),
  }
}

function parseJson(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
  } catch {
    throw badToken()
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function badToken(): ServiceAuthError {
  return new ServiceAuthError('BadJwt', 'Expected a token of three parts with iss, aud and exp')
}
