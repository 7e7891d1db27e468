import type { IncomingMessage } from 'node:http'
import { BoundedQueue, type TakeLimits } from '../lib/bounded-queue.ts'
import { messageOf } from '../lib/errors.ts'
import type { OpenWebSocket } from '../lib/safe-websocket.ts'

/** Why a connection ended, each with a sentence for people. */
export const disconnectReasons = {
  closed: 'the labeler closed the connection, or the network broke it',
  unreachable: 'the labeler could not be reached',
  'not-upgraded':
    'the labeler, or a proxy before it, refused the WebSocket; with 404 or 426 the upgrade got lost in a proxy',
  'frame-too-large': 'the labeler sent a frame beyond the limit',
  stalled: 'the connection was open, but nothing came, not even an answer to pings',
  renewed: 'the connection was old: a new one goes where the DID document points now',
} as const

/** One key of `disconnectReasons`. */
export type DisconnectReason = keyof typeof disconnectReasons

/** What comes out of a connection, in this order: once `open`, then frames; once `end`, at any time. */
export type SocketItem =
  | { readonly kind: 'open' }
  | { readonly kind: 'frame'; readonly bytes: Uint8Array }
  | { readonly kind: 'text' }
  | { readonly kind: 'end'; readonly reason: DisconnectReason; readonly detail: string | undefined }

/** Bounds of one connection. */
export type LabelSocketOptions = {
  /** How many frames may wait for the reader before reading stops. */
  readonly maxQueuedFrames: number
  /** How many bytes may wait for the reader before reading stops; one frame more may come. */
  readonly maxQueuedBytes: number
  /** Time between pings; a peer without any sign of life from one to the next is given up. Milliseconds. */
  readonly pingIntervalMs: number
  /** The age at which the connection ends by itself, so that a labeler that has moved is found. Milliseconds. */
  readonly maxAgeMs: number
}

/** One connection to one labeler, read at the reader's own speed. Disposal closes it. */
export interface LabelSocket extends Disposable {
  /** Waits for items and returns the oldest; none once `signal` is aborted. */
  take(limits: TakeLimits, signal: AbortSignal): Promise<readonly SocketItem[]>
}

/**
 * Connects once. A labeler that is there but silent is kept, as long as it answers pings.
 * @throws {RefusedAddressError} for an address that may not be asked.
 */
export function openLabelSocket(open: OpenWebSocket, url: URL, options: LabelSocketOptions): LabelSocket {
  const socket = open(url)
  const queue = new BoundedQueue<SocketItem>({
    maxItems: options.maxQueuedFrames,
    maxBytes: options.maxQueuedBytes,
  })
  let isAlive = true
  let hasOpened = false
  let isOver = false
  let fault: EndItem | undefined

  const push = (item: SocketItem, bytes = 0): void => {
    if (isOver) return
    isAlive = true
    queue.push(item, bytes)
    if (queue.isFull && !socket.isPaused) socket.pause()
  }
  const end = (item: EndItem): void => {
    push(item)
    close()
  }
  const close = (): void => {
    isOver = true
    clearInterval(pings)
    clearTimeout(renewal)
    socket.terminate()
  }
  const renewal = setTimeout(() => end(endItem('renewed', undefined)), options.maxAgeMs)
  const pings = setInterval(() => {
    // The handshake has a limit of its own; a paused socket brings no pongs either.
    if (socket.readyState !== socket.OPEN || socket.isPaused) return
    if (!isAlive) return end(endItem('stalled', undefined))
    isAlive = false
    socket.ping()
  }, options.pingIntervalMs)

  socket.on('open', () => {
    hasOpened = true
    push({ kind: 'open' })
  })
  socket.on('message', (data: Buffer, isBinary) => {
    push(isBinary ? { kind: 'frame', bytes: data } : { kind: 'text' }, data.length)
  })
  for (const sign of ['ping', 'pong'] as const)
    socket.on(sign, () => {
      isAlive = true
    })
  socket.on('unexpected-response', (_request, response: IncomingMessage) => {
    response.destroy()
    end(endItem('not-upgraded', `HTTP ${response.statusCode}`))
  })
  socket.on('error', (error: Error) => {
    fault ??= faultOf(error, hasOpened)
  })
  socket.on('close', (code: number) => end(fault ?? endItem('closed', `close code ${code}`)))

  return {
    async take(limits, signal) {
      const items = await queue.take(limits, signal)
      if (socket.isPaused && queue.isLow && !isOver) socket.resume()
      return items
    },
    [Symbol.dispose]: close,
  }
}

type EndItem = Extract<SocketItem, { readonly kind: 'end' }>

function endItem(reason: DisconnectReason, detail: string | undefined): EndItem {
  return { kind: 'end', reason, detail }
}

function faultOf(error: Error & { readonly code?: unknown }, hasOpened: boolean): EndItem {
  if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return endItem('frame-too-large', undefined)
  return endItem(hasOpened ? 'closed' : 'unreachable', messageOf(error))
}
