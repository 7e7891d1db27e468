import { AppError, messageOf } from '../lib/errors.ts'
import type { Did } from '../model/ids.ts'
import { type AccountTokens, type ActingAccount, createAccountTokens, isSpent } from './account-tokens.ts'
import { type CallDeps, callXrpc, type XrpcAnswer, type XrpcRequest } from './call-xrpc.ts'
import { wordsOf } from './outcome-of.ts'

/** Calls the methods of a moderation service in the name of somebody who may. */
export interface ServiceCaller {
  /** Calls once. `isSeenThrough` keeps a call that could not be repeated from being cut off by the signal: it is bounded in time. */
  call(
    request: XrpcRequest,
    signal: AbortSignal,
    options?: { readonly isSeenThrough?: boolean },
  ): Promise<XrpcAnswer>
  /** Returns in whose name, as far as that is known by now. */
  actor(): Did | undefined
}

/** Returns calls that go to a service directly, as its admin. */
export function createAdminCaller(
  deps: CallDeps,
  {
    url,
    adminPassword,
    actor,
  }: { readonly url: string; readonly adminPassword: string; readonly actor: Did },
): ServiceCaller {
  const authorization = basicAuthorization(adminPassword)
  return {
    call: (request, signal) =>
      callXrpc(deps, new URL(url).origin, request, { headers: { authorization }, signal }),
    actor: () => actor,
  }
}

/** Returns the `Authorization` of a server's admin. */
export function basicAuthorization(adminPassword: string): string {
  return `Basic ${Buffer.from(`admin:${adminPassword}`).toString('base64')}`
}

/**
 * Returns calls that go to a service through the host of an account, which signs them for it: `atproto-proxy` names the
 * service's DID. A token that is spent is renewed for the next call; this one is not repeated, since that is for the caller to judge.
 */
export function createProxiedCaller(deps: CallDeps, service: Did, account: ActingAccount): ServiceCaller {
  const tokens: AccountTokens = createAccountTokens(deps, account)
  let did: Did | undefined
  return {
    actor: () => did,
    async call(request, signal, { isSeenThrough = false } = {}) {
      try {
        const access = await tokens.access(signal)
        if ('refusal' in access) return signInRefused(access.refusal)
        did = access.did
        const headers = {
          authorization: `Bearer ${access.token}`,
          'atproto-proxy': `${service}#atproto_labeler`,
        }
        const bound = isSeenThrough ? {} : { signal }
        const answer = await callXrpc(deps, access.host, request, { headers, ...bound })
        if (isSpent(answer)) tokens.spent()
        return isSpent(answer) ? { kind: 'not-sent', words: 'the session has ended; it is renewed' } : answer
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof AppError)) throw error
        return { kind: 'not-sent', words: messageOf(error) }
      }
    },
  }
}

/** The call itself was not sent. */
function signInRefused(refusal: XrpcAnswer): XrpcAnswer {
  if (refusal.kind !== 'answered') return { kind: 'not-sent', words: `not signed in: ${refusal.words}` }
  const { retryAfterMs } = refusal
  return { kind: 'not-sent', words: `not signed in: ${wordsOf(refusal)}`, retryAfterMs }
}
