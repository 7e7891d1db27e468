import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { parseConfig } from '../../src/config/config.ts'
import { openTools } from '../../src/tools.ts'
import { labelerDid } from '../../test/support/label-rows.ts'
import type { Bench, BenchResult } from '../bench-result.ts'
import { endProcess } from './end-process.ts'
import type { LoadOrder, LoadReport } from './http-load.ts'
import { randomWords } from './index-data.ts'
import { signingKeyHex, uriOf } from './labels-rows.ts'
import { median } from './median.ts'
import { startService } from './service-process.ts'
import { cidOf, statusDatabase } from './status-database.ts'

const rounds = 5
const goalMs = 5
/** How many are asked about in one batch. */
const batch = 25
const xrpc = '/xrpc/tools.harrier.match.'

/** What is asked, in words, and the paths that ask it. */
type Question = { readonly name: string; readonly paths: readonly string[]; readonly isGoal: boolean }

/** How hard it is asked. The last, which always waits in 16 places, tells how much there is, and no latency that a gate has. */
type Load = {
  readonly name: string
  readonly connections: number
  readonly rate?: number
  readonly isGoal: boolean
}
const loads: readonly Load[] = [
  { name: '1 connection', connections: 1, isGoal: true },
  { name: '16 connections, 300/s', connections: 16, rate: 300, isGoal: true },
  { name: '16 connections', connections: 16, isGoal: false },
]

/**
 * The answers of the running service to whoever gates what it serves: over XRPC and over REST, with a key, of images and of
 * records, half of which the database knows.
 */
export const bench: Bench = {
  name: 'status',
  summary: 'Asking whether content has matched, with a million images and labels, over XRPC and REST',
  async run({ isQuick }) {
    const count = isQuick ? 20_000 : 1_000_000
    const env = settingsOf(await statusDatabase(count))
    const key = await makeKey(env)
    await using stack = new AsyncDisposableStack()
    const service = stack.use(await startService(env))
    const load = stack.adopt(fork(new URL('http-load.ts', import.meta.url)), endProcess)
    const results: BenchResult[] = []
    for (const question of questionsOf(count)) {
      for (const shape of loads) {
        const { connections, rate } = shape
        const reports: LoadReport[] = []
        const before = cpuSeconds(service.pid)
        let answered = 0
        for (let round = 0; round <= rounds; round++) {
          const order: LoadOrder = {
            url: service.publicUrl,
            paths: question.paths,
            headers: { authorization: `Bearer ${key}` },
            connections,
            ...(rate !== undefined && { rate }),
            seconds: isQuick ? 1 : 5,
          }
          load.send(order)
          const [report] = (await once(load, 'message')) as [LoadReport]
          answered += report.answered
          // The first warms both processes up.
          if (round > 0) reports.push(report)
        }
        const cpuMs = ((cpuSeconds(service.pid) - before) * 1000) / answered
        results.push(...resultsOf(question, shape, reports, { cpuMs, isFull: count >= 1e6 }))
      }
    }
    return results
  },
}

function questionsOf(count: number): Question[] {
  const random = randomWords(7)
  const images = Array.from({ length: 5_000 }, () => cidOf(random() % (count * 2)))
  const records = Array.from({ length: 5_000 }, () => uriOf(random() % (count * 2)))
  const mixed = images.flatMap((cid, i) => [`cid=${cid}`, `uri=${encodeURIComponent(records[i] ?? '')}`])
  const batches = Array.from({ length: 200 }, (_, i) =>
    images.slice(i * batch, (i + 1) * batch).map((cid) => `cids=${cid}`),
  )
  const ids = images.flatMap((cid, i) => [cid, records[i] ?? ''])
  return [
    { name: 'getStatus of XRPC', paths: mixed.map((query) => `${xrpc}getStatus?${query}`), isGoal: true },
    {
      name: 'match/status of REST',
      paths: ids.map((id) => `/api/v1/match/status?content_id=${encodeURIComponent(id)}`),
      isGoal: true,
    },
    {
      name: `getStatuses of XRPC, ${batch} images each`,
      paths: batches.map((queries) => `${xrpc}getStatuses?${queries.join('&')}`),
      isGoal: false,
    },
  ]
}

function resultsOf(
  question: Question,
  load: Load,
  reports: readonly LoadReport[],
  { cpuMs, isFull }: { readonly cpuMs: number; readonly isFull: boolean },
): BenchResult[] {
  const what = `${question.name}, ${load.name}`
  const p99 = median(reports.map((report) => report.p99Ms))
  const refused = reports.reduce((sum, report) => sum + report.refused, 0)
  const goal = question.isGoal && load.isGoal && isFull && { goal: `less than ${goalMs}`, met: p99 < goalMs }
  return [
    { name: what, value: Math.round(median(reports.map((report) => report.perSecond))), unit: '/s' },
    { name: `${what}, p50`, value: median(reports.map((report) => report.p50Ms)), unit: 'ms' },
    { name: `${what}, p99`, value: p99, unit: 'ms', ...goal },
    { name: `${what}, processor time of the service for each`, value: cpuMs, unit: 'ms' },
    { name: `${what}, refused`, value: refused, unit: 'requests', goal: 'none', met: refused === 0 },
  ]
}

/** Seconds of processor time that a process has used, all of its threads together. */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  // Clock ticks, of which Linux tells 100 a second.
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function makeKey(env: NodeJS.ProcessEnv): Promise<string> {
  const { config, secrets } = parseConfig(env)
  await using tools = await openTools(config, secrets)
  const key = { name: 'bench', scopes: ['match'], requestsPerMinute: 1_000_000 } as const
  return (await tools.apiKeys.create(key)).secret
}

/** Free ports, a stream that is not there, and the labeler whose labels the database has. */
function settingsOf(dataDir: string): NodeJS.ProcessEnv {
  return {
    HARRIER_DATA_DIR: dataDir,
    HARRIER_LABELER_DID: labelerDid,
    HARRIER_SIGNING_KEY: signingKeyHex,
    HARRIER_PUBLIC_HOST: '127.0.0.1',
    HARRIER_PUBLIC_PORT: '0',
    HARRIER_OPERATOR_PORT: '0',
    HARRIER_JETSTREAM_URLS: 'ws://127.0.0.1:9/subscribe',
    HARRIER_ALLOW_PRIVATE_ORIGINS: 'http://127.0.0.1:9',
  }
}
