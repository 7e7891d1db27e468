import { describe, expect, it } from 'vitest'
import { createOneAtATime } from './one-at-a-time.ts'

describe('createOneAtATime', () => {
  it('never runs twice at a time, and gives every caller a run that began after the call', async () => {
    const gates: PromiseWithResolvers<void>[] = []
    let atOnce = 0
    let most = 0
    const run = createOneAtATime(async () => {
      most = Math.max(most, ++atOnce)
      const gate = Promise.withResolvers<void>()
      gates.push(gate)
      await gate.promise
      atOnce--
    })
    const done: string[] = []
    const call = (name: string) => run().then(() => done.push(name))
    const first = call('first')
    await Promise.resolve()
    const later = [call('second'), call('third')]
    gates[0]!.resolve()
    await first
    expect(done).toEqual(['first'])
    await expect.poll(() => gates.length).toBe(2)
    gates[1]!.resolve()
    await Promise.all(later)
    expect([done, gates.length, most]).toEqual([['first', 'second', 'third'], 2, 1])
  })

  it('tells a failure to those whose run it was, and goes on', async () => {
    let runs = 0
    const run = createOneAtATime(async () => {
      if (++runs === 1) throw new Error('once')
    })
    await expect(run()).rejects.toThrow('once')
    await run()
    expect(runs).toBe(2)
  })
})
