import { AppError } from '../lib/errors.ts'
import { retryAfterMs } from '../lib/retry-after.ts'
import { type SafeFetch, translateFetchError } from '../lib/safe-fetch.ts'
import type { OutboxMessage } from '../model/outbox.ts'
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts'
import { signatureHeaders } from './sign-webhook.ts'

/** What sending needs. */
export type SendWebhookDeps = {
  readonly fetch: SafeFetch
  /** The longest that one try may take, in milliseconds. */
  readonly timeoutMs: number
  readonly now: () => Date
}

/** How a try ended. */
export type Sent =
  | { readonly kind: 'delivered'; readonly outcome: string }
  | {
      readonly kind: 'failed'
      readonly outcome: string
      /** How long the receiver asks us to wait, in milliseconds. */
      readonly retryAfterMs: number | undefined
    }
  /** The receiver says that it will never take it. */
  | { readonly kind: 'gone'; readonly outcome: string }

/**
 * Sends one message to its endpoint. 2xx is delivered; 410 is gone; anything else has failed, a redirect too: a POST is sent
 * where the operator said and nowhere else. What the receiver answers is not read.
 * @throws the signal's reason when that aborts.
 */
export async function sendWebhook(
  { fetch: safeFetch, timeoutMs, now }: SendWebhookDeps,
  { url, secret }: Pick<WebhookEndpoint, 'url' | 'secret'>,
  { messageId, payload }: Pick<OutboxMessage, 'messageId' | 'payload'>,
  signal: AbortSignal,
): Promise<Sent> {
  const timestamp = Math.floor(now().getTime() / 1000)
  const stop = new AbortController()
  try {
    const response = await safeFetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        ...signatureHeaders({ id: messageId, timestamp, body: payload }, secret),
      },
      body: payload,
      timeoutMs,
      signal: AbortSignal.any([signal, stop.signal]),
    })
    const { status, ok, headers } = response
    const outcome = `status ${status}`
    if (ok) return { kind: 'delivered', outcome }
    if (status === 410) return { kind: 'gone', outcome }
    return {
      kind: 'failed',
      outcome,
      retryAfterMs: retryAfterMs(headers.get('retry-after'), now().getTime()),
    }
  } catch (error) {
    signal.throwIfAborted()
    const failure = translateFetchError(error, new URL(url))
    if (!(failure instanceof AppError)) throw failure
    return { kind: 'failed', outcome: failure.message, retryAfterMs: undefined }
  } finally {
    // The answer's body is not wanted, whatever its size: the connection goes with it.
    stop.abort()
  }
}
