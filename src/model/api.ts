import type { ContentTexts } from './bank.ts'
import type { HashType, ImageHash } from './hash.ts'
import type { Match } from './match.ts'
import type { ImageFacts, UnscannableReason } from './scan.ts'

/** Bytes that a caller sent, or had fetched, after the decoder has seen them. */
export type HashedBytes =
  | { readonly kind: 'hashed'; readonly facts: ImageFacts; readonly hashes: readonly ImageHash[] }
  | { readonly kind: 'unscannable'; readonly reason: UnscannableReason }

/** A hash that a caller looks up. */
export type ApiNeedle = {
  readonly type: HashType
  /** Lower-case hex digits, `hashHexDigits` of them. */
  readonly value: string
}

/** How a caller wants to be answered. */
export type ApiSearch = {
  /** Only these banks, by name; one that does not exist has no matches. */
  readonly banks?: readonly string[]
  /** Instead of each bank's threshold, in bits. */
  readonly radius?: number
  /** The image's place in the share of each bank, 0 to 1; without it, every enabled bank is asked. */
  readonly coin?: number
}

/** A match with what the bank holds of the content. */
export type FoundContent = Pick<ContentTexts, 'label' | 'sourceId'> & {
  readonly match: Match
  /** The stored hash that matched, lower-case hex; empty when the content was removed in the meantime. */
  readonly value: string
}

/** What is known of content that a caller names: an image (CID), a record, an account, or an id of the caller's own. */
export type ContentStatus = {
  /** False when nothing that Harrier remembers has this name. */
  readonly isKnown: boolean
  /** True when it has matched and nobody has withdrawn that. */
  readonly isMatched: boolean
  /** What was done about it last, in the words of the REST API; undefined when nothing was. */
  readonly action: string | undefined
  /** The values of the labels that hold. */
  readonly labels: readonly string[]
}

/** One row of the audit log. */
export type AuditRow = {
  readonly id: number
  /** ISO 8601. */
  readonly at: string
  readonly actor: string
  readonly action: string
  readonly subject: string
  readonly details: Readonly<Record<string, unknown>>
}

/** Which rows of the audit log are wanted, newest first. */
export type AuditWanted = {
  readonly limit: number
  /** Rows that are passed over first. */
  readonly offset: number
  /** Only rows about this. */
  readonly subject?: string
}

/** How the service is, for whoever watches it. */
export type ServiceHealth = {
  /** Hashes that searches cover. */
  readonly bankHashes: number
  /** Images that wait to be hashed, or are being hashed. */
  readonly pendingHashes: number
  /** True while the event stream is read. */
  readonly isStreaming: boolean
  /** Since the start: images and hashes that were asked for, matches found, effects and actions. */
  readonly totals: { readonly requests: number; readonly matches: number; readonly actions: number }
}
