import { z } from 'zod'
import { type Did, parseDid } from '../model/ids.ts'
import { type CallDeps, callXrpc, type XrpcAnswer } from './call-xrpc.ts'
import { bodyOf, errorOf, isDone } from './outcome-of.ts'

/** An account that acts for us, and where it is hosted. */
export type ActingAccount = {
  /** Handle or DID. */
  readonly identifier: string
  /** An app password, which is enough. */
  readonly password: string
  /** Returns the origin of its host. @throws an `AppError` when that cannot be found out, and the signal's reason. */
  readonly resolveHost: (signal: AbortSignal) => Promise<string>
}

/** What calls in the account's name are made with. */
export type Access = { readonly did: Did; readonly host: string; readonly token: string }

/** Keeps an account signed in. */
export interface AccountTokens {
  /** Returns a token that is good now, or why there is none. Callers at the same time share the work. */
  access(signal: AbortSignal): Promise<Access | { readonly refusal: XrpcAnswer }>
  /** Says that the host no longer takes the token. */
  spent(): void
}

/** A host takes 30 sign-ins in five minutes and 300 in a day of one account (PDS): one in five minutes stays below both. */
const signInEveryMs = 300_000
/** A token is renewed so long before its end. */
const marginMs = 30_000
/** How long a token that does not say so is taken for good. */
const assumedMs = 300_000

const sessionAnswer = z.object({
  did: z.custom<Did>((value) => parseDid(value) !== undefined),
  accessJwt: z.string().min(1).max(10_000),
  refreshJwt: z.string().min(1).max(10_000),
})

type Session = Access & { readonly refreshToken: string; readonly until: number }

/** Returns what keeps an account signed in: a session is renewed, and only when that is refused is there a new one. */
export function createAccountTokens(deps: CallDeps, account: ActingAccount): AccountTokens {
  let session: Session | undefined
  let lastSignIn = Number.NEGATIVE_INFINITY
  let running: Promise<Access | { readonly refusal: XrpcAnswer }> | undefined
  const nowMs = () => deps.now().getTime()

  return {
    async access(signal) {
      if (session && nowMs() < session.until - marginMs) return session
      // Not ended by one caller's signal, since others may wait for it: it is bounded in time.
      running ??= obtain().finally(() => {
        running = undefined
      })
      const access = await running
      signal.throwIfAborted()
      return access
    },
    spent() {
      if (session) session = { ...session, until: 0 }
    },
  }

  async function obtain(): Promise<Access | { readonly refusal: XrpcAnswer }> {
    if (session) {
      const { host, refreshToken } = session
      const nsid = 'com.atproto.server.refreshSession'
      const answer = await ask(host, nsid, {}, { authorization: `Bearer ${refreshToken}` })
      if (keep(answer, host)) return session
      // A host that is unwell says nothing of the session.
      if (answer.kind !== 'answered' || answer.status >= 500 || answer.status === 429)
        return { refusal: answer }
      session = undefined
    }
    return await signIn()
  }

  async function signIn(): Promise<Access | { readonly refusal: XrpcAnswer }> {
    const waitMs = lastSignIn + signInEveryMs - nowMs()
    if (waitMs > 0) return { refusal: tooSoon(waitMs) }
    const host = await account.resolveHost(AbortSignal.timeout(deps.timeoutMs))
    const { identifier, password } = account
    const answer = await ask(host, 'com.atproto.server.createSession', { identifier, password }, {})
    if (answer.kind !== 'not-sent') lastSignIn = nowMs()
    if (keep(answer, host) && session) return session
    return { refusal: answer }
  }

  async function ask(
    host: string,
    nsid: string,
    input: object,
    headers: Readonly<Record<string, string>>,
  ): Promise<XrpcAnswer> {
    return await callXrpc(deps, host, { nsid, input }, { headers })
  }

  function keep(answer: XrpcAnswer, host: string): boolean {
    const { data } = sessionAnswer.safeParse(isDone(answer) ? bodyOf(answer) : undefined)
    if (!data) return false
    const { did, accessJwt: token, refreshJwt: refreshToken } = data
    session = { did, host, token, refreshToken, until: endOf(token) ?? nowMs() + assumedMs }
    return true
  }
}

/** True when an account's host says that the token is no longer good. */
export function isSpent(answer: XrpcAnswer): boolean {
  return /^(?:ExpiredToken|InvalidToken|TokenExpired)$/.test(errorOf(answer))
}

function tooSoon(waitMs: number): XrpcAnswer {
  return {
    kind: 'answered',
    status: 429,
    body: undefined,
    error: 'SignInTooSoon',
    message: 'the last sign-in was less than five minutes ago and did not hold; see harrier target check',
    retryAfterMs: waitMs,
  }
}

/** When a token ends, in epoch milliseconds; it is not believed in anything else. */
function endOf(token: string): number | undefined {
  try {
    const { exp } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      exp?: unknown
    }
    return typeof exp === 'number' && exp < 1e11 ? exp * 1000 : undefined
  } catch {
    return undefined
  }
}
