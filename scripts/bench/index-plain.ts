import { readFileSync } from 'node:fs'
import type { SharedMemory } from '../../src/match/hamming-kernel.ts'
import type { HashRows } from '../../src/match/hash-rows.ts'
import { readerBytes } from '../../src/match/rows-layout.ts'
import type { BenchResult } from '../bench-result.ts'
import type { ReaderReply, ReaderTask } from './index-reader.ts'

type PlainKernel = {
  countWithin(
    needle: number,
    radius: number,
    hashes: number,
    offsets: number,
    ids: number,
    idsPitch: number,
    scratch: number,
  ): number
}
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
    imports: { env: { memory: SharedMemory } },
  ) => { readonly exports: unknown }
}

const radius = 31
const needlesPerRound = 400
const rounds = 7
const goal = 15

/** How much the prints gain: the same tables with and without them, in turn, on one thread; also that both find as much. */
export function measurePlain(
  name: string,
  rows: HashRows,
  needles: Uint32Array,
  lookUp: (rows: HashRows, reader: number, needles: Uint32Array, task: ReaderTask) => ReaderReply,
): BenchResult[] {
  const { layout, memory } = rows
  const { tables } = layout
  if (!tables) throw new TypeError('Expected rows with tables')
  const module = new WebAssembly.Module(
    readFileSync(new URL('../../src/kernels/hamming-plain.wasm', import.meta.url)),
  )
  const kernel = new WebAssembly.Instance(module, { env: { memory } }).exports as PlainKernel
  const scratch = layout.scratch + 3 * readerBytes
  const place = new Uint32Array(memory.buffer, scratch + 2048, 8)
  const lookUpPlainly = (from: number): { ms: number; hits: number } => {
    const startedAt = performance.now()
    let hits = 0
    for (let i = from; i < from + needlesPerRound; i++) {
      place.set(needles.subarray(i * 8, i * 8 + 8))
      const { offsets, ids, idsPitch } = tables
      hits += kernel.countWithin(scratch + 2048, radius, layout.hashes, offsets, ids, idsPitch, scratch)
    }
    return { ms: performance.now() - startedAt, hits }
  }
  lookUpPlainly(0)
  const ratios: number[] = []
  const speeds: number[] = []
  for (let round = 0; round < rounds; round++) {
    const from = round * needlesPerRound
    const plain = lookUpPlainly(from)
    const startedAt = performance.now()
    const { hits } = lookUp(rows, 0, needles, { radius, from, count: needlesPerRound })
    const ms = performance.now() - startedAt
    if (hits !== plain.hits) throw new Error(`Expected ${plain.hits} hits but received ${hits}`)
    ratios.push(plain.ms / ms)
    speeds.push((needlesPerRound / plain.ms) * 1000)
  }
  const value = ratios.toSorted((a, b) => a - b)[rounds >> 1]!
  const isGoal = rows.count >= 1e7
  return [
    {
      name: `${name}: without prints, radius ${radius}, 1 thread`,
      value: Math.round(speeds.toSorted((a, b) => a - b)[rounds >> 1]!),
      unit: 'lookups/s',
    },
    {
      name: `${name}: with prints over without`,
      value,
      unit: 'times',
      ...(isGoal && { goal: `at least ${goal}`, met: value >= goal }),
    },
  ]
}
