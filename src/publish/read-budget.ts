import type { EmissionLimits } from '../model/emission.ts'
import type { LabelStore } from '../store/label-store.ts'
import { createEmissionBudget, type EmissionBudget } from './emission-budget.ts'

/**
 * Returns a function that returns the budget with everything counted that was published by now, by whichever process: it
 * reads on in the labels from where it was, and at first as far back as any limit can reach.
 */
export function createBudgetReader(
  labels: Pick<LabelStore, 'times'>,
  limits: EmissionLimits,
  now: () => Date,
): () => Promise<EmissionBudget> {
  const budget = createEmissionBudget(limits)
  const most = Math.max(0, ...Object.values(limits))
  let counted = 0
  return async () => {
    const news = most === 0 ? [] : await labels.times(counted, most)
    const nowMs = now().getTime()
    // Who asked at the same time may have counted them meanwhile.
    for (const { seq, atMs } of news.filter((label) => label.seq > counted)) {
      // A label is stamped later than the one before it, which a clock that went back has stamped in the future.
      budget.record(Math.min(atMs, nowMs))
      counted = seq
    }
    return budget
  }
}
