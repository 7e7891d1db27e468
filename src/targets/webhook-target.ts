import type { ActionTarget, TargetOutcome } from '../model/target.ts'
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts'
import type { WebhookPing } from '../model/webhook-event.ts'
import { type SendWebhookDeps, sendWebhook } from './send-webhook.ts'
import { createTarget } from './target.ts'

/** What an endpoint as a target needs. */
export type WebhookTargetDeps = SendWebhookDeps & {
  /** The DID of the labeler. */
  readonly labeler: string
  /** Returns a new id, unique for ever. */
  readonly newId: () => string
}

/**
 * Returns a webhook endpoint as a target: it is told of events, signed. A repeat has the same id, by which the receiver knows it, so
 * that an event whose sending was cut off is sent again.
 */
export function createWebhookTarget(deps: WebhookTargetDeps, endpoint: WebhookEndpoint): ActionTarget {
  const { origin: at } = new URL(endpoint.url)
  return createTarget(
    { id: endpoint.id, kind: 'webhook', at },
    {
      carryOut: (action, { signal }) => sendWebhook(deps, endpoint, action, signal),
      async check(signal) {
        const outcome = await sendWebhook(deps, endpoint, pingOf(deps), signal)
        return outcome.kind === 'done' ? [] : [wrongOf(outcome)]
      },
    },
  )
}

/** A delivery that tells of nothing, signed as any other. */
function pingOf({ labeler, newId, now }: WebhookTargetDeps): { externalId: string; body: string } {
  const externalId = `msg_${newId()}`
  const ping: WebhookPing = {
    event_type: 'ping',
    id: externalId,
    timestamp: now().toISOString(),
    labeler,
  }
  return { externalId, body: JSON.stringify(ping) }
}

function wrongOf({ words }: TargetOutcome): string {
  return `Expected 2xx to a signed ping but received ${words}: see to the address, to the secret, and whether it takes event types that it does not know`
}
