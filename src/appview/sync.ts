/**
 * The AppView's side of labels, its front door: the streams of any number of labelers become rows of the AppView's `label`
 * table.
 *
 * Owns: following each labeler by what its DID document says, verifying every label, deciding which row holds, and our
 * place in each stream. Leaves to others: what a label means, and showing it: the AppView reads the table.
 * Invariants: a label is written only if it verifies, and is by the labeler that sent it; a batch and its cursor are one
 * transaction, so a kill at any line loses nothing and doubles nothing; a subject and a value of a labeler have one row;
 * what a labeler sends is bounded in bytes, count and depth before it is looked at; one labeler's trouble is its own.
 *
 * `follow-labeler.ts` keeps at one labeler, `label-session.ts` is one attempt, and `label-stream.ts` one connection:
 * `label-socket.ts` (bytes and pings), `read-batch.ts` with `decode-frame.ts` and `check-label.ts` (form), `label-verifier.ts`
 * (signatures). `appview-store.ts` is the port to the database and `label-table.ts` implements it; `settle-labels.ts`
 * decides which label wins, and `postgres.ts` alone knows the driver.
 */
import type { Log } from '../lib/logger.ts'
import type { OpenWebSocket } from '../lib/safe-websocket.ts'
import type { Did } from '../model/ids.ts'
import type { AppviewStore } from './appview-store.ts'
import { type FollowOptions, followLabeler } from './follow-labeler.ts'
import { createLabelerObserver } from './labeler-observer.ts'
import type { LabelerReport } from './labeler-report.ts'
import type { LabelerSources } from './labeler-source.ts'
import type { SyncMetrics } from './sync-metrics.ts'

/** What the sync needs. The store stays the caller's. */
export type SyncDeps = {
  readonly store: Pick<AppviewStore, 'loadCursor' | 'commit'>
  readonly sources: LabelerSources
  readonly openWebSocket: OpenWebSocket
  readonly metrics: SyncMetrics
  readonly logger: Log
  readonly now: () => Date
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
}

/**
 * Follows the labelers side by side until the signal is aborted, or until each has been read to its end when
 * `options.idleMs` asks for that. Returns a report for each, in their order.
 * @throws what `followLabeler` throws for any of them; the others are stopped first.
 */
export async function syncLabelers(
  deps: SyncDeps,
  options: FollowOptions,
  labelers: readonly Did[],
  signal: AbortSignal,
): Promise<LabelerReport[]> {
  const stopping = new AbortController()
  const stop = (): void => stopping.abort(signal.reason)
  signal.addEventListener('abort', stop)
  if (signal.aborted) stop()
  const now = (): number => performance.now()
  const following = labelers.map(async (labeler) => {
    const observer = createLabelerObserver(labeler, { ...deps, now })
    try {
      return await followLabeler({ ...deps, labeler, observer }, options, stopping.signal)
    } catch (error) {
      stopping.abort(error)
      throw error
    }
  })
  try {
    await Promise.allSettled(following)
    return await Promise.all(following)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
