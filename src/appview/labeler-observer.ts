import type { Log } from '../lib/logger.ts'
import type { Did } from '../model/ids.ts'
import type { LabelRefusal } from './check-label.ts'
import type { LabelOutcome } from './label-state.ts'
import { createLabelerLog } from './labeler-log.ts'
import type { LabelerReport } from './labeler-report.ts'
import type { FrameRefusal } from './read-batch.ts'
import type { SessionEnd } from './session-end.ts'
import type { SyncMetrics } from './sync-metrics.ts'
import type { WrittenBatch } from './written-batch.ts'

/** Hears of all that happens to one labeler: counts it, logs it, and sums it up. Never throws. */
export interface LabelerObserver {
  connected(fields: { readonly endpoint: string; readonly cursor: number | undefined }): void
  disconnected(end: SessionEnd, waitMs: number): void
  committed(batch: WrittenBatch): void
  frameRefused(reason: FrameRefusal): void
  info(name: string, cursor: number | undefined): void
  keyRefreshed(): void
  /** The labeler is not followed any more. Returns the sum of all. */
  ended(end: SessionEnd): LabelerReport
  /** How far the labeler's stream is in the table, as far as this run knows. */
  readonly cursor: number | undefined
}

/** Returns an observer; `now` is the milliseconds of a clock that only rises. */
export function createLabelerObserver(
  labeler: Did,
  {
    logger,
    metrics,
    now,
  }: { readonly logger: Log; readonly metrics: SyncMetrics; readonly now: () => number },
): LabelerObserver {
  const log = createLabelerLog(logger, labeler, now)
  const outcomes: Record<LabelOutcome, number> = {
    stored: 0,
    expired: 0,
    negated: 0,
    outdated: 0,
    unchanged: 0,
  }
  const refused: Partial<Record<LabelRefusal, number>> = {}
  let refusedFrames = 0
  let cursor: number | undefined

  return {
    connected(fields) {
      cursor = fields.cursor
      metrics.connected(labeler)
      log.connected(fields)
    },
    disconnected(end, waitMs) {
      metrics.disconnected(labeler, end.reason)
      log.flush()
      log.disconnected(end, waitMs)
    },
    committed(batch) {
      cursor = batch.cursor
      metrics.committed(labeler, batch)
      for (const outcome of batch.outcomes) outcomes[outcome]++
      for (const reason of batch.refusals) refused[reason] = (refused[reason] ?? 0) + 1
      log.refused(batch.refusals)
    },
    frameRefused(reason) {
      metrics.frameRefused(labeler, reason)
      refusedFrames++
      log.refused([reason])
    },
    info: log.info,
    keyRefreshed: () => metrics.keyRefreshed(labeler),
    get cursor() {
      return cursor
    },
    ended(end) {
      metrics.disconnected(labeler, end.reason)
      log.flush()
      log.ended(end, cursor)
      return { labeler, cursor, outcomes, refused, refusedFrames, end }
    },
  }
}
