import type { SigningKey } from '../atproto/signing-key.ts'
import { AppError } from '../lib/errors.ts'
import type { SequencedLabel, SignedLabel } from '../model/label.ts'
import type { Database } from '../store/database.ts'
import type { LabelStore } from '../store/label-store.ts'
import { signLabel } from './sign-labels.ts'

/** Labels cannot be had while the DID document is being changed to another key: no signature would verify. */
export class LabelsHeldError extends AppError {
  override readonly name = 'LabelsHeldError'
  constructor() {
    super(
      'unavailable',
      'The label key is being changed and labels are held back; try again in a few seconds',
    )
  }
}

/** What serving labels needs. */
export type ServedLabelsDeps = {
  readonly database: Pick<Database, 'keys' | 'labels' | 'sharedTransaction'>
  /** Returns the private half of the live key that the store names. */
  readonly keyOf: (didKey: string) => Promise<Pick<SigningKey, 'sign' | 'did'>>
}

/**
 * The labels as the world may see them: each signed with the live key. Labels that an earlier key signed are signed anew
 * when they are read, and kept that way: the same fields, so the same `seq` and `cts`, since nothing about them has
 * changed that a subscriber who has them would have to hear.
 */
export interface ServedLabels extends Pick<LabelStore, 'stream' | 'query' | 'lastSeq'> {
  /**
   * Signs up to `limit` stale labels anew, and returns how many there were; 0 while labels are held back. For the
   * background task that completes what reads began.
   */
  renew(limit: number): Promise<number>
}

/**
 * Returns the label table as it is served. While labels are held back, pages are empty and queries are refused with
 * `LabelsHeldError`. What was read before that may still be on its way: whoever changes the document gives it time.
 */
export function createServedLabels({ database, keyOf }: ServedLabelsDeps): ServedLabels {
  const { keys, labels } = database

  async function renew(stale: readonly SequencedLabel[], live: string): Promise<Map<number, SignedLabel>> {
    const key = await keyOf(live)
    const signed = await Promise.all(
      stale.map(async (label) => ({ ...(await signLabel(key, label)), seq: label.seq })),
    )
    if (signed.length > 0) await database.sharedTransaction((stores) => stores.keys.resign(signed))
    return new Map(signed.map((label) => [label.seq, label]))
  }

  return {
    lastSeq: labels.lastSeq,

    async stream(after, limit) {
      const { live, isHeld, hasStale } = await keys.serving()
      if (isHeld || live === undefined) return []
      if (hasStale) await renew(await keys.stalePage(after, limit), live)
      return labels.stream(after, limit)
    },

    async query(wanted, now) {
      const { live, isHeld, hasStale } = await keys.serving()
      if (isHeld || live === undefined) throw new LabelsHeldError()
      const found = await labels.query(wanted, now)
      if (!hasStale) return found
      const renewed = await renew(await keys.staleAmong(found.map(({ seq }) => seq)), live)
      return found.map((label) => {
        const { sig, bytes } = renewed.get(label.seq) ?? label
        return { ...label, sig, bytes }
      })
    },

    async renew(limit) {
      const { live, isHeld, hasStale } = await keys.serving()
      if (isHeld || live === undefined || !hasStale) return 0
      return (await renew(await keys.stale(limit), live)).size
    },
  }
}
