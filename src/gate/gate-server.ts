import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { AppError } from '../lib/errors.ts'
import { wantsWebSocket } from './tunnel.ts'

/** Where the gate listens, and how long a request may take to arrive, in milliseconds. Port 0 takes a free one. */
export type ServerOptions = {
  readonly host: string
  readonly port: number
  readonly requestMs: number
}

/** What the gate's listener serves. */
export type ServerHandlers = {
  readonly onRequest: RequestListener
  /** Takes over the socket of a request for a WebSocket. */
  readonly onWebSocket: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
}

/** A listener that listens. Disposal lets what is under way end, for at most two seconds. */
export type GateServer = { readonly url: string } & AsyncDisposable

const closeGraceMs = 2_000

/**
 * Opens the gate's listener. It differs from those of the service in what it lets pass: long bodies, and callers who ask
 * before they send (`Expect: 100-continue`), for whom the PDS decides.
 * @throws {AppError} `unavailable` when the address cannot be listened on.
 */
export async function openGateServer(
  { host, port, requestMs }: ServerOptions,
  { onRequest, onWebSocket }: ServerHandlers,
): Promise<GateServer> {
  const server = createServer(
    {
      headersTimeout: 10_000,
      requestTimeout: requestMs,
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: 32 * 1024,
      shouldUpgradeCallback: wantsWebSocket,
    },
    onRequest,
  )
  const tunnels = new Set<Duplex>()
  server.on('checkContinue', onRequest)
  server.on('upgrade', (request, socket, head) => {
    tunnels.add(socket)
    socket.once('close', () => tunnels.delete(socket))
    onWebSocket(request, socket, head)
  })
  const address = await listen(server, host, port)
  return {
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
    async [Symbol.asyncDispose]() {
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of tunnels) socket.destroy()
      const timer = setTimeout(() => server.closeAllConnections(), closeGraceMs)
      await stopped
      clearTimeout(timer)
    },
  }
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message = `Expected ${host}:${port} to be free for the upload gate but received ${cause.code}`
      reject(new AppError('unavailable', message, { cause }))
    })
    server.listen({ host, port }, () => resolve(server.address() as AddressInfo))
  })
}
