import { isDeepStrictEqual } from 'node:util'
import type { AccountSession, PlcMaps } from '../atproto/account-session.ts'
import {
  type PlcDirectory,
  type PlcOperation,
  type PlcState,
  parsePlcOperation,
} from '../atproto/plc-directory.ts'
import { type Difference, differencesOf } from '../lib/differences.ts'
import { AppError } from '../lib/errors.ts'
import { pause } from '../lib/pause.ts'
import type { Did } from '../model/ids.ts'

/** Entries that a DID document is to have, by fragment without the `#`. What is not named stays as it is. */
export type PlcChange = PlcMaps

/** A change worked out against the last operation of the account's log. */
export type PlcPlan = {
  readonly current: PlcOperation
  /** The whole state that the next operation is to have. */
  readonly next: PlcState
  /** What differs, such as at `verificationMethods`, `atproto_label`; empty when there is nothing to do. */
  readonly differences: readonly Difference[]
}

/** What an update works with. */
export type UpdatePlcDeps = {
  readonly session: Pick<AccountSession, 'did' | 'signPlcOperation' | 'submitPlcOperation'>
  readonly directory: PlcDirectory
}

/** The operation that the host signed is not the one that was planned; nothing was submitted. */
export class UnexpectedOperationError extends AppError {
  override readonly name = 'UnexpectedOperationError'
}

/** Returns what the account's next operation is to say: all that the last one says, with the given entries in it. */
export function planPlcUpdate(current: PlcOperation, change: PlcChange): PlcPlan {
  const next = {
    ...current.state,
    verificationMethods: { ...current.state.verificationMethods, ...change.verificationMethods },
    services: { ...current.state.services, ...change.services },
  }
  return { current, next, differences: differencesOf(current.state, next) }
}

/**
 * Makes the plan true: has the host sign the operation with the token that it mailed, submits it, and returns it as the
 * directory has it then. The operation is submitted only if it follows the one that was planned on and says what was
 * planned, to the letter.
 *
 * @throws {PdsError} `isTokenWrong` when the token is; the plan still holds.
 * @throws {UnexpectedOperationError} when the account was changed since the plan was made, or the host signed otherwise.
 */
export async function updatePlc(
  { session, directory }: UpdatePlcDeps,
  plan: PlcPlan,
  token: string,
  signal: AbortSignal,
): Promise<PlcOperation> {
  const { verificationMethods, services } = plan.next
  const signed = await session.signPlcOperation(token, { verificationMethods, services })
  const operation = await parsePlcOperation(signed)
  requirePlanned(operation, plan)
  await session.submitPlcOperation(signed)
  return await awaitOperation(directory, session.did, operation, signal)
}

function requirePlanned({ prev, state }: PlcOperation, { current, next }: PlcPlan): void {
  if (prev !== current.cid)
    throw new UnexpectedOperationError(
      'conflict',
      'The DID document was changed by somebody else meanwhile; nothing was submitted, run the command again',
    )
  if (!isDeepStrictEqual(state, next)) {
    const places = differencesOf(next, state).map(({ path }) => path.join('.'))
    throw new UnexpectedOperationError(
      'upstream',
      `Expected the host to sign what it was asked to but it differs in ${places.join(', ')}; nothing was submitted`,
    )
  }
}

/** How often, and how long apart in milliseconds, the directory is asked for an operation that it has taken. */
const [looks, lookAgainMs] = [10, 1000]

async function awaitOperation(
  directory: PlcDirectory,
  did: Did,
  { cid }: PlcOperation,
  signal: AbortSignal,
): Promise<PlcOperation> {
  for (let look = 1; ; look++) {
    const last = await directory.lastOperation(did, signal)
    if (last.cid === cid) return last
    if (look === looks)
      throw new AppError(
        'upstream',
        'The operation was submitted but the directory does not show it yet; run the command again to look',
      )
    await pause(lookAgainMs, signal)
    signal.throwIfAborted()
  }
}
