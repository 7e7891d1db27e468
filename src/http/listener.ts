import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { AppError } from '../lib/errors.ts'
import { refuseSocket } from './refuse-socket.ts'

/** Where a listener listens. Port 0 takes a free one. */
export type ListenerAddress = { readonly host: string; readonly port: number }

/** What takes over the sockets of one kind of upgrade request. */
export interface UpgradeHandler extends AsyncDisposable {
  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void
}

/** A listener that listens. Disposal stops it: idle sockets at once, busy ones after `closeGraceMs`. */
export interface Listener extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** How to reach it from this machine: `http://127.0.0.1:3000`. */
  readonly url: string
}

/** What a listener serves. Upgrades to anything but a WebSocket are answered as ordinary requests. */
export type ListenerHandlers = {
  readonly onRequest: RequestListener
  readonly upgrades?: UpgradeHandler
}

/** Bounds on what a peer may take its time with or send before any handler is asked. Milliseconds and bytes. */
const serverLimits = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 65_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 32 * 1024,
}

/**
 * Returns a listener once it accepts connections.
 * @throws {AppError} `unavailable` when the address cannot be listened on.
 */
export async function openListener(
  name: string,
  address: ListenerAddress,
  { onRequest, upgrades }: ListenerHandlers,
  closeGraceMs: number,
): Promise<Listener> {
  const server = createServer(
    { ...serverLimits, shouldUpgradeCallback: upgrades ? wantsWebSocket : () => false },
    onRequest,
  )
  if (upgrades) server.on('upgrade', (request, socket, head) => upgrades.accept(request, socket, head))
  refuseMalformed(server)
  const { address: host, port } = await listen(server, name, address)
  return {
    host,
    port,
    url: localUrl({ host, port }),
    [Symbol.asyncDispose]: () => stop(server, upgrades, closeGraceMs),
  }
}

function listen(server: Server, name: string, { host, port }: ListenerAddress): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `Expected ${host}:${port} to be free for the ${name} listener but received ${cause.code}`
      reject(new AppError('unavailable', message, { cause }))
    })
    server.listen({ host, port }, () => resolve(server.address() as AddressInfo))
  })
}

/** Stops accepting first, so that a subscriber told to come back does not come back to us. */
async function stop(
  server: Server,
  upgrades: UpgradeHandler | undefined,
  closeGraceMs: number,
): Promise<void> {
  const stopped = new Promise<void>((resolve) => server.close(() => resolve()))
  const timer = setTimeout(() => server.closeAllConnections(), closeGraceMs)
  try {
    await upgrades?.[Symbol.asyncDispose]()
    await stopped
  } finally {
    clearTimeout(timer)
  }
}

type Refusal = readonly [status: number, error: string, message: string]

/** What the parser refuses by itself, and why; whatever else it refuses is malformed. */
const malformed: Refusal = [
  400,
  'InvalidRequest',
  'Expected a request of HTTP/1.1 but received something else',
]
const refusals: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: [
    431,
    'HeadersTooLarge',
    `Expected an address and headers of at most ${serverLimits.maxHeaderSize} bytes together`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'RequestTimeout', 'The request did not arrive in time'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: [413, 'PayloadTooLarge', 'Expected chunks with less beside them'],
}

/** Tells peers why their bytes are no request. Where an answer has begun there is nothing to tell: the socket is closed. */
function refuseMalformed(server: Server): void {
  const answers = new WeakMap<Duplex, ServerResponse>()
  server.on('request', ({ socket }, response) => void answers.set(socket, response))
  server.on('clientError', ({ code = '' }: NodeJS.ErrnoException, socket: Duplex) => {
    const answer = answers.get(socket)
    const hasBegun = answer !== undefined && answer.headersSent && !answer.writableFinished
    if (code === 'ECONNRESET' || !socket.writable || hasBegun) socket.destroy()
    else refuseSocket(socket, ...(refusals[code] ?? malformed))
  })
}

/** Some clients offer `h2c` on any request; they are to be answered in plain HTTP. */
function wantsWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

/** Returns how this machine reaches what listens there: `0.0.0.0` and `::` mean every interface. */
export function localUrl({ host, port }: ListenerAddress): string {
  const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }
  const dialled = everywhere[host] ?? (host.includes(':') ? `[${host}]` : host)
  return `http://${dialled}:${port}`
}
