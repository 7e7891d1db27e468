import { PdsError } from '../atproto/account-session.ts'
import { type PlcPlan, type UpdatePlcDeps, updatePlc } from './update-plc.ts'

/** What happens round each attempt to change a document. */
export type AroundUpdate = {
  /** Awaited right before the operation is signed and submitted. */
  readonly hold: () => Promise<void>
  /** Awaited when nothing was submitted, because the token was wrong. */
  readonly release: () => Promise<void>
}

/** What confirming takes, besides the plan. */
export type ConfirmDeps = UpdatePlcDeps & {
  /** Returns the token that confirms the operation; asked again when it is wrong, and may throw to give up. */
  readonly plcToken: (isAgain: boolean) => Promise<string>
}

const nothingAround: AroundUpdate = { hold: async () => undefined, release: async () => undefined }

/** Makes the plan true with a token that is asked for as often as it is wrong. @throws as `updatePlc` does. */
export async function confirmPlcUpdate(
  deps: ConfirmDeps,
  plan: PlcPlan,
  signal: AbortSignal,
  { hold, release }: AroundUpdate = nothingAround,
): Promise<void> {
  for (let isAgain = false; ; isAgain = true) {
    const token = await deps.plcToken(isAgain)
    await hold()
    try {
      await updatePlc(deps, plan, token, signal)
      return
    } catch (error) {
      if (!(error instanceof PdsError && error.isTokenWrong)) throw error
      await release()
    }
  }
}
