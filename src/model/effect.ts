import type { Priority } from './emission.ts'
import type { AtUri, Cid, Did, SubjectUri } from './ids.ts'
import type { WantedLabel } from './label.ts'
import type { Match } from './match.ts'
import type { TargetSubject } from './target.ts'

/** The kinds of effect that change something for others, or ask a person to. */
export const actingKinds = ['label', 'report', 'takedown', 'review', 'webhook'] as const

/** One member of `actingKinds`. */
export type ActingKind = (typeof actingKinds)[number]

/** Why something that a policy calls for is not done. */
export const withholdReasons = ['already-labeled', 'already-done', 'withdrawn', 'dry-run'] as const

/** One member of `withholdReasons`. */
export type WithholdReason = (typeof withholdReasons)[number]

/** The effects that are carried out: each can be repeated without being doubled, and undone. */
export type ActingEffect =
  | {
      readonly kind: 'label'
      /** The record, or its account where the policy says so. */
      readonly uri: SubjectUri
      /** The version of the record that has the image; undefined for an account. */
      readonly cid: Cid | undefined
      readonly val: string
      /** When the label stops holding (ISO 8601); undefined for one that holds until it is withdrawn. */
      readonly exp: string | undefined
      readonly priority: Priority
      /** The label must be newer than this (ISO 8601); undefined when the subject never had the value. */
      readonly after: string | undefined
      readonly match: Match
    }
  | {
      readonly kind: 'report'
      readonly target: string
      readonly reasonType: string
      readonly subject: TargetSubject
      readonly match: Match
    }
  | {
      readonly kind: 'takedown'
      readonly target: string
      readonly subject: TargetSubject
      /** Undefined where a person took the same blob down elsewhere. */
      readonly match: Match | undefined
    }
  | { readonly kind: 'review'; readonly isEscalated: boolean; readonly match: Match }
  | { readonly kind: 'webhook'; readonly target: string; readonly match: Match }

/** What will be done about an image. */
export type Effect =
  | ActingEffect
  | { readonly kind: 'log'; readonly match: Match }
  | {
      /** Something a policy asked for that already holds, that a person withdrew, or that is only tried; recorded, never carried out. */
      readonly kind: 'withheld'
      readonly of: ActingKind
      /** The value of a label; else the target. */
      readonly val: string
      readonly because: WithholdReason
      readonly match: Match | undefined
    }
  /** Nothing, because a content of a negative bank, or an opinion of the content itself, suppresses the match. */
  | { readonly kind: 'suppressed'; readonly match: Match; readonly by: Match }

/** The kinds of effect, for metrics. */
export const effectKinds: readonly Effect['kind'][] = [...actingKinds, 'log', 'withheld', 'suppressed']

/** The targets that are our own, in the place of one that an operator names. */
export const ownTargets = { labels: 'labels', reviews: 'reviews' } as const

/** Returns the label that an effect calls for, without what it does not say. */
export function wantedLabelOf({
  uri,
  cid,
  val,
  exp,
}: Pick<Extract<Effect, { kind: 'label' }>, 'uri' | 'cid' | 'val' | 'exp'>): WantedLabel {
  return { uri, val, ...(cid === undefined ? {} : { cid }), ...(exp === undefined ? {} : { exp }) }
}

/** True for an effect that is carried out. */
export function isActing(effect: Effect): effect is ActingEffect {
  return (actingKinds as readonly string[]).includes(effect.kind)
}

/**
 * States of an effect. `held` waits for a person or for a pause to end; `pending` is on its way to its target; `done` holds;
 * `failed` did not come to be, and a person has to look; `undoing` is being lifted; `undone` was lifted; `dropped` was held and
 * never will be done.
 */
export const effectStates = ['held', 'pending', 'done', 'failed', 'undoing', 'undone', 'dropped'] as const

/** One member of `effectStates`. */
export type EffectState = (typeof effectStates)[number]

/** Those in which an effect holds, may come to hold, or may have come to hold. */
export const standingStates: readonly EffectState[] = ['held', 'pending', 'done', 'failed']

/** Why an effect is held. */
export const holdReasons = ['paused', 'quota', 'flood'] as const

/** One member of `holdReasons`. */
export type HoldReason = (typeof holdReasons)[number]

/**
 * Why an effect was undone. A person's judgement (the first three) stands: the machine does not do the same again. What falls
 * with its cause alone may be done again when another calls for it.
 */
export const undoReasons = [
  'not-a-match',
  'restored',
  'acknowledged',
  'hash-withdrawn',
  'deconfirmed',
] as const

/** One member of `undoReasons`. */
export type UndoReason = (typeof undoReasons)[number]

/** What carries an effect out, so that one that was held can be done later: kept as JSON. */
export type EffectAction =
  | { readonly kind: 'label'; readonly label: WantedLabel; readonly priority: Priority }
  | { readonly kind: 'report'; readonly subject: TargetSubject; readonly reasonType: string }
  | {
      readonly kind: 'takedown'
      readonly subject: TargetSubject
      /** The blob is to go from every account, also from those in which it is seen later. */
      readonly isEverywhere?: true
    }
  | { readonly kind: 'review'; readonly uri: AtUri; readonly isEscalated: boolean }
  | { readonly kind: 'webhook'; readonly uri: AtUri; readonly match: Match }

/** An effect as it is kept. */
export type StoredEffect = {
  readonly id: number
  readonly kind: ActingKind
  readonly target: string
  /** As `formatSubject` has it. */
  readonly subject: string
  readonly did: Did
  readonly uri: AtUri | undefined
  readonly recordCid: Cid | undefined
  readonly blobCid: Cid | undefined
  /** The value of a label, the reason of a report; else empty. */
  readonly detail: string
  readonly action: EffectAction
  readonly state: EffectState
  readonly because: HoldReason | UndoReason | undefined
  /** What the target said, in a word or two. */
  readonly outcome: string | undefined
  readonly actor: string
  readonly jobId: number | undefined
  readonly reviewId: number | undefined
  /** What called for it; undefined where a person did. */
  readonly cause: EffectCause | undefined
  /** ISO 8601, as all times here. */
  readonly createdAt: string
  readonly settledAt: string | undefined
  readonly undoneAt: string | undefined
  readonly undoneBy: string | undefined
}

/** The content that an effect goes back to. */
export type EffectCause = Pick<Match, 'bankId' | 'bank' | 'contentId' | 'distance'>

/** An effect that is to be kept. */
export type NewEffect = Omit<
  StoredEffect,
  'id' | 'outcome' | 'settledAt' | 'undoneAt' | 'undoneBy' | 'because'
> & { readonly because?: HoldReason | undefined }

/** Returns what makes two effects the same: kind, target, subject with its version, and detail. */
export function effectKey({
  kind,
  target,
  subject,
  recordCid,
  detail,
}: Pick<StoredEffect, 'kind' | 'target' | 'subject' | 'recordCid' | 'detail'>): string {
  return [kind, target, subject, recordCid ?? '', detail].join(' ')
}

/** Returns a subject as it is listed: a DID, a record's URI, or `<did>/<cid>` for a blob. */
export function formatSubject(subject: TargetSubject): string {
  switch (subject.kind) {
    case 'account':
      return subject.did
    case 'record':
      return subject.uri
    case 'blob':
    default:
      return `${subject.did}/${subject.cid}`
  }
}
