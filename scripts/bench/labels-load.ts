/** The subscribers and the askers of the labels benchmark, in a process of their own. */
import { once } from 'node:events'
import autocannon from 'autocannon'
import { WebSocket } from 'ws'
import { answerCalls, type Published, sharedNow } from './labels-calls.ts'

/** How one subscriber read the whole history. Milliseconds from the moment that it dialled. */
export type Backfill = { readonly firstMs: number; readonly totalMs: number }

/** How long labels took from being asked for to reaching a subscriber, over all subscribers. Milliseconds. */
export type Latencies = {
  readonly received: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** What this process can be asked for. */
export type LoadCalls = {
  backfill(url: string, count: number): Promise<Backfill>
  subscribe(url: string, count: number): Promise<void>
  /** Waits for so many labels in all, at most 60 seconds. */
  receive(total: number): Promise<void>
  latencies(published: Published): Promise<Latencies>
  unsubscribe(): Promise<void>
  /** Asks each path in turn over so many connections for some time; returns answers a second. */
  ask(url: string, paths: readonly string[], connections: number, forMs: number): Promise<number>
}

let sockets: WebSocket[] = []
let arrivals: { seq: number; at: number }[] = []

function streamOf(url: string, query: string): WebSocket {
  return new WebSocket(`${url.replace('http', 'ws')}/xrpc/com.atproto.label.subscribeLabels${query}`)
}

/** The seq of a `#labels` frame: the number after the key `seq`, which comes first in the body. */
function seqOf(frame: Buffer): number {
  const at = frame.indexOf('cseq', 0, 'latin1') + 4
  const head = frame[at] as number
  if (head < 0x18) return head
  return frame.readUIntBE(at + 1, 2 ** (head - 0x18))
}

answerCalls({
  async backfill(url, count) {
    const startedAt = performance.now()
    const socket = streamOf(url, '?cursor=0')
    const done = Promise.withResolvers<void>()
    let firstMs = 0
    let received = 0
    socket.on('message', () => {
      if (received === 0) firstMs = performance.now() - startedAt
      received += 1
      if (received === count) done.resolve()
    })
    socket.on('close', () =>
      done.reject(new Error(`Expected ${count} labels but received ${received} and a close`)),
    )
    await done.promise
    const totalMs = performance.now() - startedAt
    socket.terminate()
    return { firstMs, totalMs }
  },

  async subscribe(url, count) {
    while (sockets.length < count) {
      const some = Array.from({ length: Math.min(100, count - sockets.length) }, () => streamOf(url, ''))
      for (const socket of some)
        socket.on('message', (frame: Buffer) => arrivals.push({ seq: seqOf(frame), at: sharedNow() }))
      await Promise.all(some.map((socket) => once(socket, 'open')))
      sockets.push(...some)
    }
  },

  async receive(total) {
    const deadline = performance.now() + 60_000
    while (arrivals.length < total && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 10))
  },

  async latencies({ firstSeq, times }) {
    const waits = Float64Array.from(arrivals, ({ seq, at }) => at - (times[seq - firstSeq] as number)).sort()
    arrivals = []
    const at = (part: number): number =>
      waits[Math.min(waits.length - 1, Math.floor(waits.length * part))] ?? Number.NaN
    return { received: waits.length, p50: at(0.5), p99: at(0.99), max: at(1) }
  },

  async unsubscribe() {
    for (const socket of sockets) socket.terminate()
    sockets = []
  },

  async ask(url, paths, connections, forMs) {
    const requests = paths.map((path) => ({ method: 'GET' as const, path }))
    const result = await autocannon({ url, connections, duration: forMs / 1000, requests })
    const refused = result.non2xx + result.errors + result.timeouts
    if (refused > 0) throw new Error(`Expected answers from ${url} but ${refused} requests were refused`)
    return result['2xx'] / result.duration
  },
} satisfies LoadCalls)
