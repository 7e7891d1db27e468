import { resolveLabelKey } from '../../test/support/label-key.ts'
import { type ReceivedLabel, subscribeLabels, verifyLabel } from '../../test/support/label-subscriber.ts'

/** A label as a subscriber has it: received, and checked against the labeler's DID document. */
export type CheckedLabel = {
  readonly seq: number
  readonly label: ReceivedLabel
  readonly isVerified: boolean
  /** Epoch milliseconds. */
  readonly receivedAt: number
}

/** What to subscribe to, and what the DIDs of labels are resolved with. */
export type FollowOptions = {
  readonly serviceUrl: string
  readonly plcUrl: string
  readonly signal: AbortSignal
}

/**
 * Yields the labels of a service from its first one on, each with the verdict on its signature, until the signal is
 * aborted. The key is looked up once per source, as subscribers do, and again when a signature does not fit it.
 */
export async function* followLabels(options: FollowOptions): AsyncGenerator<CheckedLabel, void, undefined> {
  const keys = new Map<string, string | undefined>()
  const { serviceUrl, plcUrl, signal } = options
  const refresh = async (src: string): Promise<void> => {
    keys.set(src, await resolveLabelKey(plcUrl, src))
  }
  for await (const { seq, labels } of subscribeLabels(serviceUrl, { cursor: 0, signal })) {
    const receivedAt = Date.now()
    for (const label of labels) {
      if (!keys.has(label.src)) await refresh(label.src)
      let isVerified = await verify(label, keys.get(label.src))
      if (!isVerified) {
        await refresh(label.src)
        isVerified = await verify(label, keys.get(label.src))
      }
      yield { seq, label, isVerified, receivedAt }
    }
  }
}

async function verify(label: ReceivedLabel, key: string | undefined): Promise<boolean> {
  return key !== undefined && (await verifyLabel(label, key))
}
