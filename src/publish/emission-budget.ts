import {
  type EmissionLimits,
  type EmissionWindow,
  emissionShares,
  emissionWindows,
  type Priority,
} from '../model/emission.ts'

/**
 * How many labels may be published, and when the next one may: at most so many in any span of time of each length, so
 * that no way of counting them on the other side finds more. Pure: it is told the times, epoch milliseconds, and what was
 * published.
 */
export interface EmissionBudget {
  /** Counts labels that were published. Times may come in any order; one before the last is taken for the last. */
  record(atMs: number, count?: number): void
  /** Returns how many labels of a priority may be published now; `Infinity` without limits. */
  left(nowMs: number, priority: Priority): number
  /** Returns when the next label of a priority may be published: `nowMs` when it may at once. */
  readyAt(nowMs: number, priority: Priority): number
  /** Returns what is left of each limit now. */
  leftOf(nowMs: number): EmissionLimits
  /** Returns another budget that knows the same. */
  clone(): EmissionBudget
}

/** Labels that left a second apart can arrive closer together: so much is added to each span, in milliseconds. */
const marginMs = 100
/** Times that no window needs are dropped when there are so many. */
const maxForgotten = 50_000

/** One limit: the label before which nothing is in its window any more is the `head`-th. */
type Limit = { readonly window: EmissionWindow; readonly max: number; readonly spanMs: number; head: number }

/** Returns a budget that knows of nothing published yet. */
export function createEmissionBudget(limits: EmissionLimits): EmissionBudget {
  return budgetOver(limits, [])
}

function budgetOver(limits: EmissionLimits, times: number[]): EmissionBudget {
  const windows = Object.keys(emissionWindows) as EmissionWindow[]
  const all = windows.flatMap((window): Limit[] => {
    const max = limits[window]
    return max === undefined ? [] : [{ window, max, spanMs: emissionWindows[window] + marginMs, head: 0 }]
  })

  /** How many labels are in the limit's window. */
  function usedOf(limit: Limit, nowMs: number): number {
    while (limit.head < times.length && (times[limit.head] as number) <= nowMs - limit.spanMs) limit.head += 1
    return times.length - limit.head
  }

  function forget(): void {
    const unneeded = Math.min(...all.map(({ head }) => head))
    if (unneeded < maxForgotten) return
    times.splice(0, unneeded)
    for (const limit of all) limit.head -= unneeded
  }

  return {
    record(atMs, count = 1) {
      if (all.length === 0) return
      const last = times.at(-1) ?? Number.NEGATIVE_INFINITY
      for (let i = 0; i < count; i++) times.push(Math.max(atMs, last))
      forget()
    },

    left(nowMs, priority) {
      const rooms = all.map((limit) => shareOf(limit, priority) - usedOf(limit, nowMs))
      return Math.max(0, Math.min(Number.POSITIVE_INFINITY, ...rooms))
    },

    readyAt(nowMs, priority) {
      const readies = all.map((limit) => {
        const [most, used] = [shareOf(limit, priority), usedOf(limit, nowMs)]
        return used < most ? nowMs : (times[times.length - most] as number) + limit.spanMs
      })
      return Math.max(nowMs, ...readies)
    },

    leftOf(nowMs) {
      const lefts = all.map((limit) => [limit.window, Math.max(0, limit.max - usedOf(limit, nowMs))])
      return Object.fromEntries(lefts) as EmissionLimits
    },

    clone: () => budgetOver(limits, [...times]),
  }
}

/** The part of a limit that a priority may use, at least one label; a second is too short to keep anything back. */
function shareOf({ window, max }: Limit, priority: Priority): number {
  return window === 'second' ? max : Math.max(1, Math.floor(max * emissionShares[priority]))
}
