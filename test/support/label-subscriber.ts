/**
 * A subscriber as the network has them: a plain WebSocket client that decodes what it is sent and checks signatures
 * over exactly the fields that it received. It shares no code with the server, so it can find the server wrong.
 */
import { verifySignature } from '@atproto/crypto'
import { decodeAll, encode, type LexValue } from '@atproto/lex-cbor'
import { WebSocket } from 'ws'

/** A label as it came over the wire. */
export type ReceivedLabel = {
  readonly ver: number
  readonly src: string
  readonly uri: string
  readonly cid?: string
  readonly val: string
  readonly neg?: boolean
  readonly cts: string
  readonly exp?: string
  readonly sig: Uint8Array
}

/** One `#labels` message. */
export type ReceivedLabels = { readonly seq: number; readonly labels: readonly ReceivedLabel[] }

/** How to subscribe. */
export type SubscribeOptions = {
  /** Only labels after this seq; 0 for the whole history; left out for what is published from now on. */
  readonly cursor?: number | string
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal
  /** Called once the server has accepted the WebSocket. */
  readonly onOpen?: (socket: WebSocket) => void
  /** Called with the bytes of every frame, before they are decoded. */
  readonly onFrame?: (bytes: Uint8Array) => void
}

/** The server refused or ended the subscription. `error` is the name in the error frame, if there was one. */
export class SubscriptionEndedError extends Error {
  override readonly name = 'SubscriptionEndedError'
  readonly error: string | undefined
  readonly code: number | undefined

  constructor(error: string | undefined, code: number | undefined, message: string) {
    super(message)
    this.error = error
    this.code = code
  }
}

/**
 * Yields the messages of `com.atproto.label.subscribeLabels` in the order they come, until the signal is aborted.
 * @throws {SubscriptionEndedError} when the server sends an error frame, refuses the upgrade or closes.
 */
export async function* subscribeLabels(
  serviceUrl: string,
  options: SubscribeOptions = {},
): AsyncGenerator<ReceivedLabels, void, undefined> {
  const { signal } = options
  if (signal?.aborted) return
  const socket = new WebSocket(subscriptionUrl(serviceUrl, options.cursor))
  const queue: ReceivedLabels[] = []
  let failure: string | undefined
  let failureMessage = ''
  let end: { readonly code: number; readonly reason: string } | undefined
  let news = Promise.withResolvers<void>()

  socket.on('open', () => options.onOpen?.(socket))
  socket.on('message', (data: Buffer) => {
    options.onFrame?.(data)
    const frame = decodeFrame(data)
    if (frame.kind === 'labels') queue.push(frame.body)
    if (frame.kind === 'error') [failure, failureMessage] = [frame.error, frame.message]
    news.resolve()
  })
  socket.on('error', (error) => {
    failureMessage ||= error.message
  })
  socket.on('close', (code, reason) => {
    end = { code, reason: reason.toString() }
    news.resolve()
  })
  const stop = (): void => socket.terminate()
  signal?.addEventListener('abort', stop, { once: true })

  try {
    while (true) {
      for (let next = queue.shift(); next; next = queue.shift()) {
        if (signal?.aborted) return
        yield next
      }
      if (signal?.aborted) return
      if (end) {
        const text = failureMessage || end.reason || `closed with ${end.code}`
        throw new SubscriptionEndedError(failure, end.code, text)
      }
      await news.promise
      news = Promise.withResolvers<void>()
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    socket.terminate()
  }
}

/** Tells whether the label's signature is its key's, over the fields it came with (all of them except `sig`). */
export function verifyLabel(label: ReceivedLabel, didKey: string): Promise<boolean> {
  const { sig, ...fields } = label
  return verifySignature(didKey, encode(fields), sig)
}

/** One frame, taken apart. */
export type DecodedFrame =
  | { readonly kind: 'labels'; readonly body: ReceivedLabels }
  | { readonly kind: 'info'; readonly body: LexValue }
  | { readonly kind: 'error'; readonly error: string; readonly message: string }

/** Returns what a frame says. @throws {Error} when it is not two DAG-CBOR items of a known kind. */
export function decodeFrame(bytes: Uint8Array): DecodedFrame {
  const [header, body, ...rest] = [...decodeAll(bytes)] as [FrameHeader, LexValue, ...LexValue[]]
  if (rest.length > 0) throw new Error(`Expected two items in a frame but received ${rest.length + 2}`)
  if (header.op === -1) {
    const { error, message = '' } = body as { error: string; message?: string }
    return { kind: 'error', error, message }
  }
  if (header.op === 1 && header.t === '#labels')
    return { kind: 'labels', body: body as unknown as ReceivedLabels }
  if (header.op === 1 && header.t === '#info') return { kind: 'info', body }
  throw new Error(`Expected a frame of a known kind but received ${JSON.stringify(header)}`)
}

type FrameHeader = { readonly op: number; readonly t?: string }

function subscriptionUrl(serviceUrl: string, cursor: number | string | undefined): URL {
  const url = new URL('/xrpc/com.atproto.label.subscribeLabels', serviceUrl)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  if (cursor !== undefined) url.searchParams.set('cursor', String(cursor))
  return url
}
