import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { endToEndHeaders } from './headers.ts'
import type { Upstream } from './upstream.ts'

/** Tells whether a request asks for what is tunnelled: a WebSocket. Everything else is answered as an ordinary request. */
export function wantsWebSocket({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && headers.upgrade?.toLowerCase() === 'websocket'
}

/** Joins a caller that asks for a WebSocket with the PDS: bytes both ways, from the handshake to either's end. */
export function openTunnel(upstream: Upstream, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const outgoing = upstream.open(request, { Connection: 'Upgrade', Upgrade: 'websocket' })
  socket.on('error', () => outgoing.destroy())
  socket.once('close', () => outgoing.destroy())
  outgoing.on('error', () => socket.end(headOf(502, '', ['Content-Length', '0'])))
  outgoing.once('upgrade', (answer, far, farHead) => {
    const switched = ['Upgrade', answer.headers.upgrade ?? 'websocket', 'Connection', 'Upgrade']
    socket.write(headOf(101, answer.statusMessage, [...switched, ...endToEndHeaders(answer)], false))
    far.on('error', () => socket.destroy()).once('close', () => socket.destroy())
    socket.once('close', () => far.destroy())
    if (farHead.length > 0) socket.write(farHead)
    if (head.length > 0) far.write(head)
    far.pipe(socket)
    socket.pipe(far)
  })
  outgoing.once('response', (answer) => {
    socket.write(headOf(answer.statusCode ?? 502, answer.statusMessage, endToEndHeaders(answer)))
    answer.pipe(socket)
  })
  outgoing.end()
}

/** A response's head, as it stands on the wire; `isLast` closes the connection behind the body. */
function headOf(status: number, message = '', fields: readonly string[] = [], isLast = true): Buffer {
  const lines = [`HTTP/1.1 ${status} ${message || (STATUS_CODES[status] ?? '')}`]
  for (let at = 0; at < fields.length; at += 2) lines.push(`${fields[at]}: ${fields[at + 1]}`)
  if (isLast) lines.push('Connection: close')
  // Fields may hold any byte.
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}
