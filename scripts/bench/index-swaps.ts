import { openPdqIndex } from '../../src/match/pdq-index.ts'
import type { BenchResult } from '../bench-result.ts'
import { randomWords } from './index-data.ts'

const baseRows = 200_000
const churn = 600

/** Memory while rows come and go, each time enough for the tiers to be built anew: in the first quarter and in the last. */
export async function measureSwaps(swaps: number): Promise<BenchResult[]> {
  await using index = openPdqIndex({ tailRows: 500, middleRows: 4_000 })
  const random = randomWords(7)
  const hash = new Uint32Array(8)
  const bytes = new Uint8Array(hash.buffer)
  // The hashes that are in the index, in one piece: as objects of their own they would be most of what is measured.
  const places = baseRows + churn
  const held = new Uint8Array(places * 32)
  const placeOf = (contentId: number): number => (contentId % places) * 32
  let content = 0
  const addOne = (): void => {
    for (let i = 0; i < 8; i++) hash[i] = random()
    held.set(bytes, placeOf(content))
    index.add(bytes, 1, content++)
  }
  index.reserve(baseRows)
  for (let i = 0; i < baseRows; i++) addOne()
  await index.tend()
  const resident: number[] = []
  for (let swap = 0; swap < swaps; swap++) {
    for (let i = 0; i < churn; i++) {
      addOne()
      // The oldest go, so that the base ages too.
      const gone = content - baseRows - 1
      const place = placeOf(gone)
      if (!index.remove(held.subarray(place, place + 32), gone))
        throw new Error('Expected a hash that was added to be removed')
    }
    await index.tend()
    resident.push(process.memoryUsage.rss() / 2 ** 20)
  }
  const quarter = Math.floor(resident.length / 4)
  const first = median(resident.slice(quarter, 2 * quarter))
  const last = median(resident.slice(-quarter))
  const growth = (last / first - 1) * 100
  return [
    { name: `memory of ${swaps} swaps, second quarter`, value: first, unit: 'MiB' },
    { name: `memory of ${swaps} swaps, last quarter`, value: last, unit: 'MiB' },
    {
      name: `memory of ${swaps} swaps, growth`,
      value: growth,
      unit: '%',
      goal: 'at most 5',
      met: growth <= 5,
    },
  ]
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
