/**
 * Who calls: tokens that one service signs for a call to another (`Authorization: Bearer`, made by an account's PDS).
 *
 * Owns: everything that makes such a token good for one call. Leaves to others: what the caller may do, and how often.
 * Invariants: a token is good once, for this labeler, for the method that it names, for minutes, and only with the
 * signature of the key that the issuer's DID document has now; nothing of a token is believed before that.
 *
 * The library's `verifyJwt` checks the form, the type, the method, the issuer's form and the signature, with one look at
 * a fresh document when that fails. What it leaves out is here: both forms of `aud`, the clock and its skew, the longest
 * life, replays, and which key an issuer with a service fragment signs with. `service-token.ts` takes tokens apart.
 */
import type { DidDocument } from '@atproto/identity'
import { cryptoVerifySignatureWithKey, verifyJwt, XRPCError } from '@atproto/xrpc-server'
import { createDeadline } from '../lib/deadline.ts'
import { AppError } from '../lib/errors.ts'
import { RefusedAddressError, TooManyRedirectsError } from '../lib/safe-fetch.ts'
import { type Did, parseDid } from '../model/ids.ts'
import type { IdentityResolver } from './identity.ts'
import { accountKeyOf, type LabelKey, labelKeyOf } from './label-key.ts'
import { ServiceAuthError, type ServiceAuthReason, serviceAuthReasons } from './service-auth-error.ts'
import { parseServiceToken, type ServiceToken, type TokenClaims } from './service-token.ts'

/** Remembers tokens that were used, each at least until its time is up. Times are epoch milliseconds. */
interface UsedTokens {
  isUsed(digest: string, now: number): Promise<boolean>
  /** Resolves to false, having changed nothing, when it was used before. */
  use(digest: string, until: number, now: number): Promise<boolean>
}

