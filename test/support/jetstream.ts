/**
 * A Jetstream on loopback: real websockets, the v1 JSON of `GET /subscribe`, and on request v2's `cursor` field.
 *
 * Keeps every event in memory, so that any cursor can be replayed. Sends no faster than a client reads, as the real
 * server does, so that a paused client shows. Events come from `publish`, or from a real PDS by way of `follow`.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { type FirehoseFollower, followFirehose } from './firehose.ts'

/** What a commit event says of one record. */
export type JetstreamCommit = {
  readonly rev: string
  readonly operation: 'create' | 'update' | 'delete'
  readonly collection: string
  readonly rkey: string
  readonly cid?: string
  readonly record?: unknown
}

/** An event before the stand-in has given it its place; `time_us` is the present unless it is named. */
export type JetstreamInput = { readonly did: string; readonly time_us?: number } & (
  | { readonly kind: 'commit'; readonly commit: JetstreamCommit }
  | { readonly kind: 'identity'; readonly identity: { readonly did: string; readonly handle?: string } }
  | {
      readonly kind: 'account'
      readonly account: { readonly did: string; readonly active: boolean; readonly status?: string }
    }
)

/** How the stand-in behaves. */
export type JetstreamStandInOptions = {
  /** 2 adds the `cursor` field and reads cursors below 1e15 as one; 1, the default, knows times only. */
  readonly version?: 1 | 2
  /** Refuses every connection with this status while it is set. */
  readonly refuseWith?: number
}

/** One subscription, as it was asked for. */
export type JetstreamSubscription = {
  readonly cursor: string | null
  readonly url: URL
  readonly userAgent: string
}

/** A running stand-in. */
export interface JetstreamStandIn extends AsyncDisposable {
  /** `ws://127.0.0.1:<port>`, without the path. */
  readonly url: string
  /** Every subscription since the start, oldest first. */
  readonly subscriptions: readonly JetstreamSubscription[]
  /** How many connections are open. */
  readonly connections: number
  /** How many frames were handed to sockets, over all connections. */
  readonly sentFrames: number
  /** Adds an event to the history, sends it to who wants it, and returns it as sent. */
  publish(event: JetstreamInput): JetstreamInput & { readonly time_us: number; readonly cursor?: number }
  /** Sends a frame as it is to every open connection; it is not kept. */
  publishRaw(frame: string | Uint8Array): void
  /** Publishes what a PDS's firehose says, from its beginning; resolves once connected. Ends with the stand-in. */
  follow(pdsUrl: string): Promise<void>
  /** Breaks every connection without a goodbye. */
  dropConnections(): void
  /** Keeps connections open but sends nothing, pings aside, until `unstall`. */
  stall(): void
  /** Sends again, beginning with what was held back. */
  unstall(): void
}

type Stored = {
  readonly timeUs: number
  readonly seq: number
  readonly did: string
  /** Undefined for account and identity events, which every collection filter lets through. */
  readonly collection: string | undefined
  readonly frame: string
}

type Client = { readonly socket: WebSocket; readonly wants: (event: Stored) => boolean; next: number }

const maxBufferedBytes = 64 * 1024
const pingIntervalMs = 30_000
/** v2 reads a cursor from here up as microseconds, and below as a seq. */
const leastTimeCursor = 1e15

/** Opens a stand-in on a free port of 127.0.0.1. */
export async function openJetstream(options: JetstreamStandInOptions = {}): Promise<JetstreamStandIn> {
  const server = createServer((_request, response) => response.writeHead(404).end())
  const standIn = new StandIn(server, options)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return standIn
}

class StandIn implements JetstreamStandIn {
  readonly #server: Server
  readonly #options: JetstreamStandInOptions
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
  readonly #history: Stored[] = []
  readonly #clients = new Set<Client>()
  readonly #followers: FirehoseFollower[] = []
  readonly #pinger: NodeJS.Timeout
  readonly subscriptions: JetstreamSubscription[] = []
  sentFrames = 0
  #isStalled = false

