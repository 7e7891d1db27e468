import dns from 'node:dns'
import { once } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocketServer } from 'ws'
import { createSafeWebSocket } from './safe-websocket.ts'

const options = {
  allowedPrivateOrigins: [],
  userAgent: 'harrier-test',
  handshakeTimeoutMs: 1_000,
  maxMessageBytes: 1_000,
}
const closers: (() => void)[] = []

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function listen(): Promise<{ server: WebSocketServer; origin: string }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  closers.push(() => {
    for (const client of server.clients) client.terminate()
    server.close()
  })
  await once(server, 'listening')
  return { server, origin: `http://localhost:${(server.address() as AddressInfo).port}` }
}

describe('createSafeWebSocket', () => {
  it.each([
    'ws://labeler.example.com/',
    'ws://127.0.0.1:80/',
    'wss://127.0.0.1/',
    'wss://10.1.2.3/',
    'wss://[::1]/',
    'wss://169.254.169.254/',
    'https://labeler.example.com/',
  ])('refuses %s for good', (url) => {
    expect(() => createSafeWebSocket(options)(new URL(url))).toThrow(
      expect.objectContaining({ name: 'RefusedAddressError', kind: 'forbidden' }) as Error,
    )
  })

  it('refuses a public name that resolves to a private address, and local names', async () => {
    const real = dns.lookup
    closers.push(() => {
      dns.lookup = real
      syncBuiltinESMExports()
    })
    dns.lookup = ((_name: string, _options: object, callback: (...answer: unknown[]) => void) => {
      callback(null, [{ address: '127.0.0.1', family: 4 }])
    }) as typeof dns.lookup
    syncBuiltinESMExports()
    for (const host of ['rebound.example.io', 'printer.local']) {
      const [error] = await once(createSafeWebSocket(options)(new URL(`wss://${host}/`)), 'error')
      expect((error as Error).message).toMatch(/^Hostname /)
    }
  })

  it('connects to a private origin that is named, says who it is, and ends at a message that is too long', async () => {
    const { server, origin } = await listen()
    const open = createSafeWebSocket({ ...options, allowedPrivateOrigins: [origin] })
    const socket = open(new URL(origin.replace('http', 'ws')))
    const [peer, request] = (await once(server, 'connection')) as [WebSocket, { headers: object }]
    expect(request.headers).toMatchObject({ 'user-agent': 'harrier-test' })
    expect(request.headers).not.toHaveProperty('sec-websocket-extensions')
    peer.send('x'.repeat(1_000))
    expect(String((await once(socket, 'message'))[0])).toHaveLength(1_000)
    peer.send('x'.repeat(1_001))
    const [error] = await once(socket, 'error')
    expect((error as Error).message).toContain('Max payload size exceeded')
  })
})
