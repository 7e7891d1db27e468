import { Jetstream } from '@skyware/jetstream'
import { WebSocket } from 'ws'

/** Why a connection ended, each with a sentence for people. */
export const disconnectReasons = {
  closed: 'The host closed the connection, or the network broke it',
  failed: 'The connection was not established, or broke the websocket protocol',
  'frame-too-large': 'The host sent a frame beyond the limit, though it was asked not to',
  stalled: 'The connection was open but brought no event for too long',
} as const

/** One key of `disconnectReasons`. */
export type DisconnectReason = keyof typeof disconnectReasons

/** What is told of a connection. All are called synchronously, none after `onEnd` or `close()`. */
export type ConnectionEvents = {
  /** The websocket is open. */
  readonly onOpen: () => void
  /** A text frame that is JSON arrived, parsed; `bytes` is its size. */
  readonly onMessage: (message: unknown, bytes: number) => void
  /** A frame that is not JSON arrived. */
  readonly onBadFrame: (reason: 'frame-not-text' | 'frame-not-json') => void
  /** The connection is over, once; `error` is what was thrown, if anything was. */
  readonly onEnd: (reason: DisconnectReason, error: Error | undefined) => void
}

/** Limits of one connection. */
export type ConnectionOptions = {
  /** Bytes; a larger frame ends the connection before it is buffered whole. */
  readonly maxFrameBytes: number
  readonly userAgent: string
}

/** One websocket to one host. */
export interface Connection {
  /** Stops reading; frames that are in memory already still arrive. */
  pause(): void
  /** Reads on. */
  resume(): void
  /** Ends the connection and its timers; resolves once the socket is closed. Safe to repeat. */
  close(): Promise<void>
}

/** Below the 4 seconds after which the transport would try again by itself. */
const handshakeTimeoutMs = 3_500

/**
 * Connects once, with Skyware's client as the transport, and never again by itself.
 *
 * That client moves its own cursor on receipt, reads without bounds, drops messages silently and reconnects from where
 * *it* was. So it gets a websocket class of ours, which sees every frame first, and is closed before it can reconnect.
 */
export function openConnection(url: URL, options: ConnectionOptions, events: ConnectionEvents): Connection {
  const closed = Promise.withResolvers<void>()
  let socket: WebSocket | undefined
  let error: Error | undefined
  let isOver = false
  // What the transport made of the frame that is being dispatched; undefined when it dropped it.
  let message: unknown

  const adopt = (opened: WebSocket): void => {
    socket = opened
  }

  const end = (): void => {
    closed.resolve()
    if (isOver) return
    isOver = true
    events.onEnd(endReason(error), error)
  }

  const dispatch = (data: Buffer, isBinary: boolean, emit: () => boolean): void => {
    if (isOver) return
    if (isBinary) return events.onBadFrame('frame-not-text')
    message = undefined
    emit()
    message ??= parseAgain(data)
    if (message === undefined) events.onBadFrame('frame-not-json')
    else events.onMessage(message, data.length)
  }

  class Socket extends WebSocket {
    constructor(address: string) {
      super(address, {
        maxPayload: options.maxFrameBytes,
        handshakeTimeout: handshakeTimeoutMs,
        perMessageDeflate: false,
        headers: { 'user-agent': options.userAgent },
      })
      adopt(this)
    }

    override emit(name: string | symbol, ...args: unknown[]): boolean {
      const emit = () => super.emit(name, ...args)
      if (name === 'message') {
        dispatch(args[0] as Buffer, args[1] as boolean, emit)
        return true
      }
      if (name === 'open' && !isOver) events.onOpen()
      if (name === 'error') error ??= args[0] as Error
      // Before the transport hears of it: it must not reconnect.
      if (name === 'error' || name === 'close') jetstream.close()
      const result = emit()
      if (name === 'error') this.terminate()
      if (name === 'close') end()
      return result
    }
  }

  const jetstream = new Jetstream({ endpoint: url.href, ws: Socket })
  const keep = (event: unknown): void => {
    message = event
  }
  jetstream.on('commit', keep)
  jetstream.on('identity', keep)
  jetstream.on('account', keep)
  jetstream.start()

  return {
    pause: () => socket?.pause(),
    resume: () => socket?.resume(),
    close: () => {
      isOver = true
      jetstream.close()
      if (!socket || socket.readyState === WebSocket.CLOSED) closed.resolve()
      else socket.terminate()
      return closed.promise
    },
  }
}

/** Returns the JSON of a frame that the transport dropped, for our own decoder to judge; undefined when it is none. */
function parseAgain(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString())
  } catch {
    return undefined
  }
}

function endReason(error: (Error & { readonly code?: unknown }) | undefined): DisconnectReason {
  if (!error) return 'closed'
  return error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'frame-too-large' : 'failed'
}
