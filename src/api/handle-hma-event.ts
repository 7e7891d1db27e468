import { type ApiActionType, webhookCallerId } from '../model/api-action.ts'
import { parseAtUri, parseDid } from '../model/ids.ts'
import type { HmaEvent } from '../model/webhook.ts'
import { type TakeAction, takedownVal } from './take-action.ts'

/** What handling needs: the doing, and the values that the policy declares. */
export type HandleHmaEventDeps = { readonly takeAction: TakeAction; readonly labels: readonly string[] }

/** Does what an event calls for, once, and leaves a line in the audit log whatever it is. */
export async function handleHmaEvent(
  { takeAction, labels }: HandleHmaEventDeps,
  event: HmaEvent,
): Promise<void> {
  const type = decideHmaEvent(event, labels)
  const { deliveryId: actionId, contentId = 'hma' } = event
  await takeAction(webhookCallerId, { actionId, type, contentId, match: {}, event: event.type })
}

/** A severe match is taken down, as far as the policy lets it be; any other is a person's to judge. */
function decideHmaEvent(
  { type, contentId, isSevere }: HmaEvent,
  labels: readonly string[],
): Extract<ApiActionType, 'log' | 'review' | 'takedown'> {
  if (type !== 'match_found' || contentId === undefined) return 'log'
  const isSubject = (parseAtUri(contentId) ?? parseDid(contentId)) !== undefined
  return isSevere && (!isSubject || labels.includes(takedownVal)) ? 'takedown' : 'review'
}
