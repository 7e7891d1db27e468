import { describe, expect, it } from 'vitest'
import { mapInOrder } from './in-order.ts'

describe('mapInOrder', () => {
  it('yields results in the order of the items, with no more under way than allowed', async () => {
    let running = 0
    let most = 0
    const work = async (item: number) => {
      most = Math.max(most, ++running)
      for (let turn = 0; turn < 10 - item; turn++) await Promise.resolve()
      running--
      return item * 2
    }
    expect(await Array.fromAsync(mapInOrder([1, 2, 3, 4, 5], 2, work))).toEqual([2, 4, 6, 8, 10])
    expect(most).toBe(2)
  })

  it('ends with the first rejection', async () => {
    const seen: number[] = []
    const run = async () => {
      const results = mapInOrder([1, 2, 3], 3, async (item) => {
        if (item === 2) throw new Error('two')
        return item
      })
      for await (const result of results) seen.push(result)
    }
    await expect(run()).rejects.toThrow('two')
    expect(seen).toEqual([1])
  })
})
