import { AppError } from '../lib/errors.ts'
import { retryAfterMs } from '../lib/retry-after.ts'
import { type SafeFetch, translateFetchError } from '../lib/safe-fetch.ts'
import type { TargetOutcome, TellAction } from '../model/target.ts'
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts'
import { signatureHeaders } from './sign-webhook.ts'

/** What sending needs. */
export type SendWebhookDeps = {
  readonly fetch: SafeFetch
  /** The longest that one try may take, in milliseconds. */
  readonly timeoutMs: number
  readonly now: () => Date
}

/**
 * Sends an endpoint the body of one event. 2xx is done; 410 is refused for good; anything else has failed, a redirect too: a POST is sent
 * where the operator said and nowhere else. What the receiver answers is not read.
 * @throws the signal's reason when that aborts.
 */
export async function sendWebhook(
  { fetch: safeFetch, timeoutMs, now }: SendWebhookDeps,
  { url, secret }: Pick<WebhookEndpoint, 'url' | 'secret'>,
  { externalId: id, body }: Pick<TellAction, 'externalId' | 'body'>,
  signal: AbortSignal,
): Promise<TargetOutcome> {
  const timestamp = Math.floor(now().getTime() / 1000)
  const stop = new AbortController()
  try {
    const response = await safeFetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        ...signatureHeaders({ id, timestamp, body }, secret),
      },
      body,
      timeoutMs,
      signal: AbortSignal.any([signal, stop.signal]),
    })
    const { status, ok, headers } = response
    const words = `status ${status}`
    if (ok) return { kind: 'done', words }
    if (status === 410) return { kind: 'refused', words }
    return {
      kind: 'failed',
      words,
      retryAfterMs: retryAfterMs(headers.get('retry-after'), now().getTime()),
    }
  } catch (error) {
    signal.throwIfAborted()
    const failure = translateFetchError(error, new URL(url))
    if (!(failure instanceof AppError)) throw failure
    return { kind: 'failed', words: failure.message }
  } finally {
    // The answer's body is not wanted, whatever its size: the connection goes with it.
    stop.abort()
  }
}
