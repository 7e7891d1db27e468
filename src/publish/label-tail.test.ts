import { describe, expect, it, vi } from 'vitest'
import type { StreamedLabel } from '../model/label.ts'
import { createLabelTail, labelPageSize } from './label-tail.ts'

describe('createLabelTail', () => {
  it('yields what is there in pages of bounded size, then what comes', async () => {
    const { labels, add } = fakeLabels(labelPageSize + 3)
    const tail = createLabelTail({ labels })
    const pages = tail.subscribe(0, new AbortController().signal)[Symbol.asyncIterator]()
    expect(seqsOf(await pages.next())).toEqual(range(1, labelPageSize))
    expect(seqsOf(await pages.next())).toEqual(range(labelPageSize + 1, labelPageSize + 3))
    const next = pages.next()
    add(2)
    tail.wake()
    expect(seqsOf(await next)).toEqual(range(labelPageSize + 4, labelPageSize + 5))
    await pages.return?.()
  })

  it('yields only what is new without a cursor, and starts at the cursor, exclusive, with one', async () => {
    const { labels, add } = fakeLabels(5)
    const tail = createLabelTail({ labels })
    const live = tail.subscribe(undefined, new AbortController().signal)[Symbol.asyncIterator]()
    const first = live.next()
    const replay = tail.subscribe(3, new AbortController().signal)[Symbol.asyncIterator]()
    expect(seqsOf(await replay.next())).toEqual([4, 5])
    add(1)
    tail.wake()
    expect(seqsOf(await first)).toEqual([6])
  })

  it('refuses a cursor above every seq, and takes the newest one', async () => {
    const tail = createLabelTail({ labels: fakeLabels(5).labels })
    const signal = AbortSignal.abort()
    await expect(Array.fromAsync(tail.subscribe(6, signal))).rejects.toMatchObject({
      name: 'FutureCursorError',
      kind: 'invalid',
    })
    await expect(Array.fromAsync(tail.subscribe(5, signal))).resolves.toEqual([])
  })

  it('does not sleep through a wake that comes while it reads', async () => {
    const { labels, add } = fakeLabels(0)
    let woken = 0
    const racing = {
      ...labels,
      stream: async (after: number, limit: number) => {
        const page = await labels.stream(after, limit)
        if (woken === 0) {
          // The row is committed and its wake rung after this read saw nothing.
          woken += 1
          add(1)
          tail.wake()
        }
        return page
      },
    }
    const tail = createLabelTail({ labels: racing })
    const pages = tail.subscribe(0, new AbortController().signal)[Symbol.asyncIterator]()
    expect(seqsOf(await pages.next())).toEqual([1])
    expect(woken).toBe(1)
  })

  it('ends, and keeps no listener, when its signal is aborted while it waits', async () => {
    const { labels } = fakeLabels(1)
    const tail = createLabelTail({ labels })
    const gone = new AbortController()
    const pages = Array.fromAsync(tail.subscribe(1, gone.signal))
    await Promise.resolve()
    gone.abort()
    expect(await pages).toEqual([])
    tail.wake()
  })

  it('reads once for all who are up to date, and again after a read that failed', async () => {
    const { labels, add, reads, failNext } = fakeLabels(1)
    const tail = createLabelTail({ labels })
    const gone = new AbortController()
    const all = range(1, 50).map(() => tail.subscribe(1, gone.signal)[Symbol.asyncIterator]())
    const firsts = all.map((pages) => pages.next())
    await new Promise(setImmediate)
    const readsBefore = reads()
    add(1)
    tail.wake()
    expect((await Promise.all(firsts)).map(seqsOf)).toEqual(all.map(() => [2]))
    expect(reads() - readsBefore).toBe(1)

    failNext()
    const late = tail.subscribe(0, gone.signal)[Symbol.asyncIterator]()
    await expect(late.next()).rejects.toThrow('disk')
    const later = tail.subscribe(0, gone.signal)[Symbol.asyncIterator]()
    expect(seqsOf(await later.next())).toEqual([1, 2])
    gone.abort()
  })

  it.each([
    ['few, and soon', 1, 2],
    ['many, and later', 300, 20],
  ])('brings what comes close upon a label in one tick: to %s', async (_, subscribers, tickMs) => {
    vi.useFakeTimers()
    using _timers = { [Symbol.dispose]: () => void vi.useRealTimers() }
    const { labels, add } = fakeLabels(0)
    const tail = createLabelTail({ labels })
    const gone = new AbortController()
    const seen: number[][] = []
    const reading = range(1, subscribers).map(async () => {
      for await (const page of tail.subscribe(0, gone.signal)) seen.push(page.map(({ seq }) => seq))
    })
    const publish = async (afterMs: number): Promise<void> => {
      await vi.advanceTimersByTimeAsync(afterMs)
      add(1)
      tail.wake()
    }
    await publish(1000)
    await publish(1)
    await publish(0)
    await vi.advanceTimersByTimeAsync(tickMs - 2)
    expect(seen).toEqual(range(1, subscribers).map(() => [1]))
    await vi.advanceTimersByTimeAsync(1)
    expect(seen.slice(subscribers)).toEqual(range(1, subscribers).map(() => [2, 3]))
    gone.abort()
    await Promise.all(reading)
  })

  it('asks for a page only when the reader has taken the one before', async () => {
    const { labels, reads } = fakeLabels(labelPageSize * 5)
    const tail = createLabelTail({ labels })
    const pages = tail.subscribe(0, new AbortController().signal)[Symbol.asyncIterator]()
    await pages.next()
    await new Promise(setImmediate)
    expect(reads()).toBe(1)
  })
})

/** A label table in memory: seqs 1 to `count`, to which a test adds. */
function fakeLabels(count: number) {
  let last = count
  let reads = 0
  let isFailing = false
  return {
    labels: {
      lastSeq: async () => last,
      stream: async (after: number, limit: number) => {
        reads += 1
        if (isFailing) {
          isFailing = false
          throw new Error('disk')
        }
        return range(after + 1, Math.min(last, after + limit)).map((seq) => ({ seq }) as StreamedLabel)
      },
    },
    add: (more: number) => {
      last += more
    },
    reads: () => reads,
    failNext: () => {
      isFailing = true
    },
  }
}

function seqsOf(step: IteratorResult<readonly StreamedLabel[]>): number[] {
  return step.done ? [] : step.value.map(({ seq }) => seq)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
}
