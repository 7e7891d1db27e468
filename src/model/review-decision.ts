import type { StoredEffect } from './effect.ts'
import type { TakedownScope } from './policy.ts'
import type { ReviewState } from './review.ts'

/** What a person can decide about a review, each with what it does; most of the words are Ozone's. */
export const reviewDecisions = {
  acknowledge: 'nothing is to be done; what is held for the subject is dropped',
  escalate: 'somebody of more authority is to decide',
  comment: 'only says something',
  apply: 'what the machine wanted, and a quota or a flood holds, is carried out',
  label: 'puts a label on the subject',
  takedown: 'has a target take the subject down',
  reverse: 'not a match: what was done because of the matches is taken back',
  release: 'a content in quarantine is believed, and what it holds is carried out',
  deconfirm: 'a content is not what its bank is for, and what it caused is taken back',
} as const

/** One key of `reviewDecisions`. */
export type ReviewDecision = keyof typeof reviewDecisions

/** Those after which the review is closed, for good; a reversal of one content leaves it open while others hold something. */
export const closingDecisions: readonly ReviewDecision[] = [
  'acknowledge',
  'apply',
  'label',
  'takedown',
  'reverse',
  'release',
  'deconfirm',
]

/** Whose hashes go into a negative bank: those of the content that matched, or those of the image that it matched. */
export const suppressedParts = ['content', 'image'] as const

/** What is to be suppressed from now on. */
export type Suppression = {
  /** The negative bank. */
  readonly bank: string
  readonly what: (typeof suppressedParts)[number]
}

/** A decision with what it needs. */
export type DecisionRequest = {
  /** Why, in the words of who decides: kept with the review, in no event, log or audit row. At most `maxReasonChars`. */
  readonly reason?: string | undefined
} & (
  | { readonly decision: Exclude<ReviewDecision, 'label' | 'takedown' | 'reverse'> }
  | {
      readonly decision: 'label'
      readonly val: string
      /** Carries out what else is held for the subject, instead of dropping it. */
      readonly isHeldApplied?: boolean
    }
  | {
      readonly decision: 'takedown'
      readonly target: string
      readonly of: TakedownScope
      readonly isHeldApplied?: boolean
    }
  | {
      readonly decision: 'reverse'
      /** Only what goes back to this content. */
      readonly contentId?: number | undefined
      /** Says of the content that it is not what its bank is for, too. */
      readonly isDeconfirmed?: boolean
      readonly suppress?: Suppression | undefined
    }
)

/** The most characters of a reason or a comment. */
export const maxReasonChars = 2_000

/** Who does something to a review. */
export type Reviewer = {
  /** As the audit has it, such as `cli:alice`. */
  readonly actor: string
  /** Decides although somebody else has claimed it. */
  readonly isForced?: boolean
}

/** What a decision does to one effect: carries out what was held, drops it, takes back what was done, or adds it. */
export type EffectChangeWord = 'carried-out' | 'dropped' | 'taken-back' | 'added'

/** What came of a decision, or what would. */
export type Decided = {
  readonly review: number
  readonly decision: ReviewDecision
  readonly state: ReviewState
  readonly effects: readonly { readonly change: EffectChangeWord; readonly effect: StoredEffect }[]
  /** The content that is deconfirmed, or out of quarantine. */
  readonly content: number | undefined
  /** The negative bank with what it holds for this now. */
  readonly suppressed:
    | { readonly bank: string; readonly content: number; readonly isNew: boolean }
    | undefined
}

/** A decision as it is kept with its review. */
export type KeptDecision = {
  readonly id: number
  readonly reviewId: number
  readonly decision: ReviewDecision
  readonly actor: string
  readonly details: DecisionDetails
  /** ISO 8601. */
  readonly at: string
}

/** What is kept of a decision beside its word. */
export type DecisionDetails = {
  readonly reason?: string
  /** The value of a label. */
  readonly val?: string
  readonly target?: string
  readonly of?: TakedownScope
  readonly content?: number
  readonly deconfirmed?: true
  readonly suppressed?: Suppression
  /** Effects by number. */
  readonly carriedOut?: readonly number[]
  readonly dropped?: readonly number[]
  readonly takenBack?: readonly number[]
  readonly added?: readonly number[]
  /** Who had claimed the review, where somebody else decided. */
  readonly overrode?: string
}
