import { describe, expect, it } from 'vitest'
import { RepeatFilter } from './repeat-filter.ts'

const place = (timeUs: number, seq?: number, host = 'wss://one.example') => ({ host, timeUs, seq })

describe('RepeatFilter', () => {
  it('remembers at least as many events as it was asked to, and forgets in the end', () => {
    const filter = new RepeatFilter(10, undefined)
    expect(filter.isRepeat(place(0), 'first')).toBe(false)
    for (let index = 1; index <= 10; index++)
      expect(filter.isRepeat(place(index), `key ${index}`)).toBe(false)
    expect(filter.isRepeat(place(0), 'first')).toBe(true)
    for (let index = 11; index <= 30; index++)
      expect(filter.isRepeat(place(index), `key ${index}`)).toBe(false)
    expect(filter.isRepeat(place(0), 'first')).toBe(false)
  })

  it('knows what an earlier process had done on a host that numbers its events', () => {
    const filter = new RepeatFilter(10, place(100, 7))
    expect(filter.isRepeat(place(99, 6), 'a')).toBe(true)
    expect(filter.isRepeat(place(100, 7), 'b')).toBe(true)
    expect(filter.isRepeat(place(101, 8), 'c')).toBe(false)
  })

  it('takes new events for new when a host has lost its data and numbers from 1 again', () => {
    const filter = new RepeatFilter(10, place(100, 7))
    expect(filter.isRepeat(place(200, 1), 'a')).toBe(false)
    expect(filter.isRepeat(place(201, 2), 'b')).toBe(false)
  })

  it('does not compare the numbers of two hosts', () => {
    const filter = new RepeatFilter(10, place(100, 7))
    expect(filter.isRepeat(place(90, 3, 'wss://two.example'), 'a')).toBe(false)
    expect(filter.isRepeat(place(90, 3, 'wss://two.example'), 'a')).toBe(true)
  })
})
