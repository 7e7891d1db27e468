import { readFileSync } from 'node:fs'
import type { HashPlan } from '../../src/model/hash-plan.ts'
import type { ImageFormat } from '../../src/model/image.ts'
import { openHashPool } from '../../src/scan/hash-pool.ts'
import type { CorpusFile } from '../../test/support/corpus.ts'
import { childPids, cpuMsOf } from './cpu-time.ts'

/** By the clock of the processes, in milliseconds per image. */
type Elapsed = { readonly decodeMs: number; readonly hashMs: number }

/** What one round came to: images per second, and what an image cost on average, in milliseconds. */
export type Round = Elapsed & {
  readonly perSecond: number
  /** Processor time of the decoder processes, and of this one. */
  readonly childCpuMs: number
  readonly serviceCpuMs: number
  /** Of the images of each format that there were. */
  readonly formats: Readonly<Partial<Record<ImageFormat, Elapsed>>>
}

/** A way to go through the corpus. */
export interface Contender extends AsyncDisposable {
  readonly name: string
  /** The decoder processes. */
  readonly pids: readonly number[]
  /** Goes through files once. */
  round(files: readonly CorpusFile[]): Promise<Round>
}

/** How many decoder processes take part: one per core of the machine that the goals are for. */
export const processes = 2

const limits = { maxPixels: 50_000_000, timeoutMs: 120_000, maxMemoryBytes: 2 ** 30, maxQueue: 100_000 }
const never = new AbortController().signal

/** Opens a pool that hashes by a plan, or runs the entry of a measurement. */
export async function openContender(
  name: string,
  { plan, entry }: { readonly plan: HashPlan; readonly entry?: string },
): Promise<Contender> {
  const { pool, pids } = await openPool(processes, entry)
  return createContender(name, pids, [pool], async (files) => {
    return await Promise.all(
      files.map(async ({ format, bytes }) => ({ format, ...(await pool.hash(bytes, plan, never)) })),
    )
  })
}

/** Opens as many processes, each with every image in its memory: one round of it is a round in each of them. */
export async function openPreloaded(
  name: string,
  options: { readonly plan: HashPlan; readonly entry: string; readonly files: readonly CorpusFile[] },
): Promise<Contender> {
  const { plan, entry, files } = options
  const opened = [await openPool(1, entry), await openPool(1, entry)]
  const pools = opened.map(({ pool }) => pool)
  await Promise.all(pools.flatMap((pool) => files.map(({ bytes }) => pool.hash(bytes, plan, never))))
  const pids = opened.flatMap(({ pids }) => pids)
  return createContender(name, pids, pools, async () => {
    await Promise.all(pools.map((pool) => pool.hash(new Uint8Array(0), plan, never)))
    return pools.flatMap(() => files.map(({ format }) => ({ format, decodeMs: 0, hashMs: 0 })))
  })
}

/** Returns the memory that processes hold together, in bytes. */
export function residentBytes(pids: readonly number[]): number {
  const kib = pids.map((pid) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  return kib.reduce((sum, one) => sum + Number(one) * 1024, 0)
}

type Measured = Elapsed & { readonly format: ImageFormat }

function createContender(
  name: string,
  pids: readonly number[],
  pools: readonly AsyncDisposable[],
  go: (files: readonly CorpusFile[]) => Promise<readonly Measured[]>,
): Contender {
  return {
    name,
    pids,
    async round(files) {
      const childrenAt = cpuMsOf(pids)
      const serviceAt = process.cpuUsage()
      const startedAt = performance.now()
      const measured = await go(files)
      const elapsedMs = performance.now() - startedAt
      const { user, system } = process.cpuUsage(serviceAt)
      const count = measured.length
      const byFormat = Object.groupBy(measured, ({ format }) => format)
      const formats = Object.entries(byFormat).map(([format, those]) => [format, meanOf(those)])
      return {
        ...meanOf(measured),
        perSecond: (count / elapsedMs) * 1000,
        childCpuMs: (cpuMsOf(pids) - childrenAt) / count,
        serviceCpuMs: (user + system) / 1000 / count,
        formats: Object.fromEntries(formats) as Round['formats'],
      }
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(pools.map((pool) => pool[Symbol.asyncDispose]()))
    },
  }
}

function meanOf(measured: readonly Elapsed[]): Elapsed {
  const sum = (take: (one: Elapsed) => number) => measured.reduce((sum, one) => sum + take(one), 0)
  return {
    decodeMs: sum(({ decodeMs }) => decodeMs) / measured.length,
    hashMs: sum(({ hashMs }) => hashMs) / measured.length,
  }
}

async function openPool(processes: number, entry: string | undefined) {
  const others = childPids(process.pid)
  const pool = openHashPool({ ...limits, processes, ...(entry !== undefined && { entry }) })
  await pool.prepare()
  return { pool, pids: childPids(process.pid).filter((pid) => !others.includes(pid)) }
}
