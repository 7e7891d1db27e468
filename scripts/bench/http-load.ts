/*
 * The load generator of `http-lookup` and `status`, in a process of its own. As fast as is answered, it is autocannon, which
 * knows nothing of Harrier; at a rate, requests leave at even distances, whatever became of those before, and each is timed
 * from when it was due: autocannon sends all of a second at once.
 */
import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import autocannon from 'autocannon'
import { percentile } from './median.ts'

/** What it is told: where to ask, which paths, over how many connections, for how long. */
export type LoadOrder = {
  readonly url: string
  readonly paths: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
  /** Requests a second over all connections; as many as are answered unless told. */
  readonly rate?: number
}
/** What it saw. Latencies are in milliseconds. */
export type LoadReport = {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly answered: number
  readonly refused: number
}

process.on('message', (order: LoadOrder) => {
  const { rate } = order
  const report = rate === undefined ? press(order) : pace(order, rate)
  void report.then((seen) => process.send?.(seen))
})

async function press({ url, paths, headers = {}, connections, seconds }: LoadOrder): Promise<LoadReport> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    headers,
    requests: paths.map((path) => ({ method: 'GET' as const, path })),
  })
  return {
    perSecond: result.requests.average,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    answered: result['2xx'],
    refused: result.non2xx + result.errors + result.timeouts,
  }
}

async function pace(order: LoadOrder, rate: number): Promise<LoadReport> {
  const { url, paths, headers = {}, connections, seconds } = order
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const latencies: number[] = []
  let refused = 0
  const ask = (path: string, dueAt: number): Promise<void> =>
    new Promise((resolve) => {
      const request = get(url + path, { agent, headers }, (response) => {
        response.resume().once('end', () => {
          if (response.statusCode === 200) latencies.push(performance.now() - dueAt)
          else refused++
          resolve()
        })
      })
      request.once('error', () => {
        refused++
        resolve()
      })
    })
  const startedAt = performance.now()
  const asked: Promise<void>[] = []
  for (let sent = 0; sent < rate * seconds; sent++) {
    const dueAt = startedAt + (sent * 1000) / rate
    const early = dueAt - performance.now()
    if (early > 0) await sleep(early)
    asked.push(ask(paths[sent % paths.length] as string, dueAt))
  }
  await Promise.all(asked)
  const tookSeconds = (performance.now() - startedAt) / 1000
  agent.destroy()
  return {
    perSecond: latencies.length / tookSeconds,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    answered: latencies.length,
    refused,
  }
}
