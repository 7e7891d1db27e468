import { pause } from './pause.ts'

/** Resolves when it is the caller's turn; rejects with the signal's reason once that is aborted. */
export type Pace = (signal: AbortSignal) => Promise<void>

/** Returns turns that come at most so often in a second, evenly; the first at once. `now` is in milliseconds. */
export function createPace(perSecond: number, now: () => number = () => performance.now()): Pace {
  let next = Number.NEGATIVE_INFINITY
  return async (signal) => {
    const turn = Math.max(now(), next)
    next = turn + 1000 / perSecond
    const waitMs = turn - now()
    if (waitMs > 0) await pause(waitMs, signal)
    signal.throwIfAborted()
  }
}
