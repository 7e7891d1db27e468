import type { IncomingMessage } from 'node:http'
import { decodeLabelFrame, type LabelFrame } from '../../atproto/decode-label-frame.ts'
import type { OpenWebSocket } from '../../lib/safe-websocket.ts'
import type { DoctorDeps, DoctorLimits, StreamLabel } from './check.ts'

/** How a look at the stream ended. */
export type StreamEnd =
  /** Nothing more came, though the peer is there: it answered a ping, or had sent something before. */
  | { readonly kind: 'quiet' }
  /** As many labels as were wanted. */
  | { readonly kind: 'enough' }
  /** An error frame; `code` is the close that followed, undefined when none did in time. */
  | {
      readonly kind: 'error-frame'
      readonly error: string
      readonly message: string
      readonly code: number | undefined
    }
  | { readonly kind: 'closed'; readonly code: number }
  /** The upgrade was answered as an ordinary request. */
  | { readonly kind: 'no-upgrade'; readonly status: number }
  /** The upgrade was accepted, and then nothing came through, not even the answer to our ping. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'failed'; readonly error: unknown }

/** What came. */
export type StreamReading = {
  readonly labels: readonly StreamLabel[]
  /** The seq of each `#labels` message. */
  readonly seqs: readonly number[]
  /** The names of `#info` messages. */
  readonly infos: readonly string[]
  /** What is wrong with messages that are none, the first few. */
  readonly malformed: readonly string[]
  readonly end: StreamEnd
}

/** What to read. */
export type StreamWanted = {
  /** Only labels after this seq; undefined for what is published from now on. */
  readonly cursor: number | string | undefined
  readonly maxLabels: number
  /** True ends as soon as the peer has answered a ping, which says that bytes pass both ways. */
  readonly isPingOnly?: true
  /** True waits three times as long for the first message: a large labeler may have to look for it. */
  readonly isPatient?: true
}

/** The most bytes that one look takes, and how many problems and infos it keeps. */
const maxBytes = 16_000_000
const maxProblems = 5

/**
 * Reads `com.atproto.label.subscribeLabels` until it has said nothing for `quietMs`, ended, or given enough. Bounded in
 * labels, bytes and time (three times the time of one request). Trouble is how it ended, never an error; only an abort
 * throws.
 */
export async function readStream(
  endpoint: URL,
  wanted: StreamWanted,
  { openWebSocket, limits }: Pick<DoctorDeps, 'openWebSocket' | 'limits'>,
  signal: AbortSignal,
): Promise<StreamReading> {
  signal.throwIfAborted()
  const ended = Promise.withResolvers<StreamEnd>()
  const taken = createTaken(wanted.maxLabels)
  const socket = openOrEnd(() => openWebSocket(streamUrl(endpoint, wanted.cursor)), ended.resolve)
  if (socket === undefined) return { ...taken, end: await ended.promise }

  using quiet = createQuietWatch(socket, limits, wanted, (hasPong) =>
    ended.resolve(taken.endOfQuiet(hasPong)),
  )
  const overall = setTimeout(() => ended.resolve({ kind: 'enough' }), limits.timeoutMs * 3)
  const abort = (): void => ended.reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  socket.on('message', (data: Buffer, isBinary) => {
    quiet.restart()
    if (taken.take(data, isBinary)) ended.resolve({ kind: 'enough' })
  })
  socket.on('close', (code) => ended.resolve(taken.endOfClose(code)))
  try {
    return { ...taken, end: await ended.promise }
  } finally {
    signal.removeEventListener('abort', abort)
    clearTimeout(overall)
    socket.terminate()
  }
}

type Socket = ReturnType<OpenWebSocket>

/** Opens a socket whose trouble is an end; undefined when it may not even be tried. */
function openOrEnd(open: () => Socket, end: (end: StreamEnd) => void): Socket | undefined {
  try {
    const socket = open()
    socket.on('error', (error) => end({ kind: 'failed', error }))
    socket.on('unexpected-response', (_request, response: IncomingMessage) => {
      end({ kind: 'no-upgrade', status: response.statusCode ?? 0 })
      response.destroy()
    })
    return socket
  } catch (error) {
    end({ kind: 'failed', error })
    return undefined
  }
}

/** What has come so far, within bounds. */
function createTaken(maxLabels: number) {
  const labels: StreamLabel[] = []
  const seqs: number[] = []
  const infos: string[] = []
  const malformed: string[] = []
  let failure: { readonly error: string; readonly message: string } | undefined
  let bytesRead = 0
  const isEnough = (): boolean => labels.length >= maxLabels || bytesRead > maxBytes

  function add(frame: LabelFrame): void {
    if (frame.kind === 'labels') {
      seqs.push(frame.seq)
      labels.push(...frame.labels.map((label) => ({ seq: frame.seq, label })))
    } else if (frame.kind === 'error') failure = frame
    else if (frame.kind === 'info' && infos.length < maxProblems) infos.push(frame.name)
    else if (frame.kind === 'malformed' && malformed.length < maxProblems) malformed.push(frame.problem)
  }

  return {
    labels,
    seqs,
    infos,
    malformed,
    /** Returns true when it is enough. Messages that were under way by then are passed over. */
    take(data: Buffer, isBinary: boolean): boolean {
      if (isEnough()) return true
      bytesRead += data.length
      add(isBinary ? decodeLabelFrame(data) : { kind: 'malformed', problem: 'text, and bytes are expected' })
      return isEnough()
    },
    endOfQuiet(hasPong: boolean): StreamEnd {
      if (failure) return errorEnd(failure, undefined)
      return { kind: hasPong || seqs.length > 0 ? 'quiet' : 'silent' }
    },
    endOfClose: (code: number): StreamEnd => (failure ? errorEnd(failure, code) : { kind: 'closed', code }),
  }
}

function errorEnd(
  { error, message }: { error: string; message: string },
  code: number | undefined,
): StreamEnd {
  return { kind: 'error-frame', error, message, code }
}

function streamUrl(endpoint: URL, cursor: StreamWanted['cursor']): URL {
  const url = new URL('/xrpc/com.atproto.label.subscribeLabels', endpoint)
  url.protocol = endpoint.protocol === 'http:' ? 'ws:' : 'wss:'
  if (cursor !== undefined) url.searchParams.set('cursor', String(cursor))
  return url
}

/**
 * Calls back once nothing has come for `quietMs` and a ping sent after that has been answered: a peer that is busy with our
 * labels answers late, and must not be taken for one that has none. Without any answer it calls back after `timeoutMs`.
 */
function createQuietWatch(
  socket: Socket,
  { quietMs, timeoutMs }: DoctorLimits,
  { isPingOnly, isPatient }: StreamWanted,
  onQuiet: (hasPong: boolean) => void,
) {
  let timer: NodeJS.Timeout | undefined
  let pings = 0
  const ask = (): void => {
    pings++
    socket.ping(String(pings))
    timer = setTimeout(() => onQuiet(false), timeoutMs)
  }
  const waitFor = (ms: number): void => {
    clearTimeout(timer)
    timer = setTimeout(ask, ms)
  }
  socket.on('open', () => waitFor(isPingOnly ? 0 : isPatient ? quietMs * 3 : quietMs))
  socket.on('pong', (data: Buffer) => {
    if (data.toString() === String(pings)) onQuiet(true)
  })
  return {
    restart(): void {
      // The answer to a ping that was sent before this no longer counts.
      pings++
      waitFor(quietMs)
    },
    [Symbol.dispose]: () => clearTimeout(timer),
  }
}
