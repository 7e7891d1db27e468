import { AppError } from './errors.ts'

/** How many may run, and how many more may wait for that. */
export type AtMostLimits = { readonly running: number; readonly waiting: number }

/** Runs work when there is room. @throws AppError `unavailable`, which may pass, when too many wait already. */
export type AtMost = <Value>(work: () => Promise<Value>) => Promise<Value>

/** Returns a limit of how many pieces of work run at the same time, first come first served. */
export function createAtMost(limits: AtMostLimits): AtMost {
  const waiting: (() => void)[] = []
  let running = 0

  return async (work) => {
    if (running < limits.running) running++
    else if (waiting.length >= limits.waiting) throw new AppError('unavailable', 'Too busy; try again soon')
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      // Whoever waits takes over the place.
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
