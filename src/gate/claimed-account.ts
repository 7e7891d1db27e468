import { type Did, parseDid } from '../model/ids.ts'

/**
 * Returns the account that an `Authorization` header says it is for: the `sub` of an access token, with DPoP or without, or
 * the `iss` of a token between services. Nothing is verified here: the PDS does that before it takes the upload. Undefined
 * where the token is opaque or there is none.
 */
export function claimedAccount(authorization: string | undefined): Did | undefined {
  const payload = /^(?:Bearer|DPoP) +[\w-]+\.([\w-]+)\.[\w-]*$/i.exec(authorization ?? '')?.[1]
  if (payload === undefined) return undefined
  try {
    const claims = Object(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))) as {
      readonly sub?: unknown
      readonly iss?: unknown
    }
    return parseDid(claims.sub) ?? parseDid(String(claims.iss).split('#', 1)[0])
  } catch {
    // A token of another form names nobody.
    return undefined
  }
}
