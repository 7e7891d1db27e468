import type { StreamCursor, StreamEvent } from '../model/stream-event.ts'

/** How much to take, and how long to wait for more where batches come close upon one another. */
export type TakeOptions = {
  /** At most this many events; at least 1. */
  readonly maxEvents: number
  /** The least milliseconds from one batch to the next, unless that is full; an event after a longer rest waits for nobody. */
  readonly lingerMs: number
}

/**
 * A stream of events that is read at the reader's own speed, by one reader.
 *
 * Events come in stream order. A source that reconnects resumes at the last committed cursor, inclusive, and leaves
 * out what it has delivered before; over a change of host or a restart some events may come again, never fewer.
 * What cannot be decoded is dropped and counted by the source. Memory is bounded: a source whose reader is slow stops
 * reading from the network. Disposal closes the connection; the reader must have stopped by then.
 */
export interface EventSource extends AsyncDisposable {
  /**
   * Waits for events and returns them, at least one. Resolves to none once `signal` is aborted.
   * @throws {EventSourceClosedError} when the source is disposed.
   */
  take(options: TakeOptions, signal: AbortSignal): Promise<readonly StreamEvent[]>
  /** Says that everything delivered up to and including this cursor's event is durable. */
  commit(cursor: StreamCursor): void
}
