import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { createSharedMemory } from '../../src/match/hamming-kernel.ts'
import { HashRows } from '../../src/match/hash-rows.ts'
import type { RowSearch } from '../../src/match/row-search.ts'
import { buildRows, RowsBuilder } from '../../src/match/rows-builder.ts'
import { layoutOf } from '../../src/match/rows-layout.ts'
import type { Bench, BenchResult } from '../bench-result.ts'
import { drawNeedles, fillClustered, fillUniform } from './index-data.ts'
import { measurePlain } from './index-plain.ts'
import { lookUp, type ReaderData, type ReaderReply, type ReaderTask } from './index-reader.ts'
import { measureSwaps } from './index-swaps.ts'
import { measureTurns } from './index-turns.ts'

/** Lookups of a round by radius: about a second's worth at ten million. */
const lookups: Readonly<Record<number, number>> = { 15: 40_000, 31: 20_000, 45: 1_500, 63: 100 }
const rounds = 5
const recallNeedles = 64

/** What ten million hashes on a small machine come to. */
export const bench: Bench = {
  name: 'index',
  summary: 'PDQ lookups at 1 and 10 million hashes, uniform and clustered: speed, memory, build, recall',
  async run({ isQuick }) {
    const sizes = isQuick ? [100_000] : [1_000_000, 10_000_000]
    const results: BenchResult[] = []
    for (const count of sizes) {
      for (const isClustered of [false, true]) results.push(...(await measure(count, isClustered, isQuick)))
    }
    return [
      ...results,
      ...(await measureTurns(isQuick ? 100_000 : 2_000_000)),
      ...(await measureSwaps(isQuick ? 100 : 1000)),
    ]
  },
}

type Goals = { readonly perSecond: number; readonly p99Ms?: number; readonly eightMs?: number }

/** At radius 31 on two threads. */
function goalsOf(count: number, isClustered: boolean): Goals | undefined {
  if (count === 1_000_000) return { perSecond: 100_000 }
  if (count === 10_000_000) return { perSecond: isClustered ? 25_000 : 40_000, p99Ms: 0.5, eightMs: 0.6 }
  return undefined
}

async function measure(count: number, isClustered: boolean, isQuick: boolean): Promise<BenchResult[]> {
  const name = `${count / 1e6} M ${isClustered ? 'clustered' : 'uniform'}`
  const rows = new HashRows(createSharedMemory(layoutOf(count, true).bytes), count, true)
  const words = new Uint32Array(rows.memory.buffer, rows.layout.hashes, count * 8)
  if (isClustered) fillClustered(words, 1)
  else fillUniform(words, 1)
  const needles = drawNeedles(words, 20_000, isClustered, 99)
  const build = await measureBuild(rows, count)
  const goals = goalsOf(count, isClustered)
  const results: BenchResult[] = [
    {
      name: `${name}: build at the start`,
      value: build.coldS,
      unit: 's',
      ...atMost(4, build.coldS, count >= 1e7),
    },
    { name: `${name}: build beside searches`, value: build.warmS, unit: 's' },
    {
      name: `${name}: memory`,
      value: rows.memory.buffer.byteLength / count,
      unit: 'bytes/hash',
      ...atMost(135, rows.memory.buffer.byteLength / count, count >= 1e7),
    },
    { name: `${name}: recall`, ...measureRecall(rows, needles) },
  ]
  results.push(...(await measureLookups(name, rows, needles, isQuick, goals)))
  results.push(...measureEight(name, rows, needles, goals))
  if (!isClustered && count >= 1e6) results.push(...measurePlain(name, rows, needles, lookUp))
  return results
}

function atMost(most: number, value: number, isGoal = true): Pick<BenchResult, 'goal' | 'met'> {
  return isGoal ? { goal: `at most ${most}`, met: value <= most } : {}
}
function atLeast(least: number | undefined, value: number): Pick<BenchResult, 'goal' | 'met'> {
  return least === undefined ? {} : { goal: `at least ${least}`, met: value >= least }
}

/** First in fresh memory by two threads, as at the start; then by one, in memory that was used before. */
async function measureBuild(rows: HashRows, count: number): Promise<{ coldS: number; warmS: number }> {
  await using first = new RowsBuilder()
  await using second = new RowsBuilder()
  rows.assume(count)
  const startedAt = performance.now()
  await buildRows([first, second], [], rows)
  const coldS = (performance.now() - startedAt) / 1000
  const times: number[] = []
  for (let i = 0; i < 3; i++) {
    const at = performance.now()
    await buildRows([first], [], rows)
    times.push((performance.now() - at) / 1000)
  }
  return { coldS, warmS: median(times) }
}

