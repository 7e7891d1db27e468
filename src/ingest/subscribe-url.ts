import type { StreamCursor } from '../model/stream-event.ts'

/** What is asked of a Jetstream host. */
export type SubscribeOptions = {
  /** NSIDs, or prefixes that end in `.*`; at most 100; none means all. Account and identity events always come. */
  readonly wantedCollections: readonly string[]
  /** The host is asked to leave out larger events; bytes. */
  readonly maxFrameBytes: number
  /** How far before the cursor's time to begin on another host than the one that gave it; milliseconds. */
  readonly rewindMs: number
}

/** Returns the URL that subscribes to a host from `cursor` on, inclusive, or to what is new when there is none. */
export function subscribeUrl(host: string, cursor: StreamCursor | undefined, options: SubscribeOptions): URL {
  const url = new URL('/subscribe', host)
  for (const collection of options.wantedCollections) url.searchParams.append('wantedCollections', collection)
  url.searchParams.set('maxMessageSizeBytes', String(options.maxFrameBytes))
  if (cursor) url.searchParams.set('cursor', String(resumePoint(host, cursor, options.rewindMs)))
  return url
}

/**
 * A host's own number where it gave one: times are for display on such hosts, and may replay an hour. Numbers mean
 * nothing on another host, and clocks differ, hence the rewind.
 */
function resumePoint(host: string, cursor: StreamCursor, rewindMs: number): number {
  if (cursor.host === host) return cursor.seq ?? cursor.timeUs
  return Math.max(0, cursor.timeUs - rewindMs * 1000)
}
