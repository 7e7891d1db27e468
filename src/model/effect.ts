import type { Priority } from './emission.ts'
import type { Cid, SubjectUri } from './ids.ts'
import type { WantedLabel } from './label.ts'
import type { Match } from './match.ts'

/** What will be done about an image. Each can be repeated without being doubled, and undone. */
export type Effect =
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
  | { readonly kind: 'log'; readonly match: Match }
  | {
      /** Something a policy asked for that already holds or that a person withdrew; recorded, never carried out. */
      readonly kind: 'withheld'
      readonly val: string
      readonly because: 'already-labeled' | 'withdrawn'
      readonly match: Match
    }
  /** Nothing, because a content of a negative bank suppresses the match. */
  | { readonly kind: 'suppressed'; readonly match: Match; readonly by: Match }

/** The kinds of effect, for metrics. */
export const effectKinds = ['label', 'log', 'withheld', 'suppressed'] as const

/** Returns the label that an effect calls for, without what it does not say. */
export function wantedLabelOf({ uri, cid, val, exp }: Extract<Effect, { kind: 'label' }>): WantedLabel {
  return { uri, val, ...(cid === undefined ? {} : { cid }), ...(exp === undefined ? {} : { exp }) }
}
