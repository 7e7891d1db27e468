import type { SequencedLabel } from '../model/label.ts'
import type { WebhookEvent } from '../model/webhook-event.ts'

/** Returns what others are told of labels that were published one by one: a withdrawal is a person's decision. */
export function eventsOfLabels(labels: readonly SequencedLabel[], actor: string): WebhookEvent[] {
  const seen = new Set<string>()
  return labels.flatMap(({ uri, cid, val, neg }): WebhookEvent[] => {
    if (!neg)
      return [{ type: 'action_taken', contentId: uri, recordCid: cid, action: 'label', label: val, actor }]
    // Withdrawing from several versions takes several negations, and is one decision.
    if (seen.has(`${uri} ${val}`)) return []
    seen.add(`${uri} ${val}`)
    return [{ type: 'review_decided', contentId: uri, decision: 'reversed', label: val, actor }]
  })
}
