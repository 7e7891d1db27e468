/** What an outbox message is: each kind has its own way of being delivered. */
export const outboxKinds = ['webhook'] as const

/** One member of `outboxKinds`. */
export type OutboxKind = (typeof outboxKinds)[number]

/** States of a message. `pending` waits or is on its way; `dead` ran out of attempts and waits for a person. */
export const outboxStates = ['pending', 'done', 'dead', 'dropped'] as const

/** One member of `outboxStates`. */
export type OutboxState = (typeof outboxStates)[number]

/** A message that is to be sent. */
export type NewOutboxMessage = {
  readonly kind: OutboxKind
  /** Who is to have it, such as the id of an endpoint. */
  readonly target: string
  /** What the receiver knows it by, on every try. */
  readonly messageId: string
  /** What it says, such as `match_found`. */
  readonly event: string
  /** What it is about: messages to one target about one subject are delivered in order. */
  readonly subject: string
  /** As it is sent, byte for byte. */
  readonly payload: string
  /** ISO 8601. */
  readonly createdAt: string
}

/** A message with how it went so far. */
export type OutboxMessage = NewOutboxMessage & {
  readonly id: number
  readonly state: OutboxState
  /** How often it was tried, one that is under way included. */
  readonly attempts: number
  /** Epoch milliseconds: not before then. */
  readonly runAfter: number
  /** How the last try ended, in a word or two; undefined before the first. */
  readonly outcome: string | undefined
  /** ISO 8601: when it left `pending`. */
  readonly doneAt: string | undefined
}

/** Which messages a list shows, the newest first. */
export type OutboxWanted = {
  readonly states: readonly OutboxState[]
  readonly limit: number
  /** Only messages with a smaller number. */
  readonly before?: number
}
