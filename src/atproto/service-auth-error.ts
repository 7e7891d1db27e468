import { AppError } from '../lib/errors.ts'

/** Why a token is refused, by the XRPC error names of the network's servers, and of ours where they check nothing. */
export const serviceAuthReasons = [
  'MissingJwt',
  'BadJwt',
  'BadJwtType',
  'JwtExpired',
  'BadJwtLifetime',
  'BadJwtAudience',
  'BadJwtLexiconMethod',
  'BadJwtIss',
  'BadJwtSignature',
  'JwtReused',
] as const

/** One member of `serviceAuthReasons`. */
export type ServiceAuthReason = (typeof serviceAuthReasons)[number]

/** A token between services that is not good for this call. */
export class ServiceAuthError extends AppError {
  override readonly name = 'ServiceAuthError'
  readonly reason: ServiceAuthReason
  constructor(reason: ServiceAuthReason, message: string, cause?: unknown) {
    super('unauthenticated', message, { cause })
    this.reason = reason
  }
}
