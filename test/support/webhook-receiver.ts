/** A receiver of webhooks as an app would write it: it believes what the library of Standard Webhooks verifies. */
import type { IncomingHttpHeaders } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook } from 'standardwebhooks'
import {
  type WebhookPayload,
  type WebhookPing,
  webhookPayload,
  webhookPing,
} from '../../src/model/webhook-event.ts'
import { openLoopbackServer } from './listen.ts'

/** One try, as it arrived. */
export type ReceivedWebhook = {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Checked against the documented schema. */
  readonly payload: WebhookPayload
}

/** How a try is answered: a status, or nothing at all. */
export type WebhookReply =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  | 'never'

/** A receiver on the loopback. Disposal ends it. */
export type WebhookReceiver = {
  readonly origin: string
  /** Every try so far, whatever it was answered with. */
  readonly tries: ReceivedWebhook[]
  /** What is wrong with tries that were not believed. */
  readonly refused: string[]
  /** Returns the events that were taken, in the order in which they came. */
  taken(): WebhookPayload[]
  /** Pings, which are believed and answered 204. */
  readonly pings: WebhookPing[]
} & Disposable

/** The secret of a receiver, in the form of Standard Webhooks. */
export const receiverSecret: string = `whsec_${Buffer.from('a secret of 24 bytes, no').toString('base64')}`

/** Opens a receiver that answers 204 unless `reply` says otherwise. */
export async function openWebhookReceiver(
  reply: (received: ReceivedWebhook, tries: readonly ReceivedWebhook[]) => WebhookReply = () => ({
    status: 204,
  }),
): Promise<WebhookReceiver> {
  const tries: ReceivedWebhook[] = []
  const refused: string[] = []
  const taken: WebhookPayload[] = []
  const pings: WebhookPing[] = []
  const library = new Webhook(receiverSecret)
  const server = await openLoopbackServer(async (request, response) => {
    const body = await text(request)
    try {
      const verified = library.verify(body, request.headers as Record<string, string>)
      const { data: ping } = webhookPing.safeParse(verified)
      if (ping !== undefined) {
        pings.push(ping)
        response.writeHead(204).end()
        return
      }
      const payload = webhookPayload.parse(verified)
      const received = { path: request.url ?? '', headers: request.headers, body, payload }
      const answer = reply(received, tries)
      tries.push(received)
      if (answer === 'never') return
      if (answer.status < 300) taken.push(payload)
      response.writeHead(answer.status, answer.headers).end('x'.repeat(100_000))
    } catch (error) {
      refused.push(String(error))
      response.writeHead(401).end()
    }
  })
  return {
    ...server,
    tries,
    refused,
    pings,
    taken: () => taken,
    [Symbol.dispose]: () => server[Symbol.dispose](),
  }
}

/** Returns the settings that send everything to a receiver. */
export function settingsFor(
  { origin }: Pick<WebhookReceiver, 'origin'>,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, string> {
  const endpoint = {
    webhook_url: `${origin}/hook?token=of-the-address`,
    secret: receiverSecret,
    id: 'app',
    ...more,
  }
  return {
    HARRIER_WEBHOOK_ENDPOINTS: JSON.stringify([endpoint]),
    HARRIER_WEBHOOK_PRIVATE_ORIGINS: origin,
    HARRIER_WEBHOOK_RETRY_BASE_MS: '20',
  }
}
