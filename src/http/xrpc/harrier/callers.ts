import { ForbiddenError, type MethodAuthVerifier } from '@atproto/xrpc-server'
import type { Request, Response } from 'express'
import { actorOfCaller } from '../../../model/api-action.ts'
import type { ApiScope } from '../../../model/api-key.ts'
import { setRateLimitHeaders } from '../../rate-limit-headers.ts'
import { identify } from '../../rest/authorize.ts'
import type { HarrierMethodsDeps, HarrierMethodsOptions } from './harrier-services.ts'

/** Who calls: a key, or an account or a service by its DID, named as in the audit. */
export type Caller = { readonly actor: string }

/** Returns the check of who calls a method, by a key or by a token between services; it runs before a body is read. */
export type CallerAuth = (
  method: { readonly $nsid: string },
  ...scopes: readonly ApiScope[]
) => MethodAuthVerifier<{ credentials: Caller }>

/** Returns what makes the checks of callers. */
export function createCallerAuth(
  { services }: Pick<HarrierMethodsDeps, 'services'>,
  options: Pick<HarrierMethodsOptions, 'isLoopbackOpen'>,
): CallerAuth {
  return ({ $nsid }, ...wanted) =>
    async ({ req, res }) => {
      const { actor, scopes } = await callerOf(req, res, $nsid)
      const missing = wanted.filter((scope) => !scopes.includes(scope))
      if (missing.length === 0) return { credentials: { actor } }
      throw new ForbiddenError(`Expected a caller with the scope ${missing.join(' and ')}`, 'MissingScope')
    }

  async function callerOf(
    request: Request,
    response: Response,
    lxm: string,
  ): Promise<Caller & { readonly scopes: readonly ApiScope[] }> {
    const { authorization } = request.headers
    if (isServiceToken(authorization)) {
      const { did, scopes, limit } = await services.harrier.verifyService(authorization, lxm)
      setRateLimitHeaders(response, limit)
      return { actor: did, scopes }
    }
    const { id, scopes } = await identify(request, response, services.rest, options)
    return { actor: actorOfCaller(id), scopes }
  }
}

/** Tokens between services are JWTs, of three parts; keys have no full stop. */
function isServiceToken(authorization: string | undefined): boolean {
  return /^bearer +[^.\s]*\.[^.\s]*\.[^.\s]*$/i.test(authorization ?? '')
}
