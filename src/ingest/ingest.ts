/**
 * Ingest's front door: the network's event stream becomes jobs in the store.
 *
 * Owns: reading the stream at our own speed, deciding what in it is an image, and our place in it. Leaves to others:
 * fetching and judging the images (`worker.ts` claims the jobs), and what a job's end means.
 * Invariants: the cursor is stored in the transaction that stores the work it stands for, and the source hears of it
 * only then; events are applied in stream order; what the network sends wrong is dropped, counted and never thrown;
 * a store that fails ends the run.
 *
 * `event-source.ts` is the port to the stream. `jetstream.ts` implements it: hosts, reconnection, backpressure; with
 * `jetstream-connection.ts` (one websocket), `subscribe-url.ts` (where to resume) and `repeat-filter.ts` (what came
 * before). `decode-event.ts` knows the wire format, `extract-images.ts` the blobs in a record, `changes-of.ts` what an
 * event means, and `apply-changes.ts` the stores.
 */
import type { Logger } from 'pino'
import type { DropReason, IngestChange, StreamEvent } from '../model/stream-event.ts'
import type { CursorStore } from '../store/cursor-store.ts'
import { applyChanges, type ChangedStores } from './apply-changes.ts'
import { changesOf } from './changes-of.ts'
import type { EventSource, TakeOptions } from './event-source.ts'

/** The name of this stream's place in `cursors`. */
export const jetstreamCursor = 'jetstream'

/** One batch, durable. */
export type CommittedBatch = {
  readonly events: number
  /** New jobs. */
  readonly jobs: number
  /** From the batch in hand to its commit, milliseconds. */
  readonly durationMs: number
  /** How far its last event lies back, milliseconds; never negative. */
  readonly lagMs: number
}

/** What ingest counts. Must be cheap and must not throw. */
export interface IngestMetrics {
  dropped(reason: DropReason): void
  committed(batch: CommittedBatch): void
}

/** The store's part that ingest writes, everything inside one transaction. */
type UnsyncedIngest = {
  transaction<T>(
    work: (stores: ChangedStores & { readonly cursors: Pick<CursorStore, 'save'> }) => Promise<T>,
  ): Promise<T>
}

/** Where ingest writes. It does not wait for the disk: after a loss of power the cursor is gone with the jobs, and the stream is read again. */
export interface IngestDatabase {
  withoutSync<T>(work: (unsynced: UnsyncedIngest) => Promise<T>): Promise<T>
}

/** What ingest needs. The source stays the caller's: it disposes of it after `run` has ended. */
export type IngestDeps = {
  readonly source: Pick<EventSource, 'take' | 'commit'>
  readonly database: IngestDatabase
  readonly metrics: IngestMetrics
  readonly logger: Pick<Logger, 'info' | 'debug'>
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Called after a commit that added jobs; must not throw. */
  readonly onJobs: () => void
}

/** How ingest reads, and what it looks at. */
export type IngestOptions = TakeOptions & {
  /** Images beyond this many in one record are not looked at. */
  readonly maxBlobsPerRecord: number
}

/** The running part of ingest. */
export interface Ingest {
  /**
   * Reads the stream until `signal` is aborted; a batch in hand is finished first. Call it once.
   * @throws what the store throws; nothing of that batch is written, and the stream resumes before it next time.
   */
  run(signal: AbortSignal): Promise<void>
}

/** Builds ingest over a source; starts nothing. */
export function createIngest(deps: IngestDeps, options: IngestOptions): Ingest {
  return {
    async run(signal) {
      deps.logger.info({}, 'ingest.started')
      while (!signal.aborted) {
        const events = await deps.source.take(options, signal)
        await commitBatch(deps, options, events)
      }
      deps.logger.info({}, 'ingest.stopped')
    },
  }
}

async function commitBatch(
  { source, database, metrics, logger, now, onJobs }: IngestDeps,
  { maxBlobsPerRecord }: IngestOptions,
  events: readonly StreamEvent[],
): Promise<void> {
  const last = events.at(-1)
  if (!last) return
  const { cursor } = last
  const startedAt = now()
  const changes: IngestChange[] = []
  for (const event of events) {
    const found = changesOf(event, maxBlobsPerRecord)
    changes.push(...found.changes)
    for (const reason of found.drops) metrics.dropped(reason)
  }
  const jobs = await database.withoutSync(({ transaction }) =>
    transaction(async (stores) => {
      const added = await applyChanges(stores, changes, startedAt)
      await stores.cursors.save(jetstreamCursor, cursor)
      return added
    }),
  )
  source.commit(cursor)
  if (jobs > 0) onJobs()
  const lagMs = Math.max(0, startedAt - cursor.timeUs / 1000)
  const batch: CommittedBatch = { events: events.length, jobs, durationMs: now() - startedAt, lagMs }
  metrics.committed(batch)
  logger.debug(batch, 'ingest.committed')
}
