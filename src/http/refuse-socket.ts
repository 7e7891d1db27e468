import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * Answers what never became a request that a handler sees, an upgrade or something malformed, with an ordinary error
 * response, XRPC body included, and closes the socket.
 */
export function refuseSocket(socket: Duplex, status: number, error: string, message: string): void {
  const body = JSON.stringify({ error, message })
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
  ]
  socket.once('finish', () => socket.destroy())
  // A peer that is gone already has nothing to be told.
  socket.on('error', () => socket.destroy())
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}
