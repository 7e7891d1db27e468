import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blueskyLimits, priorities } from '../model/emission.ts'
import { createEmissionBudget } from './emission-budget.ts'
import { estimateEmission } from './estimate-emission.ts'

const [second, hour] = [1000, 3_600_000]

describe('createEmissionBudget', () => {
  it('lets everything through without limits', () => {
    const budget = createEmissionBudget({})
    budget.record(0, 1_000_000)
    expect([budget.left(0, 'bulk'), budget.readyAt(0, 'bulk')]).toEqual([Number.POSITIVE_INFINITY, 0])
    expect(budget.leftOf(0)).toEqual({})
  })

  it('never lets more through in any span of time than the limit of that span', () => {
    const limits = { second: 3, hour: 40, day: 60 }
    let runs = 0
    const waits = fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 50, maxLength: 120 })
    fc.assert(
      fc.property(waits, (gaps) => {
        runs += 1
        const budget = createEmissionBudget(limits)
        const published: number[] = []
        let now = 0
        for (const gap of gaps) {
          now = Math.max(now + gap, budget.readyAt(now + gap, 'urgent'))
          const left = budget.left(now, 'urgent')
          expect(left).toBeGreaterThan(0)
          budget.record(now, left)
          for (let i = 0; i < left; i++) published.push(now)
        }
        for (const [spanMs, max] of [
          [second, 3],
          [hour, 40],
          [24 * hour, 60],
        ] as const) {
          // A span holds the most where it begins with a label.
          for (const start of published)
            expect(published.filter((at) => at >= start && at < start + spanMs).length).toBeLessThanOrEqual(
              max,
            )
        }
      }),
      { numRuns: 30 },
    )
    expect(runs).toBe(30)
  })

  it('keeps a part of the hour and the day for what is more urgent', () => {
    const budget = createEmissionBudget({ hour: 100 })
    expect(priorities.map((priority) => budget.left(0, priority))).toEqual([100, 90, 75])
    budget.record(0, 80)
    expect(priorities.map((priority) => budget.left(1, priority))).toEqual([20, 10, 0])
    expect(budget.readyAt(1, 'normal')).toBe(1)
    expect(budget.readyAt(1, 'bulk')).toBeGreaterThanOrEqual(hour)
    expect(budget.leftOf(1)).toEqual({ hour: 20 })
  })

  it('is full again when the span has passed, also after a clock that went back', () => {
    const budget = createEmissionBudget({ second: 2 })
    budget.record(5000)
    budget.record(1000)
    expect(budget.left(5000, 'urgent')).toBe(0)
    const ready = budget.readyAt(5000, 'urgent')
    expect(ready).toBeGreaterThanOrEqual(6000)
    expect(budget.left(ready - 1, 'urgent')).toBe(0)
    expect(budget.left(ready, 'urgent')).toBe(2)
  })

  it('forgets what no span needs any more, and counts on', () => {
    const budget = createEmissionBudget({ second: 1000 })
    for (let at = 0; at < 200; at++) budget.record(at * 2000, 1000)
    expect(budget.left(199 * 2000, 'urgent')).toBe(0)
    expect(budget.left(200 * 2000, 'urgent')).toBe(1000)
  })
})

describe('estimateEmission', () => {
  const lengths = (urgent: number, normal: number, bulk: number) =>
    [urgent, normal, bulk].map((count, i) => ({
      priority: priorities[i] ?? 'bulk',
      count,
      oldestMs: undefined,
    }))

  it('tells when each priority has none left, with what was published before counted in', () => {
    const budget = createEmissionBudget({ second: 5 })
    const ends = estimateEmission(budget, lengths(5, 0, 10), 0)
    expect([...ends]).toEqual([
      ['urgent', 0],
      ['bulk', 2200],
    ])
    budget.record(0, 5)
    expect(estimateEmission(budget, lengths(1, 0, 0), 0).get('urgent')).toBe(1100)
    expect(budget.left(0, 'urgent')).toBe(0)
  })

  it('plays an import through that takes days, by the limits of a day', () => {
    const budget = createEmissionBudget(blueskyLimits)
    const end = estimateEmission(budget, lengths(0, 0, 300_000), 0).get('bulk') ?? 0
    // 75,000 a day at 7,500 an hour: four days' worth, the last of which is done in its first ten hours.
    expect(end / hour).toBeGreaterThan(3 * 24 + 9)
    expect(end / hour).toBeLessThan(3 * 24 + 11)
  })
})
