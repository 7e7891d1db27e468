import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Did } from '../model/ids.ts'
import { labelRefusals } from './check-label.ts'
import { labelOutcomes } from './label-state.ts'
import type { FrameRefusal } from './read-batch.ts'
import type { WrittenBatch } from './written-batch.ts'

/** Every measurement. The set of labelers is closed: those that the operator chose. Never throws. */
export interface SyncMetrics {
  readonly contentType: string
  /** Returns everything in the Prometheus format. */
  text(): Promise<string>
  connected(labeler: Did): void
  /** Counts a connection, or an attempt at one, that ended. */
  disconnected(labeler: Did, reason: string): void
  /** Counts a batch that is durable. */
  committed(labeler: Did, batch: WrittenBatch): void
  frameRefused(labeler: Did, reason: FrameRefusal): void
  /** Counts a key that was asked for anew since a signature did not verify. */
  keyRefreshed(labeler: Did): void
}

/** Returns fresh metrics for the labelers, every label outcome at zero. */
export function createSyncMetrics(labelers: readonly Did[]): SyncMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string): Gauge<'labeler'> =>
    new Gauge({ name, help, labelNames: ['labeler'], registers })

  const labels = counter(
    'appview_sync_labels_total',
    'Labels received, by what became of them',
    'labeler',
    'outcome',
  )
  const frames = counter('appview_sync_refused_frames_total', 'Frames passed over', 'labeler', 'reason')
  const ends = counter('appview_sync_disconnects_total', 'Connections that ended', 'labeler', 'reason')
  const refreshes = counter('appview_sync_key_refreshes_total', 'Keys asked for anew', 'labeler')
  const link = gauge('appview_sync_connected', '1 while the labeler’s stream is open')
  const lag = gauge('appview_sync_lag_seconds', 'Age of the last label when it was written')
  const cursor = gauge('appview_sync_cursor', 'The seq up to which the labeler’s labels are in the table')
  for (const labeler of labelers) {
    link.set({ labeler }, 0)
    for (const outcome of Object.keys({ ...labelOutcomes, ...labelRefusals }))
      labels.inc({ labeler, outcome }, 0)
  }

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    connected: (labeler) => link.set({ labeler }, 1),
    disconnected(labeler, reason) {
      link.set({ labeler }, 0)
      ends.inc({ labeler, reason })
    },
    committed(labeler, batch) {
      for (const outcome of [...batch.outcomes, ...batch.refusals]) labels.inc({ labeler, outcome })
      cursor.set({ labeler }, batch.cursor)
      if (batch.lagMs !== undefined) lag.set({ labeler }, batch.lagMs / 1000)
    },
    frameRefused: (labeler, reason) => frames.inc({ labeler, reason }),
    keyRefreshed: (labeler) => refreshes.inc({ labeler }),
  }
}
