/**
 * What Harrier's own XRPC methods are served from, beside the REST API's: who may call without a key, and the banks.
 */
import type { Api } from './api/api.ts'
import { createServiceCallers } from './api/service-callers.ts'
import type { IdentityResolver } from './atproto/identity.ts'
import { createVerifyCaller, serviceAuthLimits } from './atproto/service-auth.ts'
import type { Config } from './config/settings.ts'
import type { HarrierServices } from './http/xrpc/harrier/harrier-services.ts'
import type { Did } from './model/ids.ts'
import type { Database } from './store/database.ts'

/** What they are made of. */
export type HarrierServicesDeps = {
  readonly api: Pick<Api<unknown>, 'scanSent' | 'scanBlob'>
  readonly database: Database
  /** The labeler, which tokens are for. */
  readonly src: Did
  readonly identity: IdentityResolver
  readonly now: () => Date
  /** Returns what changes banks in the name of an actor. */
  readonly curatorOf: HarrierServices['curatorOf']
}

/** Returns the services. */
export function createHarrierServices(deps: HarrierServicesDeps, config: Config): HarrierServices {
  const { api, database, src, identity, curatorOf } = deps
  const now = (): number => deps.now().getTime()
  const callers = createServiceCallers(config.serviceCallers, { perMinute: config.serviceCallerRate, now })
  const verifyCaller = createVerifyCaller(
    { did: src, identity, usedTokens: database.tokens, admit: callers.admit, now },
    serviceAuthLimits,
  )
  return {
    async verifyService(authorization, lxm) {
      const did = await verifyCaller(authorization, lxm)
      return { did, ...callers.standingOf(did) }
    },
    scanSent: api.scanSent,
    scanBlob: api.scanBlob,
    curatorOf,
  }
}
