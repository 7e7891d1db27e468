import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bench, BenchResult } from '../bench-result.ts'
import { type Callee, type HarrierCalls, type LabelerCalls, openCallee } from './labels-calls.ts'
import type { Latencies, LoadCalls } from './labels-load.ts'
import { measureReading, type Reading, type ReadingOptions } from './labels-reading.ts'
import { type Made, reportCreating, reportFanOut, reportReading } from './labels-report.ts'
import { fillHarrier, fillSkyware, signingKeyHex, uriOf } from './labels-rows.ts'
import { startService } from './service-process.ts'

/** Labels from a decision to a thousand subscribers, beside `@skyware/labeler` doing the same in the same run. */
export const bench: Bench = {
  name: 'labels',
  summary: 'Labels created, streamed and queried, beside @skyware/labeler in the same run',
  async run({ isQuick }): Promise<BenchResult[]> {
    if (!existsSync('/proc/self/clear_refs'))
      throw new Error('Expected /proc to measure with: this bench runs on Linux')
    await using stack = new AsyncDisposableStack()
    const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'harrier-bench-')), (path) =>
      rm(path, { recursive: true, force: true }),
    )
    const load = stack.use(openCallee<LoadCalls>('labels-load.ts'))
    const labels = isQuick ? 20_000 : 200_000
    const paths = await fill(join(folder, 'filled'), labels)
    const uris = Array.from({ length: 500 }, (_, i) => uriOf((i * 7919) % labels))
    const reading: ReadingOptions = { labels, uris, askMs: isQuick ? 500 : 2000 }
    const rounds = isQuick ? 1 : 3

    const readings: { readonly harrier: Reading; readonly skyware: Reading }[] = []
    for (let round = 0; round < rounds; round++) {
      const skyware = await readSkyware(paths.skyware, load, reading)
      readings.push({ harrier: await readHarrier(paths.harrier, load, reading), skyware })
    }
    const created: CreateOptions = { rounds, count: isQuick ? 1000 : 8000 }
    const fresh = await create(await fill(join(folder, 'fresh'), 0), created)
    const beside = await create(paths, created)
    const fanOut = await fanOutOf(paths, load, {
      rounds,
      subscribers: isQuick ? 200 : 1000,
      labels: isQuick ? 100 : 500,
    })
    return [...reportCreating({ fresh, beside, labels }), ...reportReading(readings), ...reportFanOut(fanOut)]
  },
}

type Paths = { readonly harrier: string; readonly skyware: string }

async function fill(folder: string, labels: number): Promise<Paths> {
  const paths = { harrier: join(folder, 'harrier', 'harrier.db'), skyware: join(folder, 'skyware.db') }
  await mkdir(join(folder, 'harrier'), { recursive: true })
  await fillHarrier(paths.harrier, labels)
  {
    await using skyware = openCallee<LabelerCalls>('labels-skyware.ts')
    await skyware.call('open', paths.skyware)
  }
  fillSkyware(paths.skyware, labels)
  return paths
}

/** The service as it is run, on a stream that never comes. */
async function readHarrier(path: string, load: Callee<LoadCalls>, options: ReadingOptions): Promise<Reading> {
  await using service = await startService({
    HARRIER_DATA_DIR: join(path, '..'),
    HARRIER_PUBLIC_HOST: '127.0.0.1',
    HARRIER_PUBLIC_PORT: '0',
    HARRIER_OPERATOR_PORT: '0',
    HARRIER_JETSTREAM_URLS: 'ws://127.0.0.1:9',
    HARRIER_PLC_URL: 'http://127.0.0.1:9',
    HARRIER_SIGNING_KEY: signingKeyHex,
  })
  const others = ['/xrpc/_health', `/xrpc/com.atproto.label.queryLabels?uriPatterns=${options.uris[0]}`]
  return await measureReading({ url: service.publicUrl, pid: service.pid }, load, options, others)
}

/** It is spared queries during the backfill: one of them takes as long as many health checks. */
async function readSkyware(path: string, load: Callee<LoadCalls>, options: ReadingOptions): Promise<Reading> {
  await using skyware = openCallee<LabelerCalls>('labels-skyware.ts')
  const url = await skyware.call('open', path)
  return await measureReading({ url, pid: skyware.pid }, load, options, ['/xrpc/_health'])
}

type CreateOptions = { readonly rounds: number; readonly count: number }

/** Labels a second, durable, round by round: 200 asked for at once of either. */
async function create(paths: Paths, { rounds, count }: CreateOptions): Promise<Made[]> {
  await using harrier = openCallee<HarrierCalls>('labels-harrier.ts')
  await using skyware = openCallee<LabelerCalls>('labels-skyware.ts')
  await harrier.call('open', paths.harrier)
  await skyware.call('open', paths.skyware)
  await harrier.call('create', count / 4, 200)
  await skyware.call('create', count / 8, 200)
  const made: Made[] = []
  for (let round = 0; round < rounds; round++) {
    made.push({
      skyware: await skyware.call('create', count / 4, 200),
      harrier: await harrier.call('create', count, 200),
      jobs: await harrier.call('endJobs', count / 4, 200),
    })
  }
  return made
}

type FanOutOptions = { readonly rounds: number; readonly subscribers: number; readonly labels: number }

async function fanOutOf(
  paths: Paths,
  load: Callee<LoadCalls>,
  { rounds, subscribers, labels }: FanOutOptions,
): Promise<{ harrier: Latencies[]; skyware: Latencies[]; expected: number }> {
  const harrier = await fanOut('labels-harrier.ts', paths.harrier, load, { rounds, subscribers, labels })
  const skyware = await fanOut('labels-skyware.ts', paths.skyware, load, { rounds: 1, subscribers, labels })
  return { harrier, skyware, expected: subscribers * labels }
}

async function fanOut(
  module: string,
  path: string,
  load: Callee<LoadCalls>,
  { rounds, subscribers, labels }: FanOutOptions,
): Promise<Latencies[]> {
  await using labeler = openCallee<LabelerCalls>(module)
  await load.call('subscribe', await labeler.call('open', path), subscribers)
  const measured: Latencies[] = []
  for (let round = 0; round < rounds; round++) {
    const published = await labeler.call('publish', labels, 100)
    await load.call('receive', subscribers * labels)
    measured.push(await load.call('latencies', published))
  }
  await load.call('unsubscribe')
  return measured
}
