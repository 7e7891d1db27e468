import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Jetstream } from '@skyware/jetstream'
import { WebSocket } from 'ws'
import { createIngest } from '../../src/ingest/ingest.ts'
import { openJetstreamSource } from '../../src/ingest/jetstream.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import type { Bench, BenchResult } from '../bench-result.ts'

const goalPerSecond = 5_000

/** Events per second from a websocket into jobs on disk, and what the transport alone could do. */
export const bench: Bench = {
  name: 'ingest',
  summary: 'Events per second from a Jetstream websocket (another process) into SQLite on disk',
  async run({ isQuick }) {
    const events = isQuick ? 10_000 : 100_000
    await using stack = new AsyncDisposableStack()
    const stream = stack.adopt(
      fork(new URL('ingest-stream.ts', import.meta.url), [String(events)]),
      endProcess,
    )
    const [url] = (await once(stream, 'message')) as [string]
    const folder = stack.adopt(await mkdtemp(join(tmpdir(), 'harrier-bench-')), (path) =>
      rm(path, { recursive: true, force: true }),
    )
    const transportMs = await readWithTransport(url, events)
    const { durationMs, counts } = await ingest(url, events, join(folder, 'ingest.db'))
    return report(events, transportMs, durationMs, counts)
  },
}

type Counts = { jobs: number; batches: number; storeMs: number; dropped: number }

function report(
  events: number,
  transportMs: number,
  durationMs: number,
  counts: Counts,
): readonly BenchResult[] {
  const perSecond = Math.round((events / durationMs) * 1000)
  const transport = Math.round((events / transportMs) * 1000)
  return [
    {
      name: 'events ingested',
      value: perSecond,
      unit: '/s',
      goal: `at least ${goalPerSecond}`,
      met: perSecond >= goalPerSecond,
    },
    { name: 'transport alone (Skyware, nothing done)', value: transport, unit: '/s' },
    {
      name: 'ingested, of what the transport could',
      value: Math.round((perSecond / transport) * 100),
      unit: '%',
    },
    { name: 'jobs written', value: counts.jobs, unit: `of ${events} events` },
    { name: 'events dropped', value: counts.dropped, unit: 'events', goal: '0', met: counts.dropped === 0 },
    { name: 'mean batch', value: Math.round(events / counts.batches), unit: 'events' },
    {
      name: 'time in decisions and transactions',
      value: Math.round((counts.storeMs / durationMs) * 100),
      unit: '%',
    },
  ]
}

async function ingest(
  url: string,
  events: number,
  path: string,
): Promise<{ durationMs: number; counts: Counts }> {
  const counts: Counts = { jobs: 0, batches: 0, storeMs: 0, dropped: 0 }
  const done = new AbortController()
  let left = events
  await using database = await openSqlite({ path })
  const startedAt = performance.now()
  const dropped = (): void => void counts.dropped++
  await using source = openJetstreamSource(
    {
      logger: silent,
      metrics: { received() {}, repeated() {}, dropped, connected() {}, disconnected() {} },
    },
    { ...sourceOptions, hosts: [url], start: { host: url, timeUs: 0, seq: 0 } },
  )
  const metrics = {
    dropped,
    committed(batch: { readonly events: number; readonly jobs: number; readonly durationMs: number }) {
      counts.jobs += batch.jobs
      counts.storeMs += batch.durationMs
      counts.batches++
      left -= batch.events
      if (left <= 0) done.abort()
    },
  }
  const deps = { source, database, metrics, logger: silent, now: Date.now, onJobs() {} }
  await createIngest(deps, { maxEvents: 2_000, lingerMs: 100, maxBlobsPerRecord: 50 }).run(done.signal)
  return { durationMs: performance.now() - startedAt, counts }
}

async function readWithTransport(url: string, events: number): Promise<number> {
  const startedAt = performance.now()
  const jetstream = new Jetstream({ endpoint: `${url}/subscribe?cursor=0`, ws: WebSocket })
  const { promise, resolve } = Promise.withResolvers<void>()
  let left = events
  const count = (): void => {
    if (--left === 0) resolve()
  }
  jetstream.on('commit', count)
  jetstream.on('identity', count)
  jetstream.on('account', count)
  jetstream.start()
  await promise
  jetstream.close()
  return performance.now() - startedAt
}

async function endProcess(child: ChildProcess): Promise<void> {
  child.disconnect()
  await once(child, 'exit')
}

const silent = { info() {}, warn() {}, debug() {} }

const sourceOptions = {
  wantedCollections: [],
  maxFrameBytes: 4 * 1024 * 1024,
  maxQueuedEvents: 10_000,
  maxQueuedBytes: 64 * 1024 * 1024,
  stallTimeoutMs: 60_000,
  rewindMs: 5_000,
  reconnectMinMs: 1_000,
  reconnectMaxMs: 30_000,
  userAgent: 'harrier-bench',
}
