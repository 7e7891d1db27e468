import { expect, it } from 'vitest'
import { retryAfterMs } from './retry-after.ts'

it.each([
  ['120', 120_000],
  [' 0 ', 0],
  ['Fri, 02 Jan 2026 00:00:10 GMT', 10_000],
  ['Thu, 01 Jan 2026 00:00:00 GMT', 0],
  ['soon', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['9999999999', undefined],
  [null, undefined],
])('reads %j', (field, expected) => {
  expect(retryAfterMs(field, Date.parse('2026-01-02T00:00:00.000Z'))).toBe(expected)
})
