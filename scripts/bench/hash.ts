import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { PdqProfile } from '../../src/model/hash.ts'
import type { HashPlan } from '../../src/model/hash-plan.ts'
import { drawCorpus } from '../../test/support/corpus.ts'
import type { Bench, BenchResult } from '../bench-result.ts'
import { type Contender, openContender, openPreloaded, type Round, residentBytes } from './hash-pools.ts'
import { measureKernel } from './pdq-kernel.ts'

const sizes = [
  { width: 1000, height: 750 },
  { width: 1600, height: 1200 },
  { width: 2048, height: 1536 },
]
const reference: HashPlan = planOf('reference-512')
const both: HashPlan = planOf('reference-512', 'full-resolution')

/** What hashing costs beside decoding, the boundary of the process beside hashing, and whether memory stays. */
export const bench: Bench = {
  name: 'hash',
  summary: 'Images per second and CPU time by stage, beside decoding alone in the same run',
  async run({ isQuick }) {
    if (!existsSync('/proc/self/stat'))
      throw new Error('Expected /proc to measure with: this bench runs on Linux')
    const drawn = await drawCorpus(isQuick ? sizes.slice(0, 2) : sizes, isQuick ? 8 : 20)
    // The largest first, so that the processes of a pool finish together.
    const images = drawn.toSorted((a, b) => b.length - a.length)
    // Memory first: by the end of it the service's side of the pool is as warm as it is in a service.
    const memory = await measureMemory(isQuick ? 2_000 : 20_000)
    return [...(await measureThroughput(images, isQuick ? 3 : 9)), ...(await measureKernel()), ...memory]
  },
}

function planOf(...profiles: PdqProfile[]): HashPlan {
  return { profiles, isOriented: true, isFlattened: true, frames: 1, isTurned: false, hasSha1: false }
}

/** Every contender goes through all images in every round, so that what else the machine does hits them alike. */
async function measureThroughput(images: readonly Uint8Array[], rounds: number): Promise<BenchResult[]> {
  await using stack = new AsyncDisposableStack()
  const entryOf = (name: string): string => join(import.meta.dirname, name)
  const decode = stack.use(
    await openContender('decode-only', { plan: reference, entry: entryOf('hash-decode-only.ts') }),
  )
  const hashing = [
    stack.use(await openContender('reference-512', { plan: reference })),
    stack.use(await openContender('full-resolution', { plan: planOf('full-resolution') })),
    stack.use(await openContender('both profiles', { plan: both })),
  ] as const
  const preloaded = stack.use(
    await openPreloaded('no boundary', { plan: reference, entry: entryOf('hash-preloaded.ts'), images }),
  )
  const all = [decode, hashing[0], preloaded, hashing[1], hashing[2]]
  // As much work for a pool as for the processes that have every image twice between them.
  const work = images.flatMap((image) => [image, image])
  for (const contender of all) await contender.round(images, true)
  for (let round = 0; round < rounds; round++) {
    for (const contender of round % 2 === 0 ? all : all.toReversed()) await contender.round(work)
  }
  const goals = [0.95, undefined, 0.85]
  return [
    ...stagesOf(decode),
    ...hashing.flatMap((contender) => [...stagesOf(contender), ...hashCost(contender, decode)]),
    ...hashing.flatMap((contender, at) => comparison(contender, decode, goals[at])),
    ...boundaryOf(hashing[0], preloaded),
  ]
}

function stagesOf({ name, rounds }: Contender): BenchResult[] {
  const results = [
    { name, value: Math.round(medianOf(rounds, 'perSecond')), unit: 'images/s' },
    { name: `${name}: all`, value: medianOf(rounds, 'childCpuMs'), unit: 'CPU-ms' },
    { name: `${name}: decode, elapsed`, value: medianOf(rounds, 'decodeMs'), unit: 'ms' },
  ]
  const hashMs = medianOf(rounds, 'hashMs')
  return hashMs === 0 ? results : [...results, { name: `${name}: hash, elapsed`, value: hashMs, unit: 'ms' }]
}

function hashCost({ name, rounds }: Contender, decode: Contender): BenchResult[] {
  const differences = rounds.map((round, at) => round.childCpuMs - (decode.rounds[at] as Round).childCpuMs)
  return [{ name: `${name}: hash`, value: median(differences), unit: 'CPU-ms' }]
}

function comparison(contender: Contender, decode: Contender, goal: number | undefined): BenchResult[] {
  const value = medianRatio(contender, decode, ({ perSecond }) => perSecond)
  const byCpu = medianRatio(decode, contender, ({ childCpuMs }) => childCpuMs)
  const aim = goal === undefined ? undefined : { goal: `at least ${goal}`, met: value >= goal }
  return [
    { name: `${contender.name}, of decode-only`, value, unit: 'ratio', ...aim },
    { name: `${contender.name}, of decode-only by CPU`, value: byCpu, unit: 'ratio' },
  ]
}

function boundaryOf(pooled: Contender, preloaded: Contender): BenchResult[] {
  const value = (1 - medianRatio(pooled, preloaded, ({ perSecond }) => perSecond)) * 100
  const byCpu = (medianRatio(pooled, preloaded, (round) => round.childCpuMs + round.serviceCpuMs) - 1) * 100
  return [
    ...stagesOf(preloaded).slice(0, 2),
    { name: 'boundary, of throughput', value, unit: '%', goal: 'less than 3', met: value < 3 },
    { name: 'boundary, of CPU', value: byCpu, unit: '%' },
    { name: 'boundary, in the service', value: medianOf(pooled.rounds, 'serviceCpuMs'), unit: 'CPU-ms' },
  ]
}

/** Many small images through one pool: the memory of its processes in the first quarter and in the last. */
async function measureMemory(count: number): Promise<BenchResult[]> {
  const small = [160, 176, 192, 208].map((width) => ({ width, height: 120 }))
  const images = await drawCorpus(small, 16)
  await using pool = await openContender('memory', { plan: both })
  const held: number[] = []
  const batch = 250
  for (let done = 0; done < count; done += batch) {
    await pool.round(Array.from({ length: batch }, (_, i) => images[(done + i) % images.length] as Buffer))
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
    { name: 'small images', value: Math.round(medianOf(pool.rounds, 'perSecond')), unit: 'images/s' },
  ]
}

/** The median of how two contenders compare, round by round. */
function medianRatio(of: Contender, to: Contender, take: (round: Round) => number): number {
  return median(of.rounds.map((round, at) => take(round) / take(to.rounds[at] as Round)))
}

function medianOf(rounds: readonly Round[], key: keyof Round): number {
  return median(rounds.map((round) => round[key]))
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2
}
