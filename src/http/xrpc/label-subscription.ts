import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { AppError } from '../../lib/errors.ts'
import type { Log } from '../../lib/logger.ts'
import type { StreamedLabel } from '../../model/label.ts'
import type { Subscription, SubscriptionEnd } from '../../model/subscription.ts'
import { addressClassOf } from '../address-class.ts'
import { parseCursor } from '../cursor.ts'
import { wireErrorOf } from '../errors.ts'
import type { HttpMetrics } from '../metrics.ts'
import type { Services } from '../services.ts'
import { encodeErrorFrame, encodeInfoFrame } from './label-frame.ts'

/**
 * Close codes. The official client comes back after 1011 and 1012 and never after 1000; 1008 is what Ozone closes with
 * after an error frame.
 */
const closeCode = { policy: 1008, fault: 1011, restart: 1012 } as const

/** So much of what a client calls itself is kept and logged. */
const maxUserAgentLength = 100

/** The peer did not take what was sent in time. It may come back with the cursor that it reached. */
export class ConsumerTooSlowError extends AppError {
  override readonly name = 'ConsumerTooSlowError'
  constructor(slowTimeoutMs: number) {
    super('invalid', `Expected labels to be read within ${slowTimeoutMs} ms but they were not`)
  }
}

/** One accepted WebSocket, and what serves it. `socket` is the connection under `webSocket`. */
export type LabelSubscriptionDeps = {
  readonly services: Pick<Services, 'subscribeLabels' | 'streamFloor' | 'recordSubscription' | 'now'>
  readonly logger: Log
  readonly metrics: HttpMetrics
  /** Returns a page's messages, the same buffer for the same page. */
  readonly encodePage: (page: readonly StreamedLabel[]) => Buffer
  readonly webSocket: WebSocket
  readonly socket: Duplex
  readonly request: IncomingMessage
}

/** Times in ms: how long a page may take to leave, and how long the peer has to answer our close. */
export type SubscriptionOptions = { readonly slowTimeoutMs: number; readonly closeGraceMs: number }

/**
 * One subscriber, from its handshake to its close. It holds at most one page that the peer has not taken, beside what a
 * socket takes before it says that it is full (64 KiB).
 */
export class LabelSubscription {
  /** Resolves, and never rejects, when the socket is gone. */
  readonly closed: Promise<void>
  readonly #deps: LabelSubscriptionDeps
  readonly #options: SubscriptionOptions
  readonly #gone = new AbortController()
  readonly #startedAt = performance.now()
  readonly #facts: Pick<Subscription, 'id' | 'userAgent' | 'address' | 'startedAt'>
  #end: SubscriptionEnd = 'peer'
  #hasAnsweredPing = true
  #isStalled = false
  #cursor: number | undefined
  #position: number | undefined
  #sent = 0

