import type { DropReason, IngestChange, StreamEvent } from '../model/stream-event.ts'
import { extractImages } from './extract-images.ts'

/** What one event changes, and what of it was refused. */
export type EventChanges = {
  readonly changes: readonly IngestChange[]
  readonly drops: readonly DropReason[]
}

/** Returns what an event changes in the store, in the order to apply; nothing for a new record without images. */
export function changesOf(event: StreamEvent, maxImages: number): EventChanges {
  const { did } = event
  if (event.kind === 'identity') return { changes: [{ kind: 'identity', did }], drops: [] }
  if (event.kind === 'account') {
    return { changes: [{ kind: event.isActive ? 'account-active' : 'account-inactive', did }], drops: [] }
  }
  const { uri } = event
  if (event.operation === 'delete') return { changes: [{ kind: 'record-gone', uri }], drops: [] }
  const { recordCid, operation } = event
  const { images, drops } = extractImages(event, maxImages)
  const scans = images.map((image): IngestChange => ({ kind: 'scan', image }))
  if (operation === 'create') return { changes: scans, drops }
  return { changes: [{ kind: 'record-replaced', uri, recordCid }, ...scans], drops }
}
