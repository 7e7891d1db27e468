import { describe, expect, it } from 'vitest'
import { shareOf } from './share.ts'

describe('shareOf', () => {
  it('gives the same number for the same seed, and spreads seeds evenly', () => {
    const numbers = Array.from({ length: 10_000 }, (_, i) => shareOf(`seed ${i}`))
    expect(shareOf('seed 17')).toBe(numbers[17])
    expect(numbers.every((number) => number > 0 && number <= 1)).toBe(true)
    for (const ratio of [0.1, 0.5, 0.9]) {
      const taken = numbers.filter((number) => number <= ratio).length / numbers.length
      expect(Math.abs(taken - ratio)).toBeLessThan(0.02)
    }
  })
})
