import { describe, expect, it } from 'vitest'
import { parseDuration } from './duration.ts'

describe('a duration', () => {
  it('is a whole number of seconds, minutes, hours or days, above zero and below a hundred years', () => {
    expect(['90s', '30m', '12h', '30d'].map(parseDuration)).toEqual([
      90_000, 1_800_000, 43_200_000, 2_592_000_000,
    ])
    for (const text of ['', '30', 'd', '0d', '1.5h', '-1d', '1w', '30 d', '36501d', '999999999d'])
      expect(parseDuration(text), text).toBeUndefined()
  })
})
