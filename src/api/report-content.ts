import { randomUUID } from 'node:crypto'
import type { FoundContent } from '../model/api.ts'
import type { ApiActionType } from '../model/api-action.ts'
import { callsForTakedown, type Policy } from '../model/policy.ts'
import type { TakeAction } from './take-action.ts'

/** What became of a report: the guide’s three answers. */
export type ReportVerdict = Extract<ApiActionType, 'takedown' | 'review'> | 'none'

/** Returns what the policy calls for: a takedown where it says so, a person's judgement for any other match. */
export function decideReported(policy: Policy, found: readonly FoundContent[]): ReportVerdict {
  if (found.length === 0) return 'none'
  return found.some(({ match }) => callsForTakedown(policy, match, undefined)) ? 'takedown' : 'review'
}

/** Does what the policy calls for about content whose image a user reported; an image that matches nothing is let be. */
export async function reportContent(
  { policy, takeAction }: { readonly policy: Policy; readonly takeAction: TakeAction },
  keyId: number,
  contentId: string,
  found: readonly FoundContent[],
): Promise<ReportVerdict> {
  const type = decideReported(policy, found)
  if (type === 'none') return type
  const nearest = found[0]?.match
  const match = nearest === undefined ? {} : { bank: nearest.bank, distance: nearest.distance }
  await takeAction(keyId, { actionId: `report-${randomUUID()}`, type, contentId, match })
  return type
}
