import { pause } from '../lib/pause.ts'
import type { ServedLabels } from './served-labels.ts'

/** So many labels are signed at once; readers wait for at most one such step. */
const batchSize = 250
/** How often, in milliseconds, a change of keys is looked for. */
const lookMs = 1000

/**
 * Signs every label with the live key that an earlier one has signed, in small steps, until the signal is aborted. After
 * each complete run `onDone` is told how many there were. What a reader needs sooner, the reader signs.
 */
export async function renewLabels(
  served: Pick<ServedLabels, 'renew'>,
  onDone: (count: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let count = 0
  while (!signal.aborted) {
    const renewed = await served.renew(batchSize)
    count += renewed
    if (renewed === 0 && count > 0) {
      onDone(count)
      count = 0
    }
    await pause(renewed > 0 ? 1 : lookMs, signal)
  }
}