  constructor(server: Server, options: JetstreamStandInOptions) {
    this.#server = server
    this.#options = options
    this.#pinger = setInterval(() => {
      for (const { socket } of this.#clients) socket.ping()
    }, pingIntervalMs)
    server.on('upgrade', (request, socket, head) => {
      const refusal = this.#refusal(request)
      if (refusal === undefined) {
        this.#sockets.handleUpgrade(request, socket, head, (client) => this.#subscribe(client, request))
        return
      }
      socket.end(`HTTP/1.1 ${refusal} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
    })
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  get connections(): number {
    return this.#clients.size
  }

  publish(input: JetstreamInput): JetstreamInput & { readonly time_us: number; readonly cursor?: number } {
    const last = this.#history.at(-1)
    const seq = (last?.seq ?? 0) + 1
    const timeUs = input.time_us ?? Math.max(Date.now() * 1000, (last?.timeUs ?? 0) + 1)
    const event = { ...input, time_us: timeUs, ...(this.#options.version === 2 ? { cursor: seq } : {}) }
    const collection = input.kind === 'commit' ? input.commit.collection : undefined
    this.#history.push({ timeUs, seq, did: input.did, collection, frame: JSON.stringify(event) })
    for (const client of this.#clients) this.#pump(client)
    return event
  }

  publishRaw(frame: string | Uint8Array): void {
    for (const { socket } of this.#clients) socket.send(frame, { binary: typeof frame !== 'string' })
  }

  async follow(pdsUrl: string): Promise<void> {
    this.#followers.push(await followFirehose(pdsUrl, (event) => void this.publish(event)))
  }

  dropConnections(): void {
    for (const { socket } of this.#clients) socket.terminate()
  }

  stall(): void {
    this.#isStalled = true
  }

  unstall(): void {
    this.#isStalled = false
    for (const client of this.#clients) this.#pump(client)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#pinger)
    this.dropConnections()
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
    for (const follower of this.#followers) await follower[Symbol.asyncDispose]()
  }

  #refusal(request: IncomingMessage): number | undefined {
    const url = new URL(request.url ?? '/', 'http://loopback')
    if (this.#options.refuseWith !== undefined) return this.#options.refuseWith
    if (url.pathname !== '/subscribe') return 404
    const isCursorValid = /^\d*$/.test(url.searchParams.get('cursor') ?? '')
    const isCompressed = url.searchParams.get('compress') === 'true'
    return isCompressed || !isCursorValid || url.searchParams.getAll('wantedCollections').length > 100
      ? 400
      : undefined
  }

  #subscribe(socket: WebSocket, request: IncomingMessage): void {
    const url = new URL(request.url ?? '/', 'http://loopback')
    const cursor = url.searchParams.get('cursor')
    this.subscriptions.push({ cursor, url, userAgent: request.headers['user-agent'] ?? '' })
    const client: Client = { socket, wants: filterOf(url), next: this.#startOf(cursor) }
    this.#clients.add(client)
    socket.on('close', () => this.#clients.delete(client))
    socket.on('error', () => socket.terminate())
    this.#pump(client)
  }

  /** Cursors are inclusive; none, or one from the future, means live. */
  #startOf(cursor: string | null): number {
    if (cursor === null || cursor === '') return this.#history.length
    const from = Number(cursor)
    const isSeq = this.#options.version === 2 && from < leastTimeCursor
    const start = this.#history.findIndex((event) => (isSeq ? event.seq : event.timeUs) >= from)
    return start === -1 ? this.#history.length : start
  }

  #pump(client: Client): void {
    while (!this.#isStalled && client.next < this.#history.length) {
      if (client.socket.readyState !== client.socket.OPEN || client.socket.bufferedAmount > maxBufferedBytes)
        return
      const event = this.#history[client.next++]
      if (!event || !client.wants(event)) continue
      this.sentFrames++
      client.socket.send(event.frame, () => this.#pump(client))
    }
  }
}

function filterOf(url: URL): (event: Stored) => boolean {
  const collections = url.searchParams.getAll('wantedCollections')
  const dids = new Set(url.searchParams.getAll('wantedDids'))
  const maxBytes = Number(url.searchParams.get('maxMessageSizeBytes') ?? 0)
  return ({ did, collection, frame }) => {
    if (dids.size > 0 && !dids.has(did)) return false
    if (maxBytes > 0 && frame.length > maxBytes) return false
    if (collection === undefined || collections.length === 0) return true
    return collections.some((wanted) =>
      wanted.endsWith('.*') ? collection.startsWith(wanted.slice(0, -1)) : collection === wanted,
    )
  }
}
