import type { RateLimitStatus } from '../../../lib/rate-limit.ts'
import type { ApiScope } from '../../../model/api-key.ts'
import type { CallerScan, CallerSearch, ScannedForCaller } from '../../../model/caller-scan.ts'
import type { Cid, Did } from '../../../model/ids.ts'
import type { CuratorServices } from '../../curator-services.ts'
import type { RestOptions, RestServices } from '../../rest/rest-services.ts'

/** All that Harrier's own XRPC methods ask of the rest of Harrier, beside what the REST API asks, in model words. */
export interface HarrierServices {
  /**
   * Returns who calls the method `lxm` by a token between services, what it may do, and where it stands.
   * @throws {ServiceAuthError} when the token is not good; an `AppError` `forbidden` for who may not call; {RateLimitExceededError}.
   */
  verifyService(
    authorization: string | undefined,
    lxm: string,
  ): Promise<{ readonly did: Did; readonly scopes: readonly ApiScope[]; readonly limit: RateLimitStatus }>
  /** Hashes and matches bytes. @throws an `AppError` that may be retried, or the signal's reason. */
  scanSent(bytes: Uint8Array, search: CallerSearch, signal: AbortSignal): Promise<ScannedForCaller>
  /** Hashes and matches a blob of an account. @throws an `AppError` that may be retried, or the signal's reason. */
  scanBlob(
    place: { readonly did: Did; readonly cid: Cid },
    search: CallerSearch,
    signal: AbortSignal,
  ): Promise<CallerScan>
  /** Returns the banks as one actor, named as in the audit, changes them. */
  curatorOf(actor: string): CuratorServices
}

/** What the methods need. */
export type HarrierMethodsDeps = {
  readonly services: {
    readonly harrier: HarrierServices
    readonly rest: Pick<RestServices, 'authorize' | 'matchHash' | 'contentStatus'>
    readonly now: () => Date
  }
  /** Takes a place for an image in memory. @throws an `AppError` `unavailable` when all are taken. */
  readonly takePlace: () => Disposable
}

/** The limits of the REST API are those of the methods. */
export type HarrierMethodsOptions = RestOptions
