import { join } from 'node:path'
import type { PdqProfile } from '../../src/model/hash.ts'
import type { HashPlan } from '../../src/model/hash-plan.ts'
import { type ImageFormat, imageFormats } from '../../src/model/image.ts'
import type { CorpusFile } from '../../test/support/corpus.ts'
import type { BenchResult } from '../bench-result.ts'
import { type Contender, openContender, openPreloaded, type Round } from './hash-pools.ts'
import { median } from './median.ts'

/** A contender and what was measured of it: with the whole corpus, and with its JPEG alone. */
type Runner = { readonly contender: Contender; readonly all: Round[]; readonly jpeg: Round[] }

/** Returns the plan of a service whose banks need these profiles. */
export function planOf(...profiles: PdqProfile[]): HashPlan {
  return { profiles, isOriented: true, isFlattened: true, frames: 1, isTurned: false, hasSha1: false }
}

/**
 * Measures hashing beside decoding alone, for all files and for JPEG alone, and the boundary of the process beside hashing
 * without it. Everybody goes through all files in every round, so that what else the machine does hits them alike.
 */
export async function measureThroughput(
  files: readonly CorpusFile[],
  rounds: number,
): Promise<BenchResult[]> {
  await using stack = new AsyncDisposableStack()
  const entryOf = (name: string): string => join(import.meta.dirname, name)
  const [reference, full] = [planOf('reference-512'), planOf('full-resolution')]
  const open = async (name: string, plan: HashPlan, entry?: string): Promise<Runner> => {
    const contender = await openContender(name, { plan, ...(entry !== undefined && { entry }) })
    return { contender: stack.use(contender), all: [], jpeg: [] }
  }
  const decode = await open('decode-only', reference, entryOf('hash-decode-only.ts'))
  const hashing = [
    await open('reference-512', reference),
    await open('full-resolution', full),
    await open('both profiles', planOf('reference-512', 'full-resolution')),
  ] as const
  const entry = entryOf('hash-preloaded.ts')
  const contender = stack.use(await openPreloaded('no boundary', { plan: reference, entry, files }))
  const preloaded: Runner = { contender, all: [], jpeg: [] }
  const all = [decode, hashing[0], preloaded, hashing[1], hashing[2]]
  for (const { contender } of all) await contender.round(files)
  for (let round = 0; round < rounds; round++) {
    for (const runner of round % 2 === 0 ? all : all.toReversed())
      await goThrough(runner, files, runner === preloaded)
  }
  const goals = [0.95, undefined, 0.85]
  return [
    ...stagesOf(decode),
    ...hashing.flatMap((runner) => [...stagesOf(runner), ...hashCost(runner, decode)]),
    ...hashing.flatMap((runner, at) => comparison(runner, decode, goals[at])),
    ...boundaryOf(hashing[0], preloaded),
  ]
}

async function goThrough(runner: Runner, files: readonly CorpusFile[], isPreloaded: boolean): Promise<void> {
  // As much work for a pool as for the processes that have every file twice between them.
  const work = files.flatMap((file) => [file, file])
  runner.all.push(await runner.contender.round(work))
  if (isPreloaded) return
  runner.jpeg.push(await runner.contender.round(files.filter(({ format }) => format === 'jpeg')))
}

function stagesOf({ contender: { name }, all, jpeg }: Runner): BenchResult[] {
  const results = [
    { name, value: Math.round(medianOf(all, 'perSecond')), unit: 'images/s' },
    { name: `${name}: all`, value: medianOf(all, 'childCpuMs'), unit: 'CPU-ms' },
    { name: `${name}: decode, elapsed`, value: medianOf(all, 'decodeMs'), unit: 'ms' },
  ]
  const hashMs = medianOf(all, 'hashMs')
  if (hashMs > 0) results.push({ name: `${name}: hash, elapsed`, value: hashMs, unit: 'ms' })
  if (jpeg.length === 0) return results
  return [
    ...results,
    { name: `${name}, JPEG alone`, value: Math.round(medianOf(jpeg, 'perSecond')), unit: 'images/s' },
    { name: `${name}, JPEG alone: all`, value: medianOf(jpeg, 'childCpuMs'), unit: 'CPU-ms' },
  ]
}

function hashCost({ contender: { name }, all }: Runner, decode: Runner): BenchResult[] {
  const differences = all.map((round, at) => round.childCpuMs - (decode.all[at] as Round).childCpuMs)
  return [{ name: `${name}: hash`, value: median(differences), unit: 'CPU-ms' }]
}

/** The goal is that of the whole corpus; what each format contributes is told beside it. */
function comparison(runner: Runner, decode: Runner, goal: number | undefined): BenchResult[] {
  const name = `${runner.contender.name}, of decode-only`
  const perSecond = ({ perSecond }: Round): number => perSecond
  const cpu = ({ childCpuMs }: Round): number => childCpuMs
  const value = medianRatio(runner.all, decode.all, perSecond)
  const aim = goal === undefined ? undefined : { goal: `at least ${goal}`, met: value >= goal }
  return [
    { name, value, unit: 'ratio', ...aim },
    { name: `${name} by CPU`, value: medianRatio(decode.all, runner.all, cpu), unit: 'ratio' },
    { name: `${name}, JPEG alone`, value: medianRatio(runner.jpeg, decode.jpeg, perSecond), unit: 'ratio' },
    { name: `${name} by CPU, JPEG alone`, value: medianRatio(decode.jpeg, runner.jpeg, cpu), unit: 'ratio' },
    ...imageFormats.map((format) => ({
      name: `${name} by the clock, ${format}`,
      value: medianRatio(decode.all, runner.all, (round) => elapsedMs(round, format)),
      unit: 'ratio',
    })),
  ]
}

function elapsedMs({ formats }: Round, format: ImageFormat): number {
  const { decodeMs, hashMs } = formats[format] ?? { decodeMs: Number.NaN, hashMs: 0 }
  return decodeMs + hashMs
}

function boundaryOf(pooled: Runner, preloaded: Runner): BenchResult[] {
  const cpu = (round: Round): number => round.childCpuMs + round.serviceCpuMs
  const value = (1 - medianRatio(pooled.all, preloaded.all, ({ perSecond }) => perSecond)) * 100
  return [
    ...stagesOf(preloaded).slice(0, 2),
    { name: 'boundary, of throughput', value, unit: '%', goal: 'less than 3', met: value < 3 },
    { name: 'boundary, of CPU', value: (medianRatio(pooled.all, preloaded.all, cpu) - 1) * 100, unit: '%' },
    { name: 'boundary, in the service', value: medianOf(pooled.all, 'serviceCpuMs'), unit: 'CPU-ms' },
  ]
}

/** The median of how two contenders compare, round by round. */
function medianRatio(of: readonly Round[], to: readonly Round[], take: (round: Round) => number): number {
  return median(of.map((round, at) => take(round) / take(to[at] as Round)))
}

type Figure = 'perSecond' | 'childCpuMs' | 'serviceCpuMs' | 'decodeMs' | 'hashMs'

function medianOf(rounds: readonly Round[], key: Figure): number {
  return median(rounds.map((round) => round[key]))
}
