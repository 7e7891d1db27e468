import type { TargetKind, TargetOutcome } from './target.ts'

/**
 * States of a message. `pending` waits or is on its way; `dead` was not done and waits for a person; `dropped` was given up by a
 * person, or is about an account that its target does not host.
 */
export const outboxStates = ['pending', 'done', 'dead', 'dropped'] as const

/** One member of `outboxStates`. */
export type OutboxState = (typeof outboxStates)[number]

/** A message that is to be sent. */
export type NewOutboxMessage = {
  /** Of its target. */
  readonly kind: TargetKind
  /** The id of whoever is to have it. */
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
  readonly kinds?: readonly TargetKind[]
  /** Every one unless told. */
  readonly target?: string
  readonly limit: number
  /** Only messages with a smaller number. */
  readonly before?: number
}
