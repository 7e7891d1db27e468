import type { LabelRefusal } from './check-label.ts'
import type { LabelOutcome } from './label-state.ts'

/** A batch that is durable, with what was left out of it. */
export type WrittenBatch = {
  readonly outcomes: readonly LabelOutcome[]
  readonly refusals: readonly LabelRefusal[]
  readonly cursor: number
  /** How old its last label was, milliseconds; undefined when it had none. */
  readonly lagMs: number | undefined
}
