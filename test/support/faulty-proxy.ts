/**
 * A proxy in front of a real labeler, with one fault: it passes everything on, real requests, frames and bytes, apart from
 * what it is told to spoil. With no fault it is the control.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'

/** What the proxy does to WebSocket upgrades: pass them on, or one of the ways in which proxies lose them. */
export type UpgradeFault =
  /** The Upgrade and Connection headers are dropped, so that the labeler sees a plain request. */
  | 'drop-headers'
  /** The proxy answers by itself, with this status. */
  | number
  /** The connection is cut. */
  | 'cut'
  /** The upgrade is accepted, and nothing is carried. */
  | 'carry-nothing'

/** What is spoiled. */
export type ProxyFaults = {
  readonly upgrade?: UpgradeFault
  /** Returns the frames that go on in place of one. */
  readonly frames?: (bytes: Buffer, cursor: string | null) => readonly Uint8Array[]
  /** Returns what goes on in place of the answer of `queryLabels`. */
  readonly query?: (answer: QueryAnswer, url: URL) => QueryAnswer
  /** By how much the `Date` header is off, in milliseconds. */
  readonly clockMs?: number
  /** The status of every plain answer. */
  readonly status?: number
}

/** The body of `queryLabels`. */
export type QueryAnswer = { readonly labels: readonly Record<string, unknown>[]; readonly cursor?: string }

/** A running proxy. */
export interface FaultyProxy extends AsyncDisposable {
  /** `http://localhost:<port>`, or with TLS `https://localhost:<port>`. */
  readonly url: string
  /** Changed at will; holds for what comes next. */
  faults: ProxyFaults
}

/** Starts a proxy before a labeler; with a certificate and its key, one that ends TLS. */
export async function openFaultyProxy(
  target: string,
  tls?: { readonly cert: string; readonly key: string },
): Promise<FaultyProxy> {
  const handshakes = new WebSocketServer({ noServer: true, autoPong: true })
  const mute = new WebSocketServer({ noServer: true, autoPong: false })
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    void passOn(request, response, target, proxy.faults)
  }
  const server = tls ? createTlsServer(tls, answer) : createServer(answer)
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { upgrade } = proxy.faults
    socket.on('error', () => socket.destroy())
    if (upgrade === undefined) {
      handshakes.handleUpgrade(request, socket, head, (client) =>
        carry(client, request, target, proxy.faults),
      )
    } else if (upgrade === 'carry-nothing') mute.handleUpgrade(request, socket, head, () => {})
    else if (upgrade === 'cut') socket.destroy()
    else if (typeof upgrade === 'number') {
      socket.end(`HTTP/1.1 ${upgrade} Lost\r\nContent-Length: 0\r\nLocation: /\r\nConnection: close\r\n\r\n`)
    } else void answerPlainly(request, socket, target)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: FaultyProxy = {
    url: `${tls ? 'https' : 'http'}://localhost:${(server.address() as AddressInfo).port}`,
    faults: {},
    async [Symbol.asyncDispose]() {
      for (const client of [...handshakes.clients, ...mute.clients]) client.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return proxy
}

async function passOn(
  request: IncomingMessage,
  response: ServerResponse,
  target: string,
  { query, clockMs = 0, status }: ProxyFaults,
): Promise<void> {
  const url = new URL(request.url ?? '/', target)
  const answer = await fetch(url)
  const text = await answer.text()
  const isQuery = answer.ok && url.pathname.endsWith('.queryLabels') && query !== undefined
  response.writeHead(status ?? answer.status, {
    'content-type': answer.headers.get('content-type') ?? 'text/plain',
    date: new Date(Date.now() + clockMs).toUTCString(),
  })
  response.end(isQuery ? JSON.stringify(query(JSON.parse(text) as QueryAnswer, url)) : text)
}

/** What a proxy does that knows nothing of WebSockets: a plain request, and its plain answer. */
async function answerPlainly(request: IncomingMessage, socket: Duplex, target: string): Promise<void> {
  const answer = await fetch(new URL(request.url ?? '/', target))
  const body = await answer.text()
  socket.end(
    `HTTP/1.1 ${answer.status} ${answer.statusText}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

function carry(client: WebSocket, request: IncomingMessage, target: string, { frames }: ProxyFaults): void {
  const url = new URL(request.url ?? '/', target.replace('http', 'ws'))
  const upstream = new WebSocket(url)
  upstream.on('message', (data: Buffer) => {
    const passed = frames ? frames(data, url.searchParams.get('cursor')) : [data]
    for (const frame of passed) client.send(frame)
  })
  upstream.on('error', () => client.terminate())
  upstream.on('close', (code, reason) => {
    if (code >= 1000 && code < 5000 && code !== 1005 && code !== 1006) client.close(code, reason)
    else client.terminate()
  })
  client.on('close', () => upstream.terminate())
}
