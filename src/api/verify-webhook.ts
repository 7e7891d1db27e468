import { createHmac, hash, timingSafeEqual } from 'node:crypto'
import { AppError } from '../lib/errors.ts'
import type { Delivery } from '../model/webhook.ts'

/** How far a delivery's time may be from ours, in milliseconds. */
const toleranceMs = 300_000

/** What checking a delivery needs. */
export type VerifyWebhookDeps = {
  /** Undefined lets deliveries in without a signature: they are told apart by what they say. */
  readonly secret: string | undefined
  /** Tells whether a delivery of that name was processed. */
  readonly wasProcessed: (deliveryId: string) => Promise<boolean>
  readonly now: () => Date
}

/**
 * Returns what a delivery is called: the same for the same bytes, by which it is processed once. A signature is the
 * HMAC-SHA256 of the body in hex; where a time stands beside it, of the time, a dot and the body.
 * @throws {AppError} `unauthenticated` when it is not signed with the secret, or not of now; `conflict` when it was
 * processed before.
 */
export type VerifyWebhook = (delivery: Delivery) => Promise<string>

/** Returns the check. */
export function createVerifyWebhook({ secret, wasProcessed, now }: VerifyWebhookDeps): VerifyWebhook {
  return async ({ body, signature, timestamp }) => {
    const signed = timestamp === undefined ? body : Buffer.concat([Buffer.from(`${timestamp}.`), body])
    if (secret !== undefined) {
      if (signature === undefined) throw new AppError('unauthenticated', 'Missing signature header')
      if (!isSignatureOf(signed, signature, secret))
        throw new AppError('unauthenticated', 'Invalid signature')
      if (timestamp !== undefined && !isNow(timestamp, now().getTime()))
        throw new AppError('unauthenticated', 'Expected a timestamp of the last five minutes')
    }
    const id = `webhook-${hash('sha256', signed)}`
    if (await wasProcessed(id))
      throw new AppError('conflict', 'Expected a new delivery: this one was processed')
    return id
  }
}

function isSignatureOf(signed: Uint8Array, signature: string, secret: string): boolean {
  const digest = createHmac('sha256', secret).update(signed).digest()
  const hex = signature.replace(/^sha256=/, '')
  return /^[0-9a-f]{64}$/.test(hex) && timingSafeEqual(Buffer.from(hex, 'hex'), digest)
}

/** In seconds since 1970. */
function isNow(timestamp: string, nowMs: number): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(Number(timestamp) * 1000 - nowMs) <= toleranceMs
}
