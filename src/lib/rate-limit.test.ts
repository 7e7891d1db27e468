import { describe, expect, it } from 'vitest'
import { createRateLimiter, type RateLimiter } from './rate-limit.ts'

function limiterAt(clock: { now: number }, parts: { maxKeys?: number } = {}): RateLimiter {
  return createRateLimiter({
    points: 2,
    periodMs: 1000,
    what: 'calls',
    maxKeys: 100,
    now: () => clock.now,
    ...parts,
  })
}

describe('createRateLimiter', () => {
  it('gives each key its points, from its first call until the period has passed', () => {
    const clock = { now: 0 }
    const limiter = limiterAt(clock)
    expect(limiter.statusOf('a')).toMatchObject({ remaining: 2, resetAt: 1000 })
    expect(limiter.take('a')).toEqual({ points: 2, periodMs: 1000, remaining: 1, resetAt: 1000 })
    clock.now = 999
    expect(limiter.take('a')).toMatchObject({ remaining: 0, resetAt: 1000 })
    expect(() => limiter.take('a')).toThrow('Expected at most 2 calls in 1 s')
    expect(limiter.take('b')).toMatchObject({ remaining: 1, resetAt: 1999 })
    expect(limiter.statusOf('a')).toMatchObject({ remaining: 0 })
    clock.now = 1000
    expect(limiter.take('a')).toMatchObject({ remaining: 1, resetAt: 2000 })
  })

  it('says where the key stands when it refuses', () => {
    const limiter = limiterAt({ now: 0 })
    limiter.take('a')
    limiter.take('a')
    const error = (() => {
      try {
        return limiter.take('a')
      } catch (thrown) {
        return thrown
      }
    })()
    expect(error).toMatchObject({ kind: 'rate-limited', status: { points: 2, remaining: 0, resetAt: 1000 } })
  })

  it('remembers no more keys than it may, and forgets the one that began first', () => {
    const clock = { now: 0 }
    const limiter = limiterAt(clock, { maxKeys: 2 })
    limiter.take('a')
    clock.now = 1
    limiter.take('b')
    limiter.take('a')
    limiter.take('c')
    expect(limiter.statusOf('a').remaining).toBe(2)
    expect(limiter.statusOf('b').remaining).toBe(1)
    expect(limiter.statusOf('c').remaining).toBe(1)
  })
})
