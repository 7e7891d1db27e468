import { actionOfMessage } from '../model/action-message.ts'
import type { ClaimedMessage } from '../model/outbox.ts'
import type { ActionTarget, TargetOutcome } from '../model/target.ts'

/**
 * Has a target carry out what a message asks of it. What this version cannot read is refused: a person sees it among the dead letters. Rejects with the signal's reason, and then it is not known what came of it; and with faults of our own.
 */
export async function carryOutMessage(
  target: ActionTarget,
  message: ClaimedMessage,
  signal: AbortSignal,
): Promise<TargetOutcome> {
  const action = actionOfMessage(message)
  if (action === undefined)
    return { kind: 'refused', words: 'no action that this version of Harrier can read' }
  return await target.carryOut(action, { signal, wasCutOff: message.wasCutOff })
}
