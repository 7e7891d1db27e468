import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openSqlite } from '../../src/store/sqlite.ts'
import type { Bench, BenchResult } from '../bench-result.ts'
import { bankDatabase, drawHexNeedles } from './bank-database.ts'
import { endProcess } from './end-process.ts'
import type { LoadOrder, LoadReport } from './http-load.ts'
import { randomWords } from './index-data.ts'
import { median } from './median.ts'
import { type ServiceProcess, startService } from './service-process.ts'

const rounds = 5
const startGoalS = 15
const lookupGoal = 6_000

/** The running service with ten million hashes: how long it takes to start, and how many lookups it answers over HTTP. */
export const bench: Bench = {
  name: 'http-lookup',
  summary: 'Start of the service with ten million hashes, and lookups over HTTP from another process',
  async run({ isQuick }) {
    const count = isQuick ? 100_000 : 10_000_000
    const folder = await bankDatabase(count)
    const needles = drawHexNeedles(folder, 5_000, count, randomWords(5))
    await using stack = new AsyncDisposableStack()
    const startedAt = performance.now()
    const service = stack.use(await startService(settingsOf(folder)))
    const url = service.operatorUrl
    await lookUp(url, needles[0] as string)
    const startS = (performance.now() - startedAt) / 1000
    const load = stack.adopt(fork(new URL('http-load.ts', import.meta.url)), endProcess)
    const order: LoadOrder = {
      url,
      paths: needles.map((needle) => `/m/lookup?signal_type=pdq&signal=${needle}`),
      connections: 16,
      seconds: isQuick ? 1 : 8,
    }
    const reports: LoadReport[] = []
    for (let round = 0; round <= rounds; round++) {
      load.send(order)
      const [report] = (await once(load, 'message')) as [LoadReport]
      // The first warms both processes up.
      if (round > 0) reports.push(report)
    }
    return [...report(count, startS, service, reports), ...(await measureChanges(folder, url))]
  },
}

function report(
  count: number,
  startS: number,
  { pid }: ServiceProcess,
  reports: readonly LoadReport[],
): BenchResult[] {
  const isGoal = count >= 1e7
  const perSecond = Math.round(median(reports.map((one) => one.perSecond)))
  const refused = reports.reduce((sum, one) => sum + one.refused, 0)
  return [
    {
      name: `start with ${count / 1e6} M hashes, from the process to the first answer`,
      value: startS,
      unit: 's',
      ...(isGoal && { goal: `at most ${startGoalS}`, met: startS <= startGoalS }),
    },
    { name: 'memory of the service', value: residentMib(pid), unit: 'MiB' },
    {
      name: 'lookups over HTTP',
      value: perSecond,
      unit: '/s',
      ...(isGoal && { goal: `at least ${lookupGoal}`, met: perSecond >= lookupGoal }),
    },
    { name: 'latency, p50', value: median(reports.map((one) => one.p50Ms)), unit: 'ms' },
    { name: 'latency, p99', value: median(reports.map((one) => one.p99Ms)), unit: 'ms' },
    { name: 'refused or failed', value: refused, unit: 'requests', goal: 'none', met: refused === 0 },
  ]
}

/** How long it takes until a hash that another process adds is found over HTTP, and until one that it removes is not. */
async function measureChanges(folder: string, url: string): Promise<BenchResult[]> {
  await using database = await openSqlite({ path: join(folder, 'harrier.db') })
  const bank = await database.banks.find('bench')
  if (!bank) throw new Error('Expected the bank of the benchmark')
  const added: number[] = []
  const removed: number[] = []
  for (let round = 0; round < 15; round++) {
    const value = randomBytes(32).toString('hex')
    const isFound = async () => (await lookUp(url, value)) !== '{}'
    const hash = { type: 'pdq', value, quality: 100 } as const
    const content = { hashes: [hash], label: '', note: '', sourceId: '' }
    const { contentId } = await database.transaction(({ banks }) =>
      banks.addContent(bank.id, content, '2026-01-01T00:00:00.000Z'),
    )
    added.push(await msUntil(isFound))
    await database.transaction(({ removals }) =>
      removals.removeContent(bank.id, contentId, new Date().toISOString()),
    )
    removed.push(await msUntil(async () => !(await isFound())))
  }
  return [
    {
      name: 'added hash is found after, at most',
      value: Math.max(...added),
      unit: 'ms',
      ...within(100, added),
    },
    {
      name: 'removed hash is gone after, at most',
      value: Math.max(...removed),
      unit: 'ms',
      ...within(100, removed),
    },
  ]
}

function within(mostMs: number, times: readonly number[]): Pick<BenchResult, 'goal' | 'met'> {
  return { goal: `at most ${mostMs}`, met: Math.max(...times) <= mostMs }
}

async function msUntil(isTrue: () => Promise<boolean>): Promise<number> {
  const startedAt = performance.now()
  while (!(await isTrue())) await sleep(1)
  return performance.now() - startedAt
}

/** Free ports, and a stream that is not there. */
function settingsOf(dataDir: string): NodeJS.ProcessEnv {
  return {
    HARRIER_DATA_DIR: dataDir,
    HARRIER_PUBLIC_HOST: '127.0.0.1',
    HARRIER_PUBLIC_PORT: '0',
    HARRIER_OPERATOR_PORT: '0',
    HARRIER_JETSTREAM_URLS: 'ws://127.0.0.1:9/subscribe',
    HARRIER_ALLOW_PRIVATE_ORIGINS: 'http://127.0.0.1:9',
  }
}

/** Returns the answer to one lookup. */
async function lookUp(url: string, signal: string): Promise<string> {
  const response = await fetch(`${url}/m/lookup?signal_type=pdq&signal=${signal}`)
  if (!response.ok) throw new Error(`Expected an answer but received status ${response.status}`)
  return await response.text()
}

function residentMib(pid: number): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1024
}
