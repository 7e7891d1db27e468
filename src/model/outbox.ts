import type { TargetOutcome } from './target.ts'

/** What an outbox message is: an event for a webhook endpoint, or an action for a target of a kind (`target.ts`). */
export const outboxKinds = ['webhook', 'pds', 'ozone', 'moderation', 'labels'] as const

/** One member of `outboxKinds`. */
export type OutboxKind = (typeof outboxKinds)[number]

/**
 * States of a message. `pending` waits or is on its way; `dead` was not done and waits for a person; `dropped` was given up by a
 * person, or is about an account that its target does not host.
 */
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
  /** What it is about, for an action the account's DID: messages to one target about one subject are delivered in order. */
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
  /** How the last try ended, in a few words; undefined before the first, and while one is on its way. */
  readonly outcome: string | undefined
  /** ISO 8601: when it left `pending`. */
  readonly doneAt: string | undefined
}

/** A message that is about to be tried. */
export type ClaimedMessage = OutboxMessage & {
  /** True when an earlier try was cut off: how it ended was never written down, and it may have arrived. */
  readonly wasCutOff: boolean
}

/** What brings the messages of one kind to one target. */
export interface MessageCarrier {
  readonly kind: OutboxKind
  readonly id: string
  /** Tries once. Rejects with the signal's reason, and then it is not known whether the message arrived; and with faults of our own. */
  deliver(message: ClaimedMessage, signal: AbortSignal): Promise<TargetOutcome>
}

/** How a message ended. */
export type OutboxEnd = {
  readonly state: Exclude<OutboxState, 'pending'>
  /** As a target says it; `failed` when the attempts ran out, `dropped` when a person gave it up. */
  readonly kind: TargetOutcome['kind'] | 'dropped'
  /** Safe to show and to log. */
  readonly words: string
  /** What the target calls what it has done. */
  readonly reference?: string | undefined
}

/** Which messages a list shows, the newest first. */
export type OutboxWanted = {
  readonly states: readonly OutboxState[]
  /** Every kind unless told. */
  readonly kinds?: readonly OutboxKind[]
  /** Every one unless told. */
  readonly target?: string
  readonly limit: number
  /** Only messages with a smaller number. */
  readonly before?: number
}
