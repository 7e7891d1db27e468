import { describe, expect, it } from 'vitest'
import { BoundedQueue } from './bounded-queue.ts'

const { signal } = new AbortController()
const limits = { maxItems: 4, maxBytes: 1_000 }

describe('BoundedQueue', () => {
  it('hands out the oldest first, at most as many as were asked for', async () => {
    const queue = filled(3)
    expect(await queue.take({ maxItems: 2, lingerMs: 0 }, signal)).toEqual([0, 1])
    expect(await queue.take({ maxItems: 2, lingerMs: 0 }, signal)).toEqual([2])
  })

  it('waits for a first event', async () => {
    const queue = new BoundedQueue<number>(limits)
    const taken = queue.take({ maxItems: 2, lingerMs: 0 }, signal)
    queue.push(0, 1)
    expect(await taken).toEqual([0])
  })

  it('hands out what comes after a rest at once, and lingers for a fuller batch close upon another', async () => {
    const queue = filled(2)
    expect(await queue.take({ maxItems: 1, lingerMs: 60_000 }, signal)).toEqual([0])
    const taken = queue.take({ maxItems: 2, lingerMs: 60_000 }, signal)
    queue.push(1, 1)
    expect(await taken).toHaveLength(2)
    const untilFull = queue.take({ maxItems: 100, lingerMs: 60_000 }, signal)
    for (let index = 0; index < 4; index++) queue.push(index, 1)
    expect(await untilFull).toHaveLength(4)
    queue.push(0, 1)
    expect(await queue.take({ maxItems: 2, lingerMs: 1 }, signal)).toHaveLength(1)
  })

  it('resolves to nothing once the reader stops, and keeps what it has', async () => {
    const queue = new BoundedQueue<number>(limits)
    const stopping = new AbortController()
    const taken = queue.take({ maxItems: 1, lingerMs: 0 }, stopping.signal)
    stopping.abort()
    expect(await taken).toEqual([])
    queue.push(0, 1)
    expect(await queue.take({ maxItems: 1, lingerMs: 0 }, stopping.signal)).toEqual([])
    expect(queue.size).toBe(1)
  })

  it('hands out nothing more once it is closed', async () => {
    const queue = new BoundedQueue<number>(limits)
    const taken = queue.take({ maxItems: 1, lingerMs: 0 }, signal)
    queue.close()
    expect(await taken).toEqual([])
    expect(await queue.take({ maxItems: 1, lingerMs: 60_000 }, signal)).toEqual([])
  })

  it('is full at either bound, and low at half of both', async () => {
    expect(filled(3).isFull).toBe(false)
    expect(filled(4).isFull).toBe(true)
    const heavy = filled(1, 1_000)
    expect([heavy.isFull, heavy.isLow]).toEqual([true, false])
    await heavy.take({ maxItems: 1, lingerMs: 0 }, signal)
    expect([heavy.isFull, heavy.isLow]).toEqual([false, true])
    expect([filled(2).isLow, filled(3).isLow]).toEqual([true, false])
  })
})

function filled(count: number, bytes = 1): BoundedQueue<number> {
  const queue = new BoundedQueue<number>(limits)
  for (let index = 0; index < count; index++) queue.push(index, bytes)
  return queue
}
