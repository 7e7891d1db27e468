/** Where a subscriber dials from, as far as it is kept: addresses are not. */
export const addressClasses = ['loopback', 'private', 'public'] as const

/** One member of `addressClasses`. */
export type AddressClass = (typeof addressClasses)[number]

/**
 * Why a subscription ended: by the peer, by us at shutdown, with the process that served it, or because of what the name
 * says.
 */
export const subscriptionEnds = [
  'peer',
  'shutdown',
  'lost',
  'refused',
  'too-slow',
  'no-pong',
  'fault',
] as const

/** One member of `subscriptionEnds`. */
export type SubscriptionEnd = (typeof subscriptionEnds)[number]

/** A subscription to the labels, as it stands. */
export type Subscription = {
  /** Unique over all time. */
  readonly id: string
  /** What the client calls itself, at most 100 characters; undefined when it does not say. */
  readonly userAgent: string | undefined
  readonly address: AddressClass
  /** ISO 8601. */
  readonly startedAt: string
  /** The cursor that it asked for; undefined for what is published from now on. */
  readonly cursor: number | undefined
  /** The newest seq that it was sent, or that it begins after; undefined while it has been sent nothing and had no cursor. */
  readonly position: number | undefined
  /** How many labels it was sent. */
  readonly labels: number
  /** Bytes that it was sent and that its system has not taken. */
  readonly waitingBytes: number
}

/** A subscription as it is remembered. `endedAt` (ISO 8601) and `end` are undefined while it goes on. */
export type PastSubscription = Omit<Subscription, 'waitingBytes'> & {
  readonly endedAt: string | undefined
  readonly end: SubscriptionEnd | undefined
}
