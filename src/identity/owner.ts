import { type AccountHost, type AccountSession, PdsError } from '../atproto/account-session.ts'
import { AppError } from '../lib/errors.ts'
import type { Did } from '../model/ids.ts'
import type { DeclareStep } from './declare.ts'

/** What the account's owner answers while changes are made. Nothing of it is kept. */
export type OwnerAnswers = {
  readonly password: () => Promise<string>
  /** The code that the host mails to accounts with a second factor. */
  readonly factorToken: () => Promise<string>
  /** The token that an earlier run had mailed, or undefined: one is mailed, and `plcToken` asked. */
  readonly givenPlcToken: string | undefined
  readonly plcToken: (isAgain: boolean) => Promise<string>
  /** Hears of each step that is made. */
  readonly onStep: (step: OwnerStep) => void
}

/** What has been done. */
export type OwnerStep = 'signed-in' | 'token-mailed' | DeclareStep

/**
 * Signs in to the account, by the name that its owner calls it by, with the second factor if its host asks for it.
 * @throws {PdsError} when the host refuses.
 */
export async function signInAsOwner(
  host: AccountHost,
  { did, identifier }: { readonly did: Did; readonly identifier: string },
  { password: askPassword, factorToken, onStep }: OwnerAnswers,
): Promise<AccountSession> {
  const password = await askPassword()
  const signIn = async (code?: string): Promise<AccountSession> => {
    const session = await host.signIn({ identifier, password, ...(code ? { factorToken: code } : {}) })
    if (session.did !== did) {
      await session[Symbol.asyncDispose]()
      throw new AppError(
        'conflict',
        `Expected to sign in to ${did} but ${identifier} is ${session.did} there`,
      )
    }
    onStep('signed-in')
    return session
  }
  try {
    return await signIn()
  } catch (error) {
    if (!(error instanceof PdsError) || !error.isFactorMissing) throw error
    return await signIn(await factorToken())
  }
}

/**
 * Returns where the token for a PLC operation comes from: one that was brought along is used once; else one is mailed,
 * and asked for as often as it is wrong.
 */
export function createTokenSource(
  session: Pick<AccountSession, 'requestPlcToken'>,
  { givenPlcToken, plcToken, onStep }: OwnerAnswers,
): (isAgain: boolean) => Promise<string> {
  return async (isAgain) => {
    if (givenPlcToken !== undefined && !isAgain) return givenPlcToken
    if (givenPlcToken !== undefined)
      throw new AppError(
        'invalid',
        'Expected the token that was mailed last, at most 15 minutes ago; run it without one to have a new one mailed',
      )
    if (!isAgain) {
      await session.requestPlcToken()
      onStep('token-mailed')
    }
    return await plcToken(isAgain)
  }
}
