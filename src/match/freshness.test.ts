import { describe, expect, it } from 'vitest'
import { createFreshness } from './freshness.ts'

function setUp() {
  let now = 1_000
  const runs: PromiseWithResolvers<void>[] = []
  const freshness = createFreshness(
    () => {
      const run = Promise.withResolvers<void>()
      runs.push(run)
      return run.promise
    },
    () => now,
  )
  return { freshness, runs, pass: (ms: number) => void (now += ms) }
}

describe('createFreshness', () => {
  it('ages while nobody looks, and is new when somebody has', () => {
    const { freshness, pass } = setUp()
    expect(freshness.ageMs()).toBe(0)
    pass(70_000)
    expect(freshness.ageMs()).toBe(70_000)
    freshness.confirm()
    expect(freshness.ageMs()).toBe(0)
  })

  it('is behind from the change on until it is taken in, whoever looks meanwhile', async () => {
    const { freshness, runs, pass } = setUp()
    const following = freshness.follow()
    pass(5_000)
    freshness.confirm()
    expect(freshness.ageMs()).toBe(5_000)
    runs[0]?.resolve()
    await following
    expect(freshness.ageMs()).toBe(0)
  })

  it('stays behind after a failure, until a later run has taken all in', async () => {
    const { freshness, runs, pass } = setUp()
    const failing = freshness.follow()
    runs[0]?.reject(new Error('the disk is gone'))
    await expect(failing).rejects.toThrow('the disk is gone')
    pass(10_000)
    freshness.confirm()
    expect(freshness.ageMs()).toBe(10_000)
    const following = freshness.follow()
    expect(freshness.ageMs()).toBe(10_000)
    runs[1]?.resolve()
    await following
    expect(freshness.ageMs()).toBe(0)
  })

  it('is not made new by a run that began before the change', async () => {
    const { freshness, runs, pass } = setUp()
    const first = freshness.follow()
    pass(1_000)
    const second = freshness.follow()
    pass(1_000)
    runs[0]?.resolve()
    await first
    expect(freshness.ageMs()).toBe(2_000)
    freshness.confirm()
    expect(freshness.ageMs()).toBe(1_000)
    runs[1]?.resolve()
    await second
    expect(freshness.ageMs()).toBe(0)
  })
})
