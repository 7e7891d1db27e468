import type { Did } from '../model/ids.ts'
import type { LabelRefusal } from './check-label.ts'
import type { LabelOutcome } from './label-state.ts'
import type { SessionEnd } from './session-end.ts'

/** What one run did for one labeler. */
export type LabelerReport = {
  readonly labeler: Did
  /** How far its stream is in the table; undefined when this run never came to know. */
  readonly cursor: number | undefined
  readonly outcomes: Readonly<Record<LabelOutcome, number>>
  /** Labels that were not taken, by reason; reasons that did not occur are left out. */
  readonly refused: Readonly<Partial<Record<LabelRefusal, number>>>
  readonly refusedFrames: number
  /** How it ended: `stopped`, or `caught-up` when the run was to catch up, or what kept it from that. */
  readonly end: SessionEnd
}
