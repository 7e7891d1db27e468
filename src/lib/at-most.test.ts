import { describe, expect, it } from 'vitest'
import { createAtMost } from './at-most.ts'

describe('createAtMost', () => {
  it('runs so many at a time, lets so many wait, refuses the rest, and goes on after a failure', async () => {
    const atMost = createAtMost({ running: 2, waiting: 1 })
    const gates = [0, 1, 2].map(() => Promise.withResolvers<void>())
    const begun: number[] = []
    const run = (at: number) => atMost(async () => (begun.push(at), await gates[at]!.promise))
    const runs = [run(0), run(1), run(2)]
    await expect(run(0)).rejects.toMatchObject({ kind: 'unavailable' })
    expect(begun).toEqual([0, 1])
    gates[0]!.reject(new Error('failed'))
    await expect(runs[0]).rejects.toThrow('failed')
    await expect.poll(() => begun).toEqual([0, 1, 2])
    gates[1]!.resolve()
    gates[2]!.resolve()
    await Promise.all(runs.slice(1))
    expect(await atMost(async () => 'free')).toBe('free')
  })
})