/** What checking tokens needs. */
export type ServiceAuthDeps = {
  /** Who we are: tokens for anybody else are refused. */
  readonly did: Did
  readonly identity: Pick<IdentityResolver, 'resolveDoc' | 'refreshDoc'>
  readonly usedTokens: UsedTokens
  /** Asked about each caller whose token is good, before the token is used up; throws to refuse the call. */
  readonly admit: (did: Did) => void
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** What tokens may be like. Milliseconds. */
export type ServiceAuthOptions = {
  /** The longest from a token's making to its end. */
  readonly maxLifeMs: number
  /** How far the clocks of other services may be off ours, either way. */
  readonly maxSkewMs: number
  /** The longest that finding a key may take. */
  readonly timeoutMs: number
  /**
   * Checks that run at once, of accounts that the PLC directory knows and of all others apart: those name a host of
   * anybody's making, which can take its time. One more is refused.
   */
  readonly maxAtOnce: number
}

/** What tokens may be like, for every method that takes them. */
export const serviceAuthLimits: ServiceAuthOptions = {
  maxLifeMs: 300_000,
  maxSkewMs: 30_000,
  timeoutMs: 10_000,
  maxAtOnce: 64,
}

/**
 * Returns the account that calls the method `lxm`, by the call's `Authorization` header.
 * @throws {ServiceAuthError} when the token is not good; `AppError` that may be retried when a directory is unwell, or
 * when there are too many calls; whatever `admit` throws.
 */
export type VerifyCaller = (authorization: string | undefined, lxm: string) => Promise<Did>

/** The issuers that may call, by the fragment of `iss`: an account, and a labeler, which signs with the key of its labels. */
const keyOfService: ReadonlyMap<string, (doc: DidDocument) => LabelKey> = new Map([
  ['', accountKeyOf],
  ['atproto_labeler', labelKeyOf],
])

/** Returns the check of tokens. */
export function createVerifyCaller(deps: ServiceAuthDeps, options: ServiceAuthOptions): VerifyCaller {
  const running = { plc: 0, other: 0 }

  return async (authorization, lxm) => {
    const token = parseServiceToken(authorization)
    const now = deps.now()
    checkTimes(token.claims, now, options)
    checkAudience(token.claims, deps.did)
    const { did } = issuerOf(token.claims.iss)
    const method = did.startsWith('did:plc:') ? 'plc' : 'other'
    if (running[method] >= options.maxAtOnce)
      throw new AppError('unavailable', 'Expected fewer calls at once; try again')
    running[method]++
    try {
      await verifySignature(deps, token, lxm, createDeadline(options.timeoutMs))
      if (await deps.usedTokens.isUsed(token.digest, now)) throw reused()
      deps.admit(did)
      const until = token.claims.exp * 1000 + options.maxSkewMs
      if (!(await deps.usedTokens.use(token.digest, until, now))) throw reused()
      return did
    } finally {
      running[method]--
    }
  }
}

function checkTimes({ iat, exp }: TokenClaims, now: number, options: ServiceAuthOptions): void {
  const { maxLifeMs, maxSkewMs } = options
  if (exp * 1000 + maxSkewMs <= now) throw new ServiceAuthError('JwtExpired', 'Expected a token in its time')
  const latest = now + maxSkewMs
  const isTooLong = exp * 1000 > latest + maxLifeMs || (iat !== undefined && (exp - iat) * 1000 > maxLifeMs)
  if (isTooLong)
    throw new ServiceAuthError('BadJwtLifetime', `Expected a token of at most ${maxLifeMs / 1000} s`)
  if (iat !== undefined && iat * 1000 > latest)
    throw new ServiceAuthError('BadJwtLifetime', 'Expected a token that is not made in the future')
}

/** The network is on its way from the bare DID to the DID with the service's fragment: both are in use. */
function checkAudience({ aud }: TokenClaims, did: Did): void {
  if (aud === did || aud === `${did}#atproto_labeler`) return
  throw new ServiceAuthError('BadJwtAudience', `Expected a token for ${did}`)
}

async function verifySignature(
  { identity }: ServiceAuthDeps,
  token: ServiceToken,
  lxm: string,
  signal: AbortSignal,
): Promise<void> {
  const signed = Buffer.from(token.signed)
  const findKey = async (iss: string, isFresh: boolean): Promise<string> => {
    const { did, keyOf } = issuerOf(iss)
    const doc = await docOf(isFresh ? identity.refreshDoc(did, signal) : identity.resolveDoc(did, signal))
    const key = doc && keyOf(doc)
    if (key?.kind !== 'found') throw badIssuer('somebody whose document has the key')
    return key.didKey
  }
  // A key of another kind than the token names is no error yet: the account may have changed it.
  const verify: typeof cryptoVerifySignatureWithKey = (key, _message, signature, alg) =>
    cryptoVerifySignatureWithKey(key, signed, signature, alg).catch(() => false)
  try {
    await verifyJwt(token.withoutEnd, null, lxm, findKey, verify)
  } catch (error) {
    if (signal.aborted)
      throw new AppError('timeout', 'Expected the key of the caller in time', { cause: error })
    throw translateRefusal(error)
  }
}

function issuerOf(iss: string): {
  readonly did: Did
  readonly keyOf: (doc: DidDocument) => LabelKey
} {
  const [text = '', service = ''] = iss.split('#', 2)
  const did = parseDid(text)
  const keyOf = keyOfService.get(service)
  if (did && keyOf) return { did, keyOf }
  throw badIssuer('an account, or a labeler as #atproto_labeler,')
}

/** An account that hides behind an address where we do not go is one that cannot be known. */
async function docOf(resolving: Promise<DidDocument | undefined>): Promise<DidDocument | undefined> {
  try {
    return await resolving
  } catch (error) {
    if (error instanceof RefusedAddressError || error instanceof TooManyRedirectsError) return undefined
    throw error
  }
}

function translateRefusal(error: unknown): unknown {
  if (!(error instanceof XRPCError)) return error
  const reason = serviceAuthReasons.find((name): name is ServiceAuthReason => name === error.error)
  return new ServiceAuthError(reason ?? 'BadJwt', error.message, error)
}

function badIssuer(expected: string): ServiceAuthError {
  return new ServiceAuthError('BadJwtIss', `Expected ${expected} for iss but received another`)
}

function reused(): ServiceAuthError {
  return new ServiceAuthError('JwtReused', 'Expected a token that was not used before')
}
