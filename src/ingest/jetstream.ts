import type { Logger } from 'pino'
import { BoundedQueue } from '../lib/bounded-queue.ts'
import { AppError, messageOf } from '../lib/errors.ts'
import type { DropReason, StreamCursor, StreamEvent } from '../model/stream-event.ts'
import { decodeEvent } from './decode-event.ts'
import type { EventSource, TakeOptions } from './event-source.ts'
import {
  type Connection,
  type ConnectionOptions,
  type DisconnectReason,
  openConnection,
} from './jetstream-connection.ts'
import { RepeatFilter } from './repeat-filter.ts'
import { type SubscribeOptions, subscribeUrl } from './subscribe-url.ts'

/** What the stream counts. Called per event: must be cheap and must not throw. */
export interface StreamMetrics {
  /** An event went into the queue. */
  received(kind: StreamEvent['kind']): void
  /** An event came again after a reconnection and was left out. */
  repeated(): void
  dropped(reason: DropReason): void
  /** `host` is one of the configured ones. */
  connected(host: string): void
  disconnected(host: string, reason: DisconnectReason): void
}

/** What the source needs. */
export type JetstreamDeps = {
  readonly metrics: StreamMetrics
  readonly logger: Pick<Logger, 'info' | 'warn' | 'debug'>
}

/** How the stream is read. Times are milliseconds. */
export type JetstreamOptions = SubscribeOptions &
  ConnectionOptions & {
    /** How much may wait for the reader: reading stops at either bound, and goes on at half of both. */
    readonly maxQueuedEvents: number
    /** Bytes of the frames that the waiting events came in. */
    readonly maxQueuedBytes: number
    /** At least one; scheme and host, such as `wss://jetstream1.us-east.bsky.network`; tried in order. */
    readonly hosts: readonly string[]
    /** The last durable cursor; undefined begins with what is new. `timeUs` 0 begins with the oldest there is. */
    readonly start: StreamCursor | undefined
    /** A connection that brings no event for so long is given up; at least the quietest pause of the stream. */
    readonly stallTimeoutMs: number
    /** The wait before a first reconnection; doubles with each that brings nothing new. */
    readonly reconnectMinMs: number
    readonly reconnectMaxMs: number
  }

/** The source was disposed while somebody still read from it. */
export class EventSourceClosedError extends AppError {
  override readonly name = 'EventSourceClosedError'
  constructor() {
    super('unavailable', 'Expected an open event source but received a closed one')
  }
  override shouldRetry(): boolean {
    return false
  }
}

/** Starts to read a Jetstream and keeps at it, over reconnections and changes of host, until it is disposed. */
export function openJetstreamSource(deps: JetstreamDeps, options: JetstreamOptions): EventSource {
  return new JetstreamSource(deps, options)
}

class JetstreamSource implements EventSource {
  readonly #deps: JetstreamDeps
  readonly #options: JetstreamOptions
  readonly #queue: BoundedQueue<StreamEvent>
  readonly #repeats: RepeatFilter
  #durable: StreamCursor | undefined
  #hostIndex: number
  #connection: Connection | undefined
  #isClosed = false
  #isPaused = false
  #hasProgress = false
  #failures = 0
  #stallTimer: NodeJS.Timeout | undefined
  #reconnectTimer: NodeJS.Timeout | undefined

  constructor(deps: JetstreamDeps, options: JetstreamOptions) {
    this.#deps = deps
    this.#options = options
    this.#queue = new BoundedQueue({ maxItems: options.maxQueuedEvents, maxBytes: options.maxQueuedBytes })
    // What is not durable yet comes again after a reconnection: the queue, and about as much in the reader's hands.
    this.#repeats = new RepeatFilter(options.maxQueuedEvents * 4, options.start)
    this.#durable = options.start
    this.#hostIndex = Math.max(0, options.hosts.indexOf(options.start?.host ?? ''))
    this.#connect()
  }

