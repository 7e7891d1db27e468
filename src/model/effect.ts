import type { AtUri, Cid } from './ids.ts'
import type { Match } from './match.ts'

/** What will be done about an image. Each can be repeated without being doubled, and undone. */
export type Effect =
  | {
      readonly kind: 'label'
      readonly uri: AtUri
      readonly cid: Cid
      readonly val: string
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

/** The kinds of effect, for metrics. */
export const effectKinds = ['label', 'log', 'withheld'] as const
