import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

describe('a duration', () => {
  it('is a whole number of seconds, minutes, hours or days, above zero and below a hundred years', () => {
    expect(['90s', '30m', '12h', '30d'].map(parseDuration)).toEqual([
      90_000, 1_800_000, 43_200_000, 2_592_000_000,
    ])
    for (const text of ['', '30', 'd', '0d', '1.5h', '-1d', '1w', '30 d', '36501d', '999999999d'])
      expect(parseDuration(text), text).toBeUndefined()
  })

  it('is shown in its two largest units', () => {
    const shown = [0, 400, 61_000, 3_600_000, 90_061_000, 86_400_000 * 3 + 4 * 3_600_000].map(formatDuration)
    expect(shown).toEqual(['0s', '0s', '1m 1s', '1h', '1d 1h', '3d 4h'])
  })
})