/** The same needles by the tables and by comparing every hash: what is missing or too much. */
function measureRecall(
  rows: HashRows,
  needles: Uint32Array,
): Pick<BenchResult, 'value' | 'unit' | 'goal' | 'met'> {
  let expected = 0
  let right = 0
  const bytes = new Uint8Array(needles.buffer)
  const plain = HashRows.open(rows.share())
  for (let i = 0; i < recallNeedles; i++) {
    const needle = bytes.subarray(i * 32, i * 32 + 32)
    const radius = [15, 31, 45, 63][(i >> 1) % 4]!
    const scanned = new Set(rowsOf(plain.search(needle, radius, 1)))
    const found = rowsOf(rows.search(needle, radius, 0))
    if (found.length !== scanned.size)
      return { value: -1, unit: 'hits doubled or missing', goal: 'exact', met: false }
    expected += scanned.size
    right += found.filter((row) => scanned.has(row)).length
  }
  const value = (right / expected) * 100
  return { value, unit: `% of ${expected} hits`, goal: '100', met: value === 100 }
}

function rowsOf(search: RowSearch): number[] {
  const found: number[] = []
  while (!search.isDone) {
    const count = search.step(2 ** 30)
    for (let i = 0; i < count; i++) found.push(search.hits[i * 2]!)
  }
  return found
}

async function measureLookups(
  name: string,
  rows: HashRows,
  needles: Uint32Array,
  isQuick: boolean,
  goals: Goals | undefined,
): Promise<BenchResult[]> {
  const data = (reader: number): ReaderData => ({ rows: rows.share(), reader, needles })
  const readers = [2, 3].map(
    (reader) => new Worker(new URL('./index-reader.ts', import.meta.url), { workerData: data(reader) }),
  )
  const round = async (threads: number, radius: number, from: number): Promise<[number, Float64Array[]]> => {
    const count = Math.ceil(lookups[radius]! / (isQuick ? 10 : 1))
    const startedAt = performance.now()
    const replies = await Promise.all(
      readers.slice(0, threads).map(async (reader, i) => {
        reader.postMessage({ radius, count, from: from + i * 7_001 } satisfies ReaderTask)
        const [reply] = (await once(reader, 'message')) as [ReaderReply]
        return reply.durations
      }),
    )
    return [(count * threads * 1000) / (performance.now() - startedAt), replies]
  }
  const results: BenchResult[] = []
  for (const radius of [15, 31, 45, 63]) {
    const isMain = radius === 31
    await round(2, radius, 0)
    for (const threads of [1, 2]) {
      const speeds: number[] = []
      const p50s: number[] = []
      const p99s: number[] = []
      for (let i = 0; i < rounds; i++) {
        const [speed, durations] = await round(threads, radius, i * 3_001)
        speeds.push(speed)
        p50s.push(quantile(durations[0]!, 0.5))
        p99s.push(quantile(durations[0]!, 0.99))
      }
      const speed = Math.round(median(speeds))
      const aim = isMain && threads === 2 ? atLeast(goals?.perSecond, speed) : {}
      results.push({
        name: `${name}: radius ${radius}, ${threads} thread${threads > 1 ? 's' : ''}`,
        value: speed,
        unit: 'lookups/s',
        ...aim,
      })
      if (threads === 2 && !isMain) continue
      const p99Ms = median(p99s)
      results.push(
        { name: `${name}: radius ${radius}, p50`, value: median(p50s), unit: 'ms' },
        {
          name: `${name}: radius ${radius}, p99`,
          value: p99Ms,
          unit: 'ms',
          ...(isMain && goals?.p99Ms ? atMost(goals.p99Ms, p99Ms) : {}),
        },
      )
    }
  }
  await Promise.all(readers.map((reader) => reader.terminate()))
  return results
}

/** Eight needles one after the other, as for the eight ways in which a picture can be turned. */
function measureEight(
  name: string,
  rows: HashRows,
  needles: Uint32Array,
  goals: Goals | undefined,
): BenchResult[] {
  const times: number[] = []
  for (let i = 0; i < 600; i++) {
    const { durations } = lookUp(rows, 0, needles, { radius: 31, from: i * 8, count: 8 })
    if (i >= 100) times.push(durations.reduce((sum, one) => sum + one, 0))
  }
  const value = quantile(Float64Array.from(times), 0.5)
  return [
    {
      name: `${name}: eight needles, p50`,
      value,
      unit: 'ms',
      ...(goals?.eightMs ? atMost(goals.eightMs, value) : {}),
    },
  ]
}

function quantile(values: Float64Array, part: number): number {
  const sorted = values.toSorted()
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!
}
function median(values: readonly number[]): number {
  return quantile(Float64Array.from(values), 0.5)
}
