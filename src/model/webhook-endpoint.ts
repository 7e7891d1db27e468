import type { WebhookEventType } from './webhook-event.ts'

/** Where events are sent. */
export type WebhookEndpoint = {
  /** What lists and logs call it: the operator's name for it, or one made of its address. Never the address, which may hold a secret. */
  readonly id: string
  readonly url: string
  readonly events: readonly WebhookEventType[]
  /** What deliveries are signed with. */
  readonly secret: string
}
