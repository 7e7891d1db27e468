import { describe, expect, it } from 'vitest'
import { maxAnimationFrames, pickFrames } from './pick-frames.ts'

describe('pickFrames', () => {
  it.each([
    [1, 5, [1]],
    [2, 5, [1, 2]],
    [5, 5, [1, 2, 3, 4, 5]],
    [20, 4, [1, 6, 11, 16]],
    [7, 3, [1, 3, 5]],
    [100, 1, [1]],
  ])('spreads over %i frames, %i asked for', (frames, count, expected) => {
    expect(pickFrames(frames, 1_000, count)).toEqual(expected)
  })

  it('looks no further than the most frames that are looked at', () => {
    expect(pickFrames(1_000_000, 1, 4)).toEqual(pickFrames(maxAnimationFrames, 1, 4))
  })

  it('keeps what is decoded for the later frames within the limit, at the cost of the end', () => {
    let bounded = 0
    for (const pixels of [1_000_000, 5_000_000, 20_000_000, 40_000_000, 200_000_000]) {
      const picked = pickFrames(500, pixels, 5)
      const later = picked.slice(1).reduce((sum, frame) => sum + frame * pixels, 0)
      expect(picked[0]).toBe(1)
      expect(later).toBeLessThanOrEqual(100_000_000)
      expect(new Set(picked).size).toBe(picked.length)
      bounded++
    }
    expect(bounded).toBe(5)
    expect(pickFrames(500, 40_000_000, 5)).toEqual([1, 2])
    expect(pickFrames(500, 200_000_000, 5)).toEqual([1])
  })
})
