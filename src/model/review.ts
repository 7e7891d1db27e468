import type { Quarantine } from './brake.ts'
import type { CuratedContent } from './curation.ts'
import type { StoredEffect } from './effect.ts'
import type { AtUri, Cid, Did, SubjectUri } from './ids.ts'
import type { LabelState } from './label.ts'
import type { Match } from './match.ts'
import type { ExchangeOpinion } from './opinion.ts'
import type { Report } from './report.ts'
import type { KeptDecision } from './review-decision.ts'

/**
 * Where a review stands, in Ozone's words (`tools.ozone.moderation.defs`): `closed` is final; a new report or match, or a person
 * who wants to judge again, opens another.
 */
export const reviewStates = ['open', 'escalated', 'closed'] as const

/** One member of `reviewStates`. */
export type ReviewState = (typeof reviewStates)[number]

/** What a person may be asked to do about a subject beside judging it: a CyberTip is filed outside Harrier. */
export type ReviewRequest = 'cybertip'

/** A content of a bank as the subject of a review: it matches too often to be believed. */
export type ContentSubject = `content:${number}`

/** What a review is of: an account, a record, or a content of a bank. */
export type ReviewSubject = SubjectUri | ContentSubject

/** Returns a content as the subject of a review. */
export function contentSubject(contentId: number): ContentSubject {
  return `content:${contentId}`
}

/** Returns the content that a review is of; undefined for a review of an account or a record. */
export function contentOfSubject(subject: ReviewSubject): number | undefined {
  const [kind, id] = subject.split(':', 2)
  return kind === 'content' ? Number(id) : undefined
}

/** A subject that a person is to judge. At most one review of a subject is not closed. */
export type Review = {
  readonly id: number
  readonly subject: ReviewSubject
  /** The account, or the record's; the labeler's for a content. */
  readonly did: Did
  readonly state: ReviewState
  /** ISO 8601. */
  readonly createdAt: string
  /** When a report or evidence was added, or something was decided, last. */
  readonly updatedAt: string
  readonly requested: ReviewRequest | undefined
  /** Who has it for the time being, and until when; a claim that is over may still be here. */
  readonly claim: ReviewClaim | undefined
  readonly closedAt: string | undefined
}

/** A person's claim on a review: others leave it alone. */
export type ReviewClaim = {
  /** As the audit has it. */
  readonly by: string
  /** ISO 8601: from then on anybody may take it. */
  readonly until: string
}

/** Returns the claim of a review as it is at a time (ISO 8601); undefined when nobody has it. */
export function claimAt({ claim }: Pick<Review, 'claim'>, at: string): ReviewClaim | undefined {
  return claim !== undefined && claim.until > at ? claim : undefined
}

/** A review with what a list shows of it. */
export type ReviewSummary = Review & {
  readonly reportCount: number
  /** Of those that are not suppressed, as is `nearest`. */
  readonly matchCount: number
  /** Bits; undefined when nothing matched. */
  readonly nearest: number | undefined
  /** The banks of those matches, by name; at most 20. */
  readonly banks: readonly string[]
  /** Effects that wait for what is decided. */
  readonly heldCount: number
}

/** What a list of reviews shows. */
export type ReviewsWanted = {
  readonly states: readonly ReviewState[]
  readonly limit: number
  /** Only those that have a match of this bank that acts. */
  readonly bank?: string | undefined
  /** Only those that nobody but `by`, or nobody at all, has claimed at a time (ISO 8601); with `isTheirs` those that `by` has. */
  readonly claim?: { readonly at: string; readonly by?: string | undefined; readonly isTheirs?: boolean }
}

/** A match of one of the subject's images, kept with the review. It names content in a bank; it holds no image. */
export type Evidence = {
  /** The record that shows the image. */
  readonly uri: AtUri
  /** Undefined where the image was sent to us and its record was not found to show it. */
  readonly recordCid: Cid | undefined
  /** The image. */
  readonly cid: Cid
  readonly match: Match
  /** The content of a negative bank that suppresses the match; left out where the match acts. */
  readonly suppressedBy?: Match
  /** What was compared, in hex; undefined where it was not kept. */
  readonly imageHash: string | undefined
  readonly bankHash: string | undefined
  /** The digest of the policy by which it was judged, and how far the indexes had followed the banks. */
  readonly policy: string | undefined
  readonly banks: string | undefined
  readonly foundAt: string
}

/** An image of the subject, and how looking at it ended. */
export type ReviewImage = {
  readonly uri: AtUri
  /** Undefined where the image was sent to us and its record was not found to show it. */
  readonly recordCid: Cid | undefined
  readonly cid: Cid
  /** A scan's outcome, such as `hashed`; undefined while it waits. */
  readonly outcome: string | undefined
}

/** The record that shows a subject's images, and how fetching it ended. */
export type ReviewedRecord = {
  /** The reported record, or the profile of the reported account. */
  readonly uri: AtUri
  /** Undefined while it waits, or why its host did not give it. */
  readonly outcome: string | undefined
  readonly attempts: number
}

/** How a content came into its bank; of whom only what is known. */
export type ContentProvenance = {
  readonly how: 'added' | 'imported' | 'shared' | 'unknown'
  /** ISO 8601. */
  readonly at: string
  /** Who added or imported it, as the audit has it. */
  readonly by: string | undefined
  /** The format of the file that was imported. */
  readonly format: string | undefined
  /** Which kind of exchange fills the bank, and what its members think of the content. */
  readonly exchange: { readonly api: string; readonly opinion: ExchangeOpinion | undefined } | undefined
}

/** What a person here thinks of a content. */
export type KeptVerdict = {
  readonly verdict: 'confirmed' | 'negative'
  readonly actor: string
  readonly reason: string
  /** ISO 8601. */
  readonly at: string
}

/** A content of which a review has a match, as its bank has it now. */
export type EvidenceContent = {
  readonly contentId: number
  readonly bank: string
  /** False once it was removed, or its bank. */
  readonly isThere: boolean
  readonly content: Omit<CuratedContent, 'id' | 'bankId' | 'createdAt' | 'hashes'> | undefined
  readonly provenance: ContentProvenance | undefined
  readonly verdict: KeptVerdict | undefined
}

/** A match that a review has, with how its two hashes differ. */
export type ComparedEvidence = Evidence & {
  /** The bits that differ, as hex digits of the two hashes' exclusive or; undefined where one was not kept. */
  readonly difference: string | undefined
}

/** A review of the same subject before. */
export type EarlierReview = Pick<ReviewSummary, 'id' | 'state' | 'createdAt' | 'closedAt'> & {
  readonly decisions: readonly KeptDecision[]
}

/** Everything that is known of a review. */
export type ReviewDetails = {
  readonly review: ReviewSummary
  /** Oldest first, the last 100. */
  readonly reports: readonly Report[]
  readonly records: readonly ReviewedRecord[]
  readonly images: readonly ReviewImage[]
  /** Nearest first. */
  readonly evidence: readonly ComparedEvidence[]
  /** The contents of that evidence, and for a content in quarantine that one, by number; at most 100. */
  readonly contents: readonly EvidenceContent[]
  /** What was done about the subject, or is held, oldest first; at most 200. */
  readonly effects: readonly StoredEffect[]
  /** What holds, or held, of labels on the subject. */
  readonly labels: readonly LabelState[]
  /** The quarantine of the content that the review is of, while that is on. */
  readonly quarantine: Quarantine | undefined
  /** Oldest first. */
  readonly decisions: readonly KeptDecision[]
  /** Newest first, the last 20. */
  readonly earlier: readonly EarlierReview[]
}