  constructor(deps: LabelSubscriptionDeps, options: SubscriptionOptions) {
    this.#deps = deps
    this.#options = options
    const { webSocket, request, services } = deps
    this.#facts = {
      id: randomUUID(),
      userAgent: request.headers['user-agent']?.slice(0, maxUserAgentLength),
      address: addressClassOf(request),
      startedAt: services.now().toISOString(),
    }
    webSocket.on('pong', () => {
      this.#hasAnsweredPing = true
    })
    webSocket.on('error', (error) => deps.logger.debug({ err: error }, 'subscriber.failed'))
    this.closed = new Promise((resolve) => {
      webSocket.on('close', (code) => {
        this.#gone.abort()
        this.#report(code)
        resolve()
      })
    })
    void this.#run()
  }

  /** Returns the subscription as it stands. */
  state(): Subscription {
    return {
      ...this.#facts,
      cursor: this.#cursor,
      position: this.#position,
      labels: this.#sent,
      waitingBytes: this.#deps.webSocket.bufferedAmount,
    }
  }

  /**
   * Asks the peer for a sign of life, and drops it when it has given none since the last time. One that does not take
   * what it was sent cannot see a ping either: how long that may last is `slowTimeoutMs`, and has an answer of its own,
   * which it is given time to read.
   */
  ping(): void {
    if (this.#isStalled || this.#gone.signal.aborted) return
    if (this.#hasAnsweredPing) {
      this.#hasAnsweredPing = false
      this.#deps.webSocket.ping()
    } else {
      this.#end = 'no-pong'
      this.#deps.webSocket.terminate()
    }
  }

  /** Ends the subscription so that the client will reconnect. One that is ending already goes on with that. */
  closeForRestart(): void {
    if (this.#gone.signal.aborted) return
    this.#end = 'shutdown'
    this.#gone.abort()
    this.#close(closeCode.restart, 'Restarting')
  }

  async #run(): Promise<void> {
    const { signal } = this.#gone
    const { services } = this.#deps
    try {
      const cursor = cursorOf(this.#deps.request)
      this.#cursor = cursor
      this.#position = cursor
      if (cursor !== undefined && cursor < (await services.streamFloor())) this.#sendOutdatedCursor()
      for await (const page of services.subscribeLabels(cursor, signal)) await this.#sendPage(page)
      if (!signal.aborted)
        throw new Error('Expected labels to go on until the subscription ends but they ended')
    } catch (error) {
      if (signal.aborted) this.#deps.logger.debug({ err: error }, 'subscriber.failed')
      else this.#closeWith(error)
    }
  }

  /** Says that labels after the cursor are gone; what is there follows. */
  #sendOutdatedCursor(): void {
    const message = 'Some labels after this cursor are no longer known; all that are known follow'
    this.#deps.webSocket.send(encodeInfoFrame('OutdatedCursor', message), { binary: true })
  }

  /** Resolves when the socket can take another page, or the peer is gone. */
  async #sendPage(page: readonly StreamedLabel[]): Promise<void> {
    const { webSocket, socket, metrics, encodePage } = this.#deps
    // A peer that has said goodbye is sent nothing more.
    if (this.#gone.signal.aborted || webSocket.readyState !== WebSocket.OPEN) return this.closed
    this.#sent += page.length
    this.#position = page.at(-1)?.seq
    metrics.labelsSent(page.length)
    // Straight to the socket, under the library, which would frame the same bytes anew for each subscriber. Messages are
    // whole and nothing is compressed, so the library's own (pings, the close) can only come between two of them.
    if (!socket.write(encodePage(page))) await this.#socketDrained()
  }

  /** Resolves when the kernel has all that was written, or the peer is gone. @throws {ConsumerTooSlowError} */
  #socketDrained(): Promise<void> {
    const { socket } = this.#deps
    const { signal } = this.#gone
    const { slowTimeoutMs } = this.#options
    this.#isStalled = true
    return new Promise((resolve, reject) => {
      const taken = (): void => {
        clearTimeout(timer)
        socket.off('drain', taken)
        signal.removeEventListener('abort', taken)
        this.#isStalled = false
        this.#hasAnsweredPing = true
        resolve()
      }
      const timer = setTimeout(() => reject(new ConsumerTooSlowError(slowTimeoutMs)), slowTimeoutMs)
      socket.on('drain', taken)
      signal.addEventListener('abort', taken, { once: true })
    })
  }

  #closeWith(cause: unknown): void {
    const { webSocket, logger } = this.#deps
    const { status, error, message, id } = wireErrorOf(cause)
    if (status >= 500) logger.error({ err: cause, id }, 'subscriber.fault')
    this.#end = status >= 500 ? 'fault' : cause instanceof ConsumerTooSlowError ? 'too-slow' : 'refused'
    this.#gone.abort()
    webSocket.send(encodeErrorFrame(error, message), { binary: true })
    this.#close(status >= 500 ? closeCode.fault : closeCode.policy, error)
  }

  #close(code: number, reason: string): void {
    const { webSocket } = this.#deps
    const timer = setTimeout(() => webSocket.terminate(), this.#options.closeGraceMs)
    webSocket.once('close', () => clearTimeout(timer))
    webSocket.close(code, reason)
  }

  #report(code: number): void {
    const { logger, metrics, services } = this.#deps
    metrics.subscriptionEnded(this.#end)
    const { waitingBytes: _, ...state } = this.state()
    services.recordSubscription({ ...state, endedAt: services.now().toISOString(), end: this.#end })
    const fields = {
      end: this.#end,
      code,
      labels: this.#sent,
      userAgent: this.#facts.userAgent,
      durationMs: Math.round(performance.now() - this.#startedAt),
    }
    logger.info(fields, 'subscriber.closed')
  }
}

/** @throws {AppError} `invalid` for a cursor that is not one seq. */
function cursorOf(request: IncomingMessage): number | undefined {
  const { url = '' } = request
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : ''
  const cursors = new URLSearchParams(query).getAll('cursor')
  if (cursors.length > 1) throw new AppError('invalid', `Expected one cursor but received ${cursors.length}`)
  return parseCursor(cursors[0])
}
