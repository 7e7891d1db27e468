import { describe, expect, it } from 'vitest'
import { createProgress, formatProgress } from './progress.ts'

const nothing = { count: 0, done: 0, total: 1000 }

describe('progress', () => {
  it('shows the part that is done, the rate, and the time that the rest takes at that rate', () => {
    const line = formatProgress({ count: 5000, done: 250, total: 1000 }, nothing, 'lines', 10)
    expect(line).toBe(`${'█'.repeat(6)}${'░'.repeat(18)}  25 %  5,000 lines  500/s  0:30 left`)
  })

  it('counts the rate from where this run began', () => {
    const from = { count: 4000, done: 200, total: 1000 }
    expect(formatProgress({ count: 5000, done: 250, total: 1000 }, from, 'lines', 10)).toContain(
      '100/s  2:30 left',
    )
  })

  it('shows no part of a whole that nobody knows, and no rest before anything is done', () => {
    expect(formatProgress({ count: 7, done: 7, total: undefined }, nothing, 'lines', 1)).toBe('7 lines  7/s')
    expect(formatProgress(nothing, nothing, 'lines', 1)).toBe(`${'░'.repeat(24)}   0 %  0 lines  0/s`)
  })

  it('measures from its making on', () => {
    let time = 1_000
    const shown: string[] = []
    const show = createProgress({ progress: (line) => void shown.push(line) }, 'lines', nothing, () => time)
    time = 3_000
    show({ count: 3_600_000, done: 1, total: 1000 })
    expect(shown).toEqual([expect.stringMatching(/ 1,800,000\/s {2}33:18 left$/)])
  })
})
