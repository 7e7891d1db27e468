import { existsSync } from 'node:fs'
import { type CorpusFile, drawCorpus } from '../../test/support/corpus.ts'
import type { Bench, BenchResult } from '../bench-result.ts'
import { openContender, residentBytes } from './hash-pools.ts'
import { measureThroughput, planOf } from './hash-throughput.ts'
import { median } from './median.ts'
import { measureKernel } from './pdq-kernel.ts'

const sizes = [
  { width: 1000, height: 750 },
  { width: 1600, height: 1200 },
  { width: 2048, height: 1536 },
]

/** What hashing costs beside decoding, the boundary of the process beside hashing, and whether memory stays. */
export const bench: Bench = {
  name: 'hash',
  summary: 'Images per second and CPU time by stage, beside decoding alone in the same run',
  async run({ isQuick }) {
    if (!existsSync('/proc/self/stat'))
      throw new Error('Expected /proc to measure with: this bench runs on Linux')
    const drawn = await drawCorpus(isQuick ? sizes.slice(0, 2) : sizes, 100)
    // The largest first, so that the processes of a pool finish together.
    const files = drawn.toSorted((a, b) => b.bytes.length - a.bytes.length)
    // Memory first: by the end of it the service's side of the pool is as warm as it is in a service.
    const memory = await measureMemory(isQuick ? 2_000 : 20_000)
    return [...(await measureThroughput(files, isQuick ? 2 : 9)), ...(await measureKernel()), ...memory]
  },
}

/** Many small images through one pool: the memory of its processes in the first quarter and in the last. */
async function measureMemory(count: number): Promise<BenchResult[]> {
  const small = [160, 176, 192, 208].map((width) => ({ width, height: 120 }))
  const files = await drawCorpus(small, 100)
  await using pool = await openContender('memory', { plan: planOf('reference-512', 'full-resolution') })
  const held: number[] = []
  const rates: number[] = []
  const batch = 250
  for (let done = 0; done < count; done += batch) {
    const some = Array.from({ length: batch }, (_, at) => files[(done + at) % files.length] as CorpusFile)
    rates.push((await pool.round(some)).perSecond)
    held.push(residentBytes(pool.pids))
  }
  const quarter = Math.floor(held.length / 4)
  const first = median(held.slice(0, quarter)) / 2 ** 20
  const last = median(held.slice(-quarter)) / 2 ** 20
  const growth = (last / first - 1) * 100
  return [
    { name: `memory, first quarter of ${count}`, value: first, unit: 'MiB' },
    { name: 'memory, last quarter', value: last, unit: 'MiB' },
    { name: 'memory, growth', value: growth, unit: '%', goal: 'at most 10', met: growth <= 10 },
    { name: 'small images', value: Math.round(median(rates)), unit: 'images/s' },
  ]
}
