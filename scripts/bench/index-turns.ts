import { openPdqIndex } from '../../src/match/pdq-index.ts'
import type { BenchResult } from '../bench-result.ts'
import { randomWords } from './index-data.ts'

const mostMs = 5

/**
 * How long the thread is held at a time while the index is rebuilt and while searches run that take long: radius 63 by the
 * tables, radius 128 by scanning, and a radius that finds everything.
 */
export async function measureTurns(count: number): Promise<BenchResult[]> {
  await using index = openPdqIndex()
  const random = randomWords(11)
  const words = new Uint32Array(8)
  const bytes = new Uint8Array(words.buffer)
  const draw = (): Uint8Array => {
    for (let i = 0; i < 8; i++) words[i] = random()
    return bytes
  }
  index.reserve(count)
  for (let i = 0; i < count; i++) index.add(draw(), 1, i)
  await index.tend()
  const idle = await longestTurns(async () => {})
  const building = await longestTurns(async () => {
    // Enough for a new middle, and then for a new base.
    for (let content = count; content < count * 1.05; content += 500) {
      for (let i = 0; i < 500; i++) index.add(draw(), 1, content + i)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await index.tend()
  })
  const searching = await longestTurns(async () => {
    for (let round = 0; round < 20; round++) {
      await Promise.all([63, 63, 100, 31].map((radius) => index.search(draw().slice(), radius)))
    }
  })
  const name = `${count / 1e6} M: thread held`
  return [
    { name: `${name} with nothing to do, p99.9`, value: idle, unit: 'ms' },
    {
      name: `${name} while rebuilt, p99.9`,
      value: building,
      unit: 'ms',
      goal: `at most ${mostMs}`,
      met: building <= mostMs,
    },
    {
      name: `${name} by long searches, p99.9`,
      value: searching,
      unit: 'ms',
      goal: `at most ${mostMs}`,
      met: searching <= mostMs,
    },
  ]
}

/** Returns the time between two turns of the event loop that 999 of 1,000 stay below, while something is done. */
async function longestTurns(work: () => Promise<void>): Promise<number> {
  const turns: number[] = []
  const state = { isDone: false }
  const watch = (async () => {
    let at = performance.now()
    while (!state.isDone || turns.length < 2_000) {
      await new Promise((resolve) => setImmediate(resolve))
      const now = performance.now()
      turns.push(now - at)
      at = now
    }
  })()
  await work()
  state.isDone = true
  await watch
  const sorted = Float64Array.from(turns).toSorted()
  return sorted[Math.floor(sorted.length * 0.999)]!
}