  async take({ maxEvents, lingerMs }: TakeOptions, signal: AbortSignal): Promise<readonly StreamEvent[]> {
    const events = await this.#queue.take({ maxItems: maxEvents, lingerMs }, signal)
    if (this.#isClosed) throw new EventSourceClosedError()
    if (this.#isPaused && this.#queue.isLow) this.#resume()
    return events
  }

  commit(cursor: StreamCursor): void {
    this.#durable = cursor
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    this.#queue.close()
    clearTimeout(this.#stallTimer)
    clearTimeout(this.#reconnectTimer)
    await this.#connection?.close()
  }

  get #host(): string {
    const { hosts } = this.#options
    return hosts[this.#hostIndex % hosts.length] ?? ''
  }

  #connect(): void {
    const host = this.#host
    this.#hasProgress = false
    this.#connection = openConnection(subscribeUrl(host, this.#durable, this.#options), this.#options, {
      onOpen: () => this.#opened(host),
      onMessage: (message, bytes) => this.#receive(message, bytes, host),
      onBadFrame: (reason) => this.#deps.metrics.dropped(reason),
      onEnd: (reason, error) => this.#ended(reason, error),
    })
  }

  #opened(host: string): void {
    this.#deps.metrics.connected(host)
    this.#deps.logger.info({ host, cursor: this.#durable }, 'ingest.connected')
    this.#watchForStall()
    if (this.#queue.isFull) this.#pause()
  }

  #receive(message: unknown, bytes: number, host: string): void {
    const { metrics } = this.#deps
    const decoded = decodeEvent(message, host)
    if (decoded.kind === 'drop') {
      metrics.dropped(decoded.reason)
      return
    }
    const { event, key } = decoded
    if (!this.#isPaused) this.#stallTimer?.refresh()
    if (this.#repeats.isRepeat(event.cursor, key)) {
      metrics.repeated()
      return
    }
    // Without a start there is nothing durable yet: a reconnection must not begin after what was received.
    this.#durable ??= event.cursor
    this.#hasProgress = true
    this.#failures = 0
    metrics.received(event.kind)
    this.#queue.push(event, bytes)
    if (!this.#isPaused && this.#queue.isFull) this.#pause()
  }

  /** A paused connection brings nothing: the stall timer rests. */
  #pause(): void {
    this.#isPaused = true
    clearTimeout(this.#stallTimer)
    this.#connection?.pause()
  }

  #resume(): void {
    this.#isPaused = false
    this.#connection?.resume()
    this.#watchForStall()
  }

  #watchForStall(): void {
    this.#stallTimer = setTimeout(() => {
      void this.#connection?.close()
      this.#hasProgress = false
      this.#ended('stalled', undefined)
    }, this.#options.stallTimeoutMs)
  }

  /** Stays with a host that brought something new; otherwise the next one is tried. */
  #ended(reason: DisconnectReason, error: Error | undefined): void {
    const { metrics, logger } = this.#deps
    const host = this.#host
    clearTimeout(this.#stallTimer)
    this.#isPaused = false
    if (reason === 'frame-too-large') metrics.dropped('frame-too-large')
    metrics.disconnected(host, reason)
    if (!this.#hasProgress || reason === 'frame-too-large') this.#hostIndex++
    const waitMs = this.#reconnectDelayMs()
    const why = error && messageOf(error)
    logger.warn({ host, reason, error: why, nextHost: this.#host, waitMs }, 'ingest.disconnected')
    this.#reconnectTimer = setTimeout(() => this.#connect(), waitMs)
  }

  /** Doubles from the least to the greatest; a random half of it, so that clients do not return all at once. */
  #reconnectDelayMs(): number {
    const { reconnectMinMs, reconnectMaxMs } = this.#options
    const fullMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** Math.min(this.#failures++, 20))
    return Math.round((fullMs * (1 + Math.random())) / 2)
  }
}
