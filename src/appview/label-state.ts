import type { Did } from '../model/ids.ts'

/**
 * What an AppView keeps of a label: a row of its `label` table. `src` is left out, since everything here is about one
 * labeler at a time.
 */
export type LabelState = {
  readonly uri: string
  /** The version of the record that the label is about; empty for accounts and for every version. */
  readonly cid: string
  readonly val: string
  readonly neg: boolean
  /** When it was made, as the labeler wrote it. */
  readonly cts: string
  /** ISO 8601 in UTC, since the AppView's query drops offsets; null for a label without an end. */
  readonly exp: string | null
}

/** What became of a label that was taken. */
export const labelOutcomes = {
  stored: 'it holds now, in place of what there was',
  expired: 'it replaced what there was, and had expired already: AppViews do not show it',
  negated: 'it withdrew the label, for every version of its subject',
  outdated: 'the table has a newer one',
  unchanged: 'the table has it already',
} as const

/** One key of `labelOutcomes`. */
export type LabelOutcome = keyof typeof labelOutcomes

/** Labels that become durable together with the place in the stream up to which they reach. */
export type LabelBatch = {
  readonly labeler: Did
  /** In stream order. */
  readonly labels: readonly LabelState[]
  /** The cursor that the batch builds on; undefined when the labeler was never read. */
  readonly after: number | undefined
  /** The highest seq in the batch. */
  readonly cursor: number
}
