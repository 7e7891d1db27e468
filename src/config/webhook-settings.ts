import { hash } from 'node:crypto'
import { z } from 'zod'
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts'
import { type WebhookEventType, webhookEventNames } from '../model/webhook-event.ts'
import { secretDocuments } from './secret-documents.ts'
import { flag, integer, oneOf, type Setting, SettingProblem, secretToken, urls } from './setting.ts'

/** The settings of webhooks, none of them secret. */
export type WebhookConfig = {
  readonly webhooks: 'off' | 'signed' | 'unsigned'
  readonly webhookPrivateOrigins: readonly string[]
  readonly webhookBankNames: boolean
  readonly webhooksAtOnce: number
  readonly webhookTimeoutMs: number
  readonly webhookMaxAttempts: number
  readonly webhookRetryBaseMs: number
  readonly webhookRetryMaxMs: number
}

/** The settings of webhooks that are never shown. */
export type WebhookSecrets = {
  readonly webhookSecret: string | undefined
  readonly webhookEndpoints: readonly WebhookEndpoint[]
}

type Settings = WebhookConfig & WebhookSecrets

/** Those of `settings` that are about webhooks. */
export const webhookSettings: { readonly [Name in keyof Settings]: Setting<Settings[Name]> } = {
  webhooks: oneOf(
    ['off', 'signed', 'unsigned'],
    'off',
    'Whether webhooks are taken at /api/v1/webhook/…: off; signed, with HARRIER_WEBHOOK_SECRET; or unsigned, which believes anyone',
  ),
  webhookSecret: secretToken(
    'What senders of webhooks sign with, 16 to 500 visible ASCII characters; only with HARRIER_WEBHOOKS=signed',
  ),
  webhookEndpoints: secretDocuments(parseEndpoint, {
    expected: 'a JSON array of {"webhook_url": "https://…", "secret": "…"}',
    distinct: 'each id and each address once',
    doc: 'Where events are sent: a JSON array of documents such as {"webhook_url": "https://app.example.com/hook", "events": ["match_found"], "secret": "16 characters or more"} (docs/INTEGRATION.md)',
  }),
  webhookPrivateOrigins: urls(
    [],
    ['http:', 'https:'],
    'Origins of HARRIER_WEBHOOK_ENDPOINTS that may be private or plain HTTP, such as http://10.0.0.5:8080',
  ),
  webhookBankNames: flag(true, 'Whether events that are sent name the banks that matched'),
  webhooksAtOnce: integer(4, {
    min: 1,
    max: 100,
    doc: 'Events that are on their way to one endpoint at once, each about something else',
  }),
  webhookTimeoutMs: integer(15_000, {
    min: 100,
    max: 600_000,
    doc: 'Milliseconds in which an endpoint must answer',
  }),
  webhookMaxAttempts: integer(16, {
    min: 1,
    max: 100,
    doc: 'Times that an event is sent before it is dead-lettered; with the defaults, about a day',
  }),
  webhookRetryBaseMs: integer(5000, {
    min: 1,
    max: 600_000,
    doc: 'Milliseconds before an event is sent for the second time; doubles each time, with jitter',
  }),
  webhookRetryMaxMs: integer(21_600_000, {
    min: 1,
    max: 86_400_000,
    doc: 'Most milliseconds between two tries, whatever the endpoint asks for',
  }),
}

const names = z.enum(webhookEventNames as [WebhookEventType, ...WebhookEventType[]])

/** Messages name what was expected, and never a value: it may be a secret. */
const endpointDocument = z.strictObject({
  webhook_url: z
    .url({ protocol: /^https?$/, error: 'expected an http or https address' })
    .refine((text) => !/^https?:\/\/[^/]*@/.test(text), { error: 'expected an address without a password' }),
  secret: z
    .string()
    .regex(/^[!-~]{16,500}$/, { error: 'expected 16 to 500 visible ASCII characters' })
    .refine((text) => !text.startsWith('whsec_') || Buffer.from(text.slice(6), 'base64').length >= 16, {
      error: 'expected 16 bytes or more in base64 behind whsec_',
    }),
  events: z
    .array(names)
    .min(1)
    .default([...webhookEventNames]),
  id: z
    .string()
    .regex(/^[\w.-]{1,64}$/, { error: 'expected 1 to 64 letters, digits, - _ .' })
    .optional(),
})

function parseEndpoint(item: unknown): WebhookEndpoint {
  const { data, error } = endpointDocument.safeParse(item)
  if (data === undefined) {
    const [issue] = error.issues
    throw new SettingProblem(
      'documents of webhook_url and secret, with events and id as you like',
      `a mistake in ${issue?.path.join('.') || 'one of them'}: ${issue?.message}`,
    )
  }
  const { webhook_url: url, secret, events, id = `endpoint-${hash('sha256', url).slice(0, 12)}` } = data
  return { id, url, events, secret }
}

/** Returns what is wrong with addresses that are plain HTTP without the operator's word for it; a line each. */
export function webhookProblems(
  endpoints: readonly WebhookEndpoint[],
  { webhookPrivateOrigins }: Pick<WebhookConfig, 'webhookPrivateOrigins'>,
): string[] {
  const origins = new Set(webhookPrivateOrigins.map((text) => new URL(text).origin))
  return endpoints
    .map(({ url }) => new URL(url))
    .filter(({ protocol, origin }) => protocol === 'http:' && !origins.has(origin))
    .map(
      ({ origin }) =>
        `HARRIER_WEBHOOK_ENDPOINTS: expected https but received ${origin}; where that is right, name it in HARRIER_WEBHOOK_PRIVATE_ORIGINS`,
    )
}
