import { createHmac } from 'node:crypto'

/** What is signed. */
export type SignedParts = {
  readonly id: string
  /** Seconds since 1970: when this try was made. */
  readonly timestamp: number
  /** The body, byte for byte. */
  readonly body: string
}

/** The prefix that Standard Webhooks gives secrets in base64. */
const prefix = 'whsec_'

/**
 * Returns the fields that let a receiver know a delivery: those of Standard Webhooks 1.0, whose signature covers the id, the
 * time and the body; and `X-HMA-Signature`, the guide's, which covers the body alone. The key of the first is what stands
 * in base64 behind `whsec_`, or else the text of the secret; that of the second is always the text.
 */
export function signatureHeaders(
  { id, timestamp, body }: SignedParts,
  secret: string,
): Readonly<Record<string, string>> {
  const key = secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), 'base64') : secret
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature}`,
    'x-hma-signature': createHmac('sha256', secret).update(body).digest('hex'),
  }
}
