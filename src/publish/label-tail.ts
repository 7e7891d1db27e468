/**
 * Publishing, second front door: what subscribers read.
 *
 * Owns: following the label table after a cursor, first what is there and then what comes. Leaves to others: frames
 * and sockets (`http/xrpc/subscribe-labels.ts`), and knowing when there is something new: whoever commits labels calls
 * `wake`.
 * Invariants: labels are read back from the store, so nothing is shown before it is durable; each subscription sees
 * every seq above its cursor once, in order. There is no switch from replay to live that could lose or double a label:
 * seq rises in commit order, so "everything above the last one seen" is the same question all the time.
 * A subscription asks for the next page only when its reader has taken the one before, so a slow reader holds one page.
 */
import { AppError } from '../lib/errors.ts'
import type { SequencedLabel } from '../model/label.ts'
import type { LabelStore } from '../store/label-store.ts'

/** The most labels that one page of a subscription holds. */
export const labelPageSize = 500

/** The cursor is above every seq ever given: it is not from this labeler, or the labeler's store was lost. */
export class FutureCursorError extends AppError {
  override readonly name = 'FutureCursorError'
  constructor(cursor: number, lastSeq: number) {
    super('invalid', `Expected at most ${lastSeq}, the newest seq, for cursor but received ${cursor}`)
  }
}

/** The labels as they are published. */
export interface LabelTail {
  /**
   * Yields pages of 1 to `labelPageSize` labels with a seq above `cursor`, in seq order, and waits for more when there
   * are none, until the signal is aborted; then it ends. Without a cursor it yields what is published from now on.
   * @throws {FutureCursorError} on the first step, when the cursor is above every seq.
   */
  subscribe(cursor: number | undefined, signal: AbortSignal): AsyncIterable<readonly SequencedLabel[]>
  /** Makes every subscription look again. To be called after each commit of labels; calling it for nothing is harmless. */
  wake(): void
}

type Page = Promise<readonly SequencedLabel[]>

/** Returns a tail over the label table. */
export function createLabelTail({
  labels,
}: {
  readonly labels: Pick<LabelStore, 'page' | 'lastSeq'>
}): LabelTail {
  const waiting = new Set<() => void>()
  let wakes = 0
  let shared: { readonly after: number; readonly wakes: number; readonly page: Page } | undefined

  /** Subscribers that are up to date all ask for the same page after a wake: it is read once. */
  function loadPage(after: number): Page {
    if (shared?.after === after && shared.wakes === wakes) return shared.page
    const page = labels.page(after, labelPageSize)
    const mine = { after, wakes, page }
    shared = mine
    page.catch(() => {
      if (shared === mine) shared = undefined
    })
    return page
  }

  async function loadStart(cursor: number | undefined): Promise<number> {
    const lastSeq = await labels.lastSeq()
    if (cursor !== undefined && cursor > lastSeq) throw new FutureCursorError(cursor, lastSeq)
    return cursor ?? lastSeq
  }

  function waitForWake(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        waiting.delete(done)
        signal.removeEventListener('abort', done)
        resolve()
      }
      waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }

  return {
    async *subscribe(cursor, signal) {
      let last = await loadStart(cursor)
      while (!signal.aborted) {
        const wakesBefore = wakes
        const page = await loadPage(last)
        if (signal.aborted) return
        const newest = page.at(-1)
        if (newest) {
          last = newest.seq
          yield page
        } else if (wakes === wakesBefore) {
          // A wake during the read would have changed `wakes`; from this check to the wait nothing else can run.
          await waitForWake(signal)
        }
      }
    },

    wake() {
      wakes += 1
      for (const done of waiting) done()
    },
  }
}
