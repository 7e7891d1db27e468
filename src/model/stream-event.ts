import type { AtUri, Cid, Did } from './ids.ts'
import type { ImageRef } from './image.ts'

/** Our place in an event stream. `seq` is only meaningful on the host that gave it. */
export type StreamCursor = {
  /** The host that the event came from, as configured. */
  readonly host: string
  /** The host's display time of the event, microseconds since the epoch. */
  readonly timeUs: number
  /** The host's own number of the event, on hosts that number them. */
  readonly seq: number | undefined
}

/** One event of the network, decoded. Every kind carries the account and our place in the stream. */
export type StreamEvent = { readonly did: Did; readonly cursor: StreamCursor } & (
  | {
      readonly kind: 'commit'
      readonly operation: 'create' | 'update'
      readonly uri: AtUri
      readonly recordCid: Cid
      readonly record: unknown
    }
  | { readonly kind: 'commit'; readonly operation: 'delete'; readonly uri: AtUri }
  | { readonly kind: 'identity' }
  | { readonly kind: 'account'; readonly isActive: boolean }
)

/** Why part of the stream was refused, each with a sentence that says how much is lost. */
export const dropReasons = {
  'frame-too-large': 'A frame is larger than the limit; the connection is closed and the event lost',
  'frame-not-text': 'A frame is not text; the frame is dropped',
  'frame-not-json': 'A frame is not JSON; the frame is dropped',
  'unknown-kind': 'An event is of a kind that Harrier does not know; the event is dropped',
  'malformed-event': 'An event lacks a field or has one of another type; the event is dropped',
  'bad-did': 'An event names an account that is not a DID; the event is dropped',
  'bad-record-key': 'A commit does not name a valid record; the event is dropped',
  'bad-record-cid': 'A commit has no valid CID; the event is dropped',
  'record-unreadable': 'A record is not data as AT Protocol has it; its images are not looked at',
  'bad-blob-cid': 'A blob reference is not a raw SHA-256 CID; that image is not looked at',
  'too-many-blobs': 'A record has more blobs than the limit; those beyond it are not looked at',
} as const

/** One key of `dropReasons`. */
export type DropReason = keyof typeof dropReasons

/** What a batch of events changes in the store, in stream order. */
export type IngestChange =
  | { readonly kind: 'scan'; readonly image: ImageRef }
  | { readonly kind: 'record-gone'; readonly uri: AtUri }
  | { readonly kind: 'record-replaced'; readonly uri: AtUri; readonly recordCid: Cid }
  | { readonly kind: 'account-inactive'; readonly did: Did }
  | { readonly kind: 'account-active'; readonly did: Did }
  | { readonly kind: 'identity'; readonly did: Did }
