/* The load generator of `http-lookup` and `status`, in a process of its own: autocannon, which knows nothing of Harrier. */
import autocannon from 'autocannon'

/** What it is told: where to ask, which paths, over how many connections, for how long. */
export type LoadOrder = {
  readonly url: string
  readonly paths: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly connections: number
  readonly seconds: number
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
  void run(order).then((report) => process.send?.(report))
})

async function run({ url, paths, headers = {}, connections, seconds }: LoadOrder): Promise<LoadReport> {
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
