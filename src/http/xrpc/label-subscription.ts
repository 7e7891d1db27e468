import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { AppError } from '../../lib/errors.ts'
import type { Log } from '../../lib/logger.ts'
import type { SequencedLabel } from '../../model/label.ts'
import { parseCursor } from '../cursor.ts'
import { wireErrorOf } from '../errors.ts'
import type { HttpMetrics, SubscriptionEnd } from '../metrics.ts'
import type { Services } from '../services.ts'
import { encodeErrorFrame, encodeLabelsFrame } from './label-frame.ts'

/**
 * Close codes. The official client comes back after 1011 and 1012 and never after 1000; 1008 is what Ozone closes with
 * after an error frame.
 */
const closeCode = { policy: 1008, fault: 1011, restart: 1012 } as const

/** The peer did not take a page of labels in time. It may come back with the cursor that it reached. */
export class ConsumerTooSlowError extends AppError {
  override readonly name = 'ConsumerTooSlowError'
  constructor(slowTimeoutMs: number) {
    super('invalid', `Expected labels to be read within ${slowTimeoutMs} ms but they were not`)
  }
}

/** One accepted WebSocket, and what serves it. `socket` is the connection under `webSocket`. */
export type LabelSubscriptionDeps = {
  readonly services: Pick<Services, 'subscribeLabels'>
  readonly logger: Log
  readonly metrics: HttpMetrics
  readonly webSocket: WebSocket
  readonly socket: Duplex
  readonly request: IncomingMessage
}

/** Times in ms: how long a page may take to leave, and how long the peer has to answer our close. */
export type SubscriptionOptions = { readonly slowTimeoutMs: number; readonly closeGraceMs: number }

/** One subscriber, from its handshake to its close. It holds at most one page that the peer has not taken. */
export class LabelSubscription {
  /** Resolves, and never rejects, when the socket is gone. */
  readonly closed: Promise<void>
  readonly #deps: LabelSubscriptionDeps
  readonly #options: SubscriptionOptions
  readonly #gone = new AbortController()
  readonly #startedAt = performance.now()
  #end: SubscriptionEnd = 'peer'
  #hasAnsweredPing = true
  #sent = 0

  constructor(deps: LabelSubscriptionDeps, options: SubscriptionOptions) {
    this.#deps = deps
    this.#options = options
    const { webSocket } = deps
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

  /** Asks the peer for a sign of life, and drops it when it has given none since the last time. */
  ping(): void {
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
    try {
      for await (const page of this.#deps.services.subscribeLabels(cursorOf(this.#deps.request), signal)) {
        await this.#sendPage(page)
        // The store answers without a pause, and a backfill must not keep everybody else waiting.
        await nextTurn()
      }
      if (!signal.aborted)
        throw new Error('Expected labels to go on until the subscription ends but they ended')
    } catch (error) {
      if (signal.aborted) this.#deps.logger.debug({ err: error }, 'subscriber.failed')
      else this.#closeWith(error)
    }
  }

  /** Resolves once the kernel has the whole page, or the peer is gone. */
  #sendPage(page: readonly SequencedLabel[]): Promise<void> {
    const { webSocket, socket, metrics } = this.#deps
    const { slowTimeoutMs } = this.#options
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new ConsumerTooSlowError(slowTimeoutMs)), slowTimeoutMs)
      const taken = (): void => {
        clearTimeout(timer)
        resolve()
      }
      let waiting = page.length
      // One write for the page: a system call for each frame is what a busy stream spends its time on.
      socket.cork()
      for (const { seq, bytes } of page) {
        webSocket.send(encodeLabelsFrame(seq, bytes), { binary: true }, () => {
          waiting -= 1
          if (waiting === 0) taken()
        })
      }
      socket.uncork()
      this.#sent += page.length
      metrics.labelsSent(page.length)
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
    const { logger, metrics, request } = this.#deps
    metrics.subscriptionEnded(this.#end)
    const fields = {
      end: this.#end,
      code,
      labels: this.#sent,
      userAgent: request.headers['user-agent']?.slice(0, 100),
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
