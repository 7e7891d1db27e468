import { readdirSync, readFileSync } from 'node:fs'
import type { HashPlan } from '../../src/model/hash-plan.ts'
import { openHashPool } from '../../src/scan/hash-pool.ts'

/** What one round came to: images per second, and what an image cost on average, in milliseconds. */
export type Round = {
  readonly perSecond: number
  /** Processor time of the decoder processes, and of this one. */
  readonly childCpuMs: number
  readonly serviceCpuMs: number
  /** As the processes say, by the clock. */
  readonly decodeMs: number
  readonly hashMs: number
}

/** A way to go through the corpus, and what was measured so far. */
export interface Contender extends AsyncDisposable {
  readonly name: string
  /** The decoder processes. */
  readonly pids: readonly number[]
  readonly rounds: Round[]
  /** Goes through the images once and notes what came of it, unless it only warms up. */
  round(images: readonly Uint8Array[], isWarmUp?: boolean): Promise<void>
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
  return createContender(name, pids, [pool], async (images, add) => {
    const outcomes = await Promise.all(images.map((image) => pool.hash(image, plan, never)))
    for (const { decodeMs, hashMs } of outcomes) add(decodeMs, hashMs)
    return outcomes.length
  })
}

/** Opens as many processes, each with every image in its memory: one round of it is a round in each of them. */
export async function openPreloaded(
  name: string,
  options: { readonly plan: HashPlan; readonly entry: string; readonly images: readonly Uint8Array[] },
): Promise<Contender> {
  const { plan, entry, images } = options
  const opened = [await openPool(1, entry), await openPool(1, entry)]
  const pools = opened.map(({ pool }) => pool)
  await Promise.all(pools.flatMap((pool) => images.map((image) => pool.hash(image, plan, never))))
  const pids = opened.flatMap(({ pids }) => pids)
  return createContender(name, pids, pools, async () => {
    await Promise.all(pools.map((pool) => pool.hash(new Uint8Array(0), plan, never)))
    return images.length * pools.length
  })
}

/** Returns the memory that processes hold together, in bytes. */
export function residentBytes(pids: readonly number[]): number {
  const kib = pids.map((pid) => /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  return kib.reduce((sum, one) => sum + Number(one) * 1024, 0)
}

type Go = (images: readonly Uint8Array[], add: (decodeMs: number, hashMs: number) => void) => Promise<number>

function createContender(
  name: string,
  pids: readonly number[],
  pools: readonly AsyncDisposable[],
  go: Go,
): Contender {
  const rounds: Round[] = []
  return {
    name,
    pids,
    rounds,
    async round(images, isWarmUp = false) {
      let decodeMs = 0
      let hashMs = 0
      const childrenAt = cpuMsOf(pids)
      const serviceAt = process.cpuUsage()
      const startedAt = performance.now()
      const count = await go(images, (decode, hash) => {
        decodeMs += decode
        hashMs += hash
      })
      const elapsedMs = performance.now() - startedAt
      const { user, system } = process.cpuUsage(serviceAt)
      if (isWarmUp) return
      rounds.push({
        perSecond: (count / elapsedMs) * 1000,
        childCpuMs: (cpuMsOf(pids) - childrenAt) / count,
        serviceCpuMs: (user + system) / 1000 / count,
        decodeMs: decodeMs / count,
        hashMs: hashMs / count,
      })
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(pools.map((pool) => pool[Symbol.asyncDispose]()))
    },
  }
}

async function openPool(processes: number, entry: string | undefined) {
  const others = childPids()
  const pool = openHashPool({ ...limits, processes, ...(entry !== undefined && { entry }) })
  await pool.prepare()
  return { pool, pids: childPids().filter((pid) => !others.includes(pid)) }
}

/** Linux only, as is all that needs it. */
function childPids(): readonly number[] {
  const text = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8')
  return text.split(' ').filter(Boolean).map(Number)
}

/** The processor time of all threads of processes so far, in milliseconds. */
function cpuMsOf(pids: readonly number[]): number {
  const nanoseconds = pids.flatMap((pid) =>
    readdirSync(`/proc/${pid}/task`).map((thread) =>
      Number.parseInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8')),
    ),
  )
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6
}
