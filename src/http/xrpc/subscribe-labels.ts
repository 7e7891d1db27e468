import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { Log } from '../../lib/logger.ts'
import type { StreamedLabel } from '../../model/label.ts'
import type { Subscription } from '../../model/subscription.ts'
import type { HttpMetrics } from '../metrics.ts'
import { refuseSocket } from '../refuse-socket.ts'
import { encodeLabelsMessages } from './label-frame.ts'
import { LabelSubscription, type LabelSubscriptionDeps } from './label-subscription.ts'

/** The path of the stream. */
export const subscribeLabelsPath = '/xrpc/com.atproto.label.subscribeLabels'

/** Nothing that a subscriber sends means anything, so nothing long is read from it. */
const maxClientFrameBytes = 4096

/** Limits on label subscribers. */
export type SubscriberOptions = {
  /** At most this many at once; one more is refused with 503. Each may hold one page of labels, about 70 kB. */
  readonly maxSubscribers: number
  /** How long what was sent may take to leave; after that the subscription ends with `ConsumerTooSlow`. */
  readonly slowTimeoutMs: number
  /** Time between pings; a peer that has not answered one by the next is dropped. The usual 30,000 suits proxies. */
  readonly pingIntervalMs: number
  /** How long a peer has to answer our close before its socket is destroyed. */
  readonly closeGraceMs: number
}

/** What serving subscribers needs. */
export type SubscribeLabelsDeps = {
  readonly services: LabelSubscriptionDeps['services']
  readonly logger: Log
  readonly metrics: HttpMetrics
}

/**
 * `com.atproto.label.subscribeLabels`. Written on `ws` itself because xrpc-server's streams send one frame at a time,
 * do not ping, and close with 1000, after which the official client never comes back.
 *
 * Disposal closes every subscription with 1012 (service restart), and resolves once all are gone.
 */
export class SubscribeLabels implements AsyncDisposable {
  readonly #deps: SubscribeLabelsDeps
  readonly #options: SubscriberOptions
  readonly #handshakes: WebSocketServer
  readonly #open = new Set<LabelSubscription>()
  readonly #pings: NodeJS.Timeout
  readonly #encodePage = createPageEncoder()
  #isClosing = false

  constructor(deps: SubscribeLabelsDeps, options: SubscriberOptions) {
    this.#deps = deps
    this.#options = options
    this.#handshakes = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxClientFrameBytes,
    })
    this.#pings = setInterval(() => this.#pingAll(), options.pingIntervalMs)
  }

  /** Returns the subscriptions that are open now, oldest first. */
  current(): Subscription[] {
    return Array.from(this.#open, (subscription) => subscription.state())
  }

  /** Takes an upgrade request whose path is `subscribeLabelsPath`, or refuses it. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#isClosing || this.#open.size >= this.#options.maxSubscribers) {
      refuseSocket(socket, 503, 'NotEnoughResources', 'Too many subscribers at the moment; come back later')
      return
    }
    this.#handshakes.handleUpgrade(request, socket, head, (webSocket) => {
      const connection = { encodePage: this.#encodePage, webSocket, socket, request }
      const subscription = new LabelSubscription({ ...this.#deps, ...connection }, this.#options)
      this.#open.add(subscription)
      this.#deps.metrics.subscribersChanged(this.#open.size)
      void subscription.closed.then(() => {
        this.#open.delete(subscription)
        this.#deps.metrics.subscribersChanged(this.#open.size)
      })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosing = true
    clearInterval(this.#pings)
    const open = [...this.#open]
    for (const subscription of open) subscription.closeForRestart()
    await Promise.all(open.map(({ closed }) => closed))
  }

  #pingAll(): void {
    for (const subscription of this.#open) subscription.ping()
  }
}

/** Subscribers that are up to date are given the same page, one after the other: its messages are made once. */
function createPageEncoder(): (page: readonly StreamedLabel[]) => Buffer {
  let last: { readonly page: readonly StreamedLabel[]; readonly messages: Buffer } | undefined
  return (page) => {
    if (last?.page !== page) last = { page, messages: encodeLabelsMessages(page) }
    return last.messages
  }
}
