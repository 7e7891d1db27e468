import type { Did } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import type { IngestChange } from '../model/stream-event.ts'
import type { DidStore } from '../store/did-store.ts'
import type { JobStore } from '../store/job-store.ts'

/** The stores that the stream changes. */
export type ChangedStores = {
  readonly jobs: Pick<JobStore, 'enqueue' | 'cancelRecord' | 'cancelAccount' | 'reviveAccount'>
  readonly dids: Pick<DidStore, 'forget'>
}

/**
 * Applies changes to the stores of one transaction, in order, and returns how many jobs are new. Safe to repeat.
 * `now` is epoch milliseconds.
 */
export async function applyChanges(
  { jobs, dids }: ChangedStores,
  changes: readonly IngestChange[],
  now: number,
): Promise<number> {
  const at = new Date(now).toISOString()
  const moved = new Set<Did>()
  let images: ImageRef[] = []
  let added = 0
  const enqueue = async (): Promise<void> => {
    if (images.length > 0) added += await jobs.enqueue(images, at, now)
    images = []
  }
  for (const change of changes) {
    // Images that follow one another go in together; anything else must find those before it in the table.
    if (change.kind === 'scan') images.push(change.image)
    else if (change.kind === 'identity') moved.add(change.did)
    else {
      await enqueue()
      await cancelOrRevive(jobs, change, at, now)
    }
  }
  await enqueue()
  if (moved.size > 0) await dids.forget([...moved])
  return added
}

async function cancelOrRevive(
  jobs: ChangedStores['jobs'],
  change: Exclude<IngestChange, { readonly kind: 'scan' | 'identity' }>,
  at: string,
  now: number,
): Promise<void> {
  switch (change.kind) {
    case 'record-gone':
      return jobs.cancelRecord(change.uri, undefined, 'record-deleted', at)
    case 'record-replaced':
      return jobs.cancelRecord(change.uri, change.recordCid, 'record-updated', at)
    case 'account-inactive':
      return jobs.cancelAccount(change.did, at)
    case 'account-active':
      return jobs.reviveAccount(change.did, now)
  }
}
