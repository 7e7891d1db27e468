import type { Priority, QueueLength } from '../model/emission.ts'
import type { EmissionBudget } from './emission-budget.ts'

/**
 * Returns when the last label of each priority that waits now is published, in epoch milliseconds, if nothing is added to
 * the queue: undefined for a priority of which none waits. It plays the emission through, a step of the budget at a time.
 */
export function estimateEmission(
  budget: EmissionBudget,
  lengths: readonly QueueLength[],
  nowMs: number,
): ReadonlyMap<Priority, number> {
  const play = budget.clone()
  const ends = new Map<Priority, number>()
  let atMs = nowMs
  for (const { priority, count } of lengths) {
    for (let rest = count; rest > 0; ) {
      atMs = play.readyAt(atMs, priority)
      const step = Math.min(rest, play.left(atMs, priority))
      play.record(atMs, step)
      rest -= step
      ends.set(priority, atMs)
    }
  }
  return ends
}
