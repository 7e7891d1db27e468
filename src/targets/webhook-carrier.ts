import type { MessageCarrier } from '../model/outbox.ts'
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts'
import { type SendWebhookDeps, sendWebhook } from './send-webhook.ts'

/** Returns what sends events to a webhook endpoint, signed. A repeat has the same id, by which the receiver knows it. */
export function createWebhookCarrier(deps: SendWebhookDeps, endpoint: WebhookEndpoint): MessageCarrier {
  return {
    kind: 'webhook',
    id: endpoint.id,
    deliver: (message, signal) => sendWebhook(deps, endpoint, message, signal),
  }
}
