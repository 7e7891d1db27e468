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
 * Nobody else waits long: a backfill gives way after each page, and so does waking thousands of subscribers.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { AppError } from '../lib/errors.ts'
import type { StreamedLabel } from '../model/label.ts'
import type { LabelStore } from '../store/label-store.ts'

/**
 * The most labels that one page of a subscription holds. Larger ones live so long that the garbage collector takes them for
 * old: with 500, a backfill holds 120 MB more now and then.
 */
export const labelPageSize = 200

/**
 * How many milliseconds apart the ticks are at least at which subscribers that are up to date look again: all that a tick brings
 * is one page, and one write for each. Few subscribers are written to sooner, the more the later. A label after a quiet time
 * goes out at once.
 */
const tickMs = { least: 2, most: 20, ofEach: 0.08 }

/** So many subscribers are woken before everything else has a turn: 250 writes are about 3 milliseconds. */
const wokenAtOnce = 250

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
   * Subscribers that are up to date are given the same array.
   * @throws {FutureCursorError} on the first step, when the cursor is above every seq.
   */
  subscribe(cursor: number | undefined, signal: AbortSignal): AsyncIterable<readonly StreamedLabel[]>
  /** Makes every subscription look again. To be called after each commit of labels; calling it for nothing is harmless. */
  wake(): void
}

type Page = Promise<readonly StreamedLabel[]>
type Sleeper = { rouse: () => void }

/** Returns a tail over the label table. */
export function createLabelTail({
  labels,
}: {
  readonly labels: Pick<LabelStore, 'stream' | 'lastSeq'>
}): LabelTail {
  const bell = createBell()
  let wakes = 0
  let shared: { readonly after: number; readonly wakes: number; readonly page: Page } | undefined

  /** Subscribers that are up to date all ask for the same page after a wake: it is read once. */
  function loadPage(after: number): Page {
    if (shared?.after === after && shared.wakes === wakes) return shared.page
    const page = labels.stream(after, labelPageSize)
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

  return {
    async *subscribe(cursor, signal) {
      let last = await loadStart(cursor)
      using sleeper = bell.sleeper(signal)
      while (!signal.aborted) {
        const wakesBefore = wakes
        const page = await loadPage(last)
        if (signal.aborted) return
        const newest = page.at(-1)
        if (newest) {
          last = newest.seq
          yield page
        }
        if (page.length === labelPageSize) await nextTurn()
        // A wake since the read began would have changed `wakes`; from this check to the sleep nothing else can run.
        else if (wakes === wakesBefore) await sleeper.sleep()
      }
    },

    wake() {
      wakes += 1
      bell.ring()
    },
  }
}

function restMsOf(subscribers: number): number {
  return Math.min(Math.max(subscribers * tickMs.ofEach, tickMs.least), tickMs.most)
}

/** Wakes all who sleep, at once after a quiet time and else at the next tick. */
function createBell() {
  const sleepers = new Set<Sleeper>()
  let roused = 0
  let rungAt = Number.NEGATIVE_INFINITY
  let isDue = false

  async function rouseAll(): Promise<void> {
    isDue = false
    rungAt = performance.now()
    const due = [...sleepers]
    roused = due.length
    sleepers.clear()
    for (const [index, sleeper] of due.entries()) {
      if (index > 0 && index % wokenAtOnce === 0) await nextTurn()
      sleeper.rouse()
    }
  }

  return {
    ring(): void {
      if (isDue || sleepers.size === 0) return
      const waitMs = rungAt + restMsOf(Math.max(roused, sleepers.size)) - performance.now()
      if (waitMs <= 0) void rouseAll()
      else {
        isDue = true
        setTimeout(() => void rouseAll(), waitMs).unref()
      }
    },

    /** One who can sleep until the bell rings or the signal is aborted. */
    sleeper(signal: AbortSignal): { sleep(): Promise<void> } & Disposable {
      const sleeper: Sleeper = { rouse: () => {} }
      const leave = (): void => {
        sleepers.delete(sleeper)
        sleeper.rouse()
      }
      signal.addEventListener('abort', leave, { once: true })
      return {
        sleep: () =>
          new Promise((resolve) => {
            sleeper.rouse = resolve
            if (signal.aborted) resolve()
            else sleepers.add(sleeper)
          }),
        [Symbol.dispose]() {
          signal.removeEventListener('abort', leave)
          sleepers.delete(sleeper)
        },
      }
    },
  }
}
