import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { createSafeWebSocket } from '../lib/safe-websocket.ts'
import { type LabelSocketOptions, openLabelSocket, type SocketItem } from './label-socket.ts'

const { signal } = new AbortController()
const all = { maxItems: 100_000, lingerMs: 0 }
const generous = { maxQueuedFrames: 100, maxQueuedBytes: 1_000_000, pingIntervalMs: 60_000, maxAgeMs: 60_000 }

describe('openLabelSocket', () => {
  let stack: DisposableStack
  let url: URL

  beforeEach(() => {
    stack = new DisposableStack()
  })
  afterEach(() => stack.dispose())

  /** A peer that does as told with each connection. `autoPong: false` never answers a ping. */
  async function listen(onConnect: (socket: WebSocket) => void, autoPong = true): Promise<WebSocketServer> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong })
    stack.defer(() => {
      for (const client of server.clients) client.terminate()
      server.close()
    })
    server.on('connection', onConnect)
    await once(server, 'listening')
    url = new URL(`ws://localhost:${(server.address() as AddressInfo).port}/`)
    return server
  }

  function open(options: Partial<LabelSocketOptions> = {}, maxMessageBytes = 100_000) {
    const allowedPrivateOrigins = [url.origin.replace('ws:', 'http:')]
    const limits = { handshakeTimeoutMs: 5_000, maxMessageBytes, userAgent: 'test', allowedPrivateOrigins }
    return stack.use(openLabelSocket(createSafeWebSocket(limits), url, { ...generous, ...options }))
  }

  async function readToEnd(socket: ReturnType<typeof open>): Promise<SocketItem[]> {
    const items: SocketItem[] = []
    while (items.at(-1)?.kind !== 'end') items.push(...(await socket.take(all, signal)))
    return items
  }

  it('hands out frames in order, then why it ended, though the peer is gone by then', async () => {
    await listen((socket) => {
      socket.send(Buffer.from([1]))
      socket.send('text')
      socket.send(Buffer.from([2]))
      socket.close(1012)
    })
    const items = await readToEnd(open())
    expect(items.map((item) => ('bytes' in item ? item.bytes[0] : item.kind))).toEqual([
      'open',
      1,
      'text',
      2,
      'end',
    ])
    expect(items.at(-1)).toEqual({ kind: 'end', reason: 'closed', detail: 'close code 1012' })
  })

  it('stops reading while its reader is busy, and loses nothing by that', async () => {
    const frames = 3_000
    let peer: WebSocket | undefined
    await listen((socket) => {
      peer = socket
      for (let index = 0; index < frames; index++) socket.send(Buffer.alloc(10_000, index % 251))
      socket.close()
    })
    const socket = open({ maxQueuedFrames: 8 })
    // 30 MB: more than the kernel's buffers hold.
    let before = -1
    await expect
      .poll(() => {
        const waiting = peer?.bufferedAmount ?? 0
        const isStill = waiting > 1_000_000 && waiting === before
        before = waiting
        return isStill
      })
      .toBe(true)
    const first = await socket.take(all, signal)
    expect(first.length).toBeLessThan(100)
    const items = [...first, ...(await readToEnd(socket))]
    const bytes = items.flatMap((item) => (item.kind === 'frame' ? [item.bytes[0]] : []))
    expect(bytes).toEqual(Array.from({ length: frames }, (_, index) => index % 251))
  })

  it('keeps a silent peer that answers pings, and gives up one that does not', async () => {
    let pings = 0
    await listen((socket) => socket.on('ping', () => pings++))
    const kept = open({ pingIntervalMs: 100 })
    await expect.poll(() => pings).toBeGreaterThan(5)
    expect((await kept.take(all, signal)).map(({ kind }) => kind)).toEqual(['open'])
    await listen(() => {}, false)
    expect((await readToEnd(open({ pingIntervalMs: 100 }))).at(-1)).toMatchObject({ reason: 'stalled' })
  })

  it('ends at a frame beyond the limit, and after its time', async () => {
    await listen((socket) => socket.send(Buffer.alloc(2_000)))
    expect((await readToEnd(open({}, 1_000))).at(-1)).toMatchObject({ reason: 'frame-too-large' })
    await listen(() => {})
    expect((await readToEnd(open({ maxAgeMs: 20 }))).at(-1)).toMatchObject({ reason: 'renewed' })
  })

  it('tells a peer that is not there from one whose proxy lost the upgrade', async () => {
    const server = createServer((_, response) => response.writeHead(426).end()).listen(0, '127.0.0.1')
    stack.defer(() => void server.close())
    await once(server, 'listening')
    server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'))
    url = new URL(`ws://localhost:${(server.address() as AddressInfo).port}/`)
    expect(await readToEnd(open())).toEqual([{ kind: 'end', reason: 'not-upgraded', detail: 'HTTP 404' }])
    url = new URL('ws://localhost:1/')
    expect(await readToEnd(open())).toMatchObject([{ kind: 'end', reason: 'unreachable' }])
  })
})
