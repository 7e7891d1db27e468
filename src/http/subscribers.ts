import { AppError } from '../lib/errors.ts'
import type { PastSubscription, Subscription } from '../model/subscription.ts'
import type { Services } from './services.ts'

const defaultLimit = 100
const maxLimit = 1000

/** What the answer is made of. */
export type SubscribersDeps = {
  readonly services: Pick<Services, 'lastSeq' | 'pastSubscriptions'>
  readonly subscribers: () => readonly Subscription[]
}

/** The answer of `/subscribers` on the operator listener. */
export type Subscribers = {
  /** The newest seq of the stream. */
  readonly lastSeq: number
  /** Who is subscribed now, oldest first. `lag` is how far the position lies behind the newest seq. */
  readonly now: readonly (Subscription & { readonly lag: number })[]
  /** Subscriptions that have ended, newest first. */
  readonly history: readonly PastSubscription[]
}

/** Returns who is subscribed and who was. @throws {AppError} `invalid` for a limit that is none. */
export async function loadSubscribers(
  { services, subscribers }: SubscribersDeps,
  limit: unknown,
): Promise<Subscribers> {
  const lastSeq = await services.lastSeq()
  const history = await services.pastSubscriptions(parseLimit(limit))
  const now = subscribers().map((one) => ({ ...one, lag: Math.max(0, lastSeq - (one.position ?? lastSeq)) }))
  return { lastSeq, now, history }
}

function parseLimit(text: unknown): number {
  if (text === undefined) return defaultLimit
  const limit = typeof text === 'string' && /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  if (limit >= 1 && limit <= maxLimit) return limit
  throw new AppError(
    'invalid',
    `Expected a whole number from 1 to ${maxLimit} for limit but received another`,
  )
}
