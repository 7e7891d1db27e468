import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { matchOf } from '../../test/support/builders.ts'
import { AppError } from '../lib/errors.ts'
import { createLogger } from '../lib/logger.ts'
import { blobCidOf } from '../model/ids.ts'
import type { UnjudgedUpload } from '../model/upload.ts'
import { type Gate, type GateDeps, type GateOptions, openGate } from './gate.ts'
import { createGateMetrics } from './gate-metrics.ts'

const path = '/xrpc/com.atproto.repo.uploadBlob'
/** What the gate's judge takes for a picture, and for one that is blocked. */
const picture = Buffer.concat([Buffer.from('PICTURE clean '), Buffer.alloc(300_000, 7)])
const blocked = Buffer.concat([Buffer.from('PICTURE blocked '), Buffer.alloc(300_000, 8)])
const film = Buffer.concat([Buffer.from('FILM '), Buffer.alloc(300_000, 9)])

/** A PDS that keeps what it is sent: every request with the bytes of its body that came, whole or not. */
type Received = { readonly request: IncomingMessage; bytes: Buffer; isWhole: boolean; isClosed: boolean }

let stack: AsyncDisposableStack
let received: Received[]
let answer: RequestListener
let pds: ReturnType<typeof createServer>
let pdsUrl: string
let remembered: UnjudgedUpload[]
let refusals: object[]
let lines: string[]
let registry: Registry

beforeEach(async () => {
  stack = new AsyncDisposableStack()
  received = []
  remembered = []
  refusals = []
  lines = []
  answer = (_request, response) => {
    response.writeHead(
      200,
      'Fine',
      [
        ['content-type', 'application/json'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ].flat(),
    )
    response.end('{"blob":1}')
  }
  pds = createServer((request, response) => {
    const entry: Received = { request, bytes: Buffer.alloc(0), isWhole: false, isClosed: false }
    received.push(entry)
    request.on('data', (piece: Buffer) => (entry.bytes = Buffer.concat([entry.bytes, piece])))
    request.on('error', () => {})
    request.once('close', () => (entry.isClosed = true))
    request.once('end', () => {
      entry.isWhole = true
      answer(request, response)
    })
    if (request.headers.authorization === 'Bearer bad') {
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"BadToken"}')
    }
  })
  pds.listen(0, '127.0.0.1')
  await once(pds, 'listening')
  pdsUrl = `http://127.0.0.1:${(pds.address() as AddressInfo).port}`
  stack.defer(() => {
    pds.closeAllConnections()
    pds.close()
  })
})
afterEach(() => stack.disposeAsync())

async function open(options: Partial<GateOptions> = {}, deps: Partial<GateDeps> = {}): Promise<Gate> {
  registry = new Registry()
  const isIn = (bytes: Uint8Array): boolean => Buffer.from(bytes).includes('blocked')
  const gate = await openGate(
    {
      isPicture: (head) => Buffer.from(head).toString('latin1').startsWith('PICTURE'),
      hash: async (bytes) => ({
        kind: 'hashed',
        hashes: [{ type: 'sha256', value: isIn(bytes) ? 'blocked' : 'clean', quality: 100 }],
      }),
      findBlocked: async (hashes) =>
        hashes.some(({ value }) => value === 'blocked') ? { match: matchOf(), isSettled: true } : undefined,
      remember: async (upload) => void remembered.push(upload),
      recordRefusal: async (refusal) => void refusals.push(refusal),
      metrics: createGateMetrics(registry),
      logger: createLogger('debug', { write: (line) => void lines.push(line) }),
      ...deps,
    },
    {
      upstream: pdsUrl,
      host: '127.0.0.1',
      port: 0,
      others: 'pass',
      unjudged: 'pass',
      atOnce: 4,
      maxBytes: 2_000_000,
      maxPictureBytes: 1_000_000,
      verdictMs: 2_000,
      refusalWaitMs: 20,
      bodyMs: 5_000,
      idleMs: 2_000,
      answerMs: 5_000,
      ...options,
    },
  )
  return stack.use(gate)
}

type Answer = { readonly status: number; readonly error: unknown; readonly response: Response }

async function upload(
  gate: Gate,
  body: Uint8Array | ReadableStream,
  headers: Record<string, string> = {},
  target = path,
): Promise<Answer> {
  const response = await fetch(`${gate.url}${target}`, {
    method: 'POST',
    headers: { authorization: 'DPoP a.b.c', dpop: 'proof', 'content-type': 'image/jpeg', ...headers },
    body,
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  })
  const { error } = (await response.clone().json()) as { error?: unknown }
  return { status: response.status, error, response }
}

async function outcomeCount(outcome: string): Promise<number> {
  const text = await registry.metrics()
  return Number(new RegExp(`uploads_total\\{outcome="${outcome}"\\} (\\d+)`).exec(text)?.[1])
}

/** Opens a plain connection and writes the head of an upload that announces so many bytes. */
async function rawUpload(gate: Gate, length: number, more = ''): Promise<Socket> {
  const socket = connect(Number(new URL(gate.url).port), '127.0.0.1')
  await once(socket, 'connect')
  socket.write(`POST ${path} HTTP/1.1\r\nHost: pds.test\r\nContent-Length: ${length}\r\n${more}\r\n`)
  return socket
}

async function textOf(socket: Socket): Promise<string> {
  let text = ''
  for await (const piece of socket) text += String(piece)
  return text
}

describe('a clean upload', () => {
  it.each([
    ['of announced length', () => picture as Uint8Array],
    ['in chunks', () => new Blob([picture]).stream()],
    ['that is no picture', () => film],
  ])('%s passes both ways as it came', async (_, body) => {
    const { response } = await upload(await open(), body())
    expect([response.status, response.statusText]).toEqual([200, 'Fine'])
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    const [{ request, bytes, isWhole } = {}] = received
    expect(isWhole).toBe(true)
    expect(bytes?.equals(body() === film ? film : picture)).toBe(true)
    expect(request?.headers).toMatchObject({ authorization: 'DPoP a.b.c', dpop: 'proof' })
    expect(request?.headers['x-forwarded-for']).toBe('127.0.0.1')
    expect(await outcomeCount('passed')).toBe(1)
  })

  it('keeps the fields of a connection to that connection', async () => {
    const gate = await open()
    const socket = await rawUpload(
      gate,
      3,
      'Connection: close, X-Own\r\nX-Own: 1\r\nKeep-Alive: 9\r\nX-Twice: a\r\nX-Twice: b\r\nX-Forwarded-For: 192.0.2.7\r\n',
    )
    socket.write('abc')
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 200 Fine\r\n/)
    const { rawHeaders, headers } = (received[0] as Received).request
    expect(headers['x-own']).toBeUndefined()
    expect(headers['keep-alive']).toBeUndefined()
    expect(headers.host).toBe('pds.test')
    expect(headers['x-forwarded-for']).toBe('192.0.2.7, 127.0.0.1')
    expect(rawHeaders.filter((_, at) => rawHeaders[at - 1] === 'X-Twice')).toEqual(['a', 'b'])
  })

  it('of a caller who asks first is sent once the PDS says that it may be', async () => {
    const gate = await open()
    const { port } = new URL(gate.url)
    const headers = { expect: '100-continue', 'content-length': picture.length }
    const request = httpRequest({ port, path, method: 'POST', headers })
    await once(request, 'continue')
    expect(received).toHaveLength(1)
    request.end(picture)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    response.resume()
    expect(response.statusCode).toBe(200)
    expect(received[0]?.bytes.equals(picture)).toBe(true)
  })
})

describe('a blocked picture', () => {
  it('is refused with an XRPC error, and no byte of it reaches the PDS', async () => {
    const { status, error, response } = await upload(await open(), blocked)
    expect([status, error]).toEqual([400, 'ContentPolicyViolation'])
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    await expect.poll(() => received[0]?.isClosed).toBe(true)
    expect(received[0]).toMatchObject({ isWhole: false, bytes: Buffer.alloc(0) })
    expect(refusals).toHaveLength(1)
  })

  it.each([
    'gzip',
    'x-gzip',
    'identity, gzip',
  ])('is recognised under content encoding %s', async (encoding) => {
    const body = new Uint8Array(gzipSync(blocked))
    const { error } = await upload(await open(), body, { 'content-encoding': encoding })
    expect(error).toBe('ContentPolicyViolation')
  })

  it.each([
    '/xrpc/com.atproto.repo.uploadBlob?x=1',
    '/XRPC/com.atproto.repo.uploadblob/',
    '//xrpc/com.atproto.repo.uploadBlo%62',
  ])('is recognised at %s', async (target) => {
    expect(await upload(await open(), blocked, {}, target)).toMatchObject({ error: 'ContentPolicyViolation' })
  })

  it('is not looked at elsewhere', async () => {
    const { status } = await upload(await open(), blocked, {}, '/xrpc/com.atproto.repo.importRepo')
    expect(status).toBe(200)
    expect(received[0]?.bytes.equals(blocked)).toBe(true)
  })

  it('by digest that is no picture is never whole at the PDS', async () => {
    const gate = await open({}, { findBlocked: async () => ({ match: matchOf(), isSettled: true }) })
    expect(await upload(gate, new Blob([film, film]).stream())).toMatchObject({ status: 400 })
    await expect.poll(() => received[0]?.isClosed).toBe(true)
    expect(received[0]?.isWhole).toBe(false)
  })

  it('by digest passes only when its looks clear it, not when they are not to be had', async () => {
    const findBlocked: GateDeps['findBlocked'] = async (hashes) =>
      hashes.some(({ value }) => value === 'clean') ? undefined : { match: matchOf(), isSettled: false }
    expect(await upload(await open({}, { findBlocked }), picture)).toMatchObject({ status: 200 })
    const hashes: GateDeps['hash'][] = [
      async () => ({ kind: 'unscannable', reason: 'corrupt' }),
      () => Promise.reject(new AppError('unavailable', 'the hasher is unwell')),
      (_bytes, signal) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    ]
    for (const hash of hashes)
      expect(await upload(await open({}, { findBlocked, hash }), picture)).toMatchObject({ status: 400 })
  })

  it('that cannot be recorded is no blob, and stops the gate', async () => {
    const gate = await open({}, { recordRefusal: () => Promise.reject(new Error('disk full')) })
    expect(await upload(gate, blocked)).toMatchObject({ status: 503 })
    await expect(gate.failure).rejects.toThrow('disk full')
    expect(received[0]?.isWhole).toBe(false)
  })
})

describe('an upload without a verdict', () => {
  const broken = { hash: () => Promise.reject(new AppError('unavailable', 'The decoder is gone')) }

  it('passes where the setting says so, remembered before it is whole at the PDS', async () => {
    const wholeAt: boolean[] = []
    const payload = Buffer.from('{"sub":"did:plc:ewvi7nxzyoun6zhxrhs64oiz"}').toString('base64url')
    const gate = await open(
      {},
      {
        ...broken,
        remember: async (upload) => {
          wholeAt.push(received[0]?.isWhole ?? false)
          remembered.push(upload)
        },
      },
    )
    const { status } = await upload(gate, picture, { authorization: `DPoP e.${payload}.s` })
    expect(status).toBe(200)
    expect(received[0]?.bytes.equals(picture)).toBe(true)
    const digest = await crypto.subtle.digest('SHA-256', picture)
    const cid = blobCidOf(new Uint8Array(digest))
    const did = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
    expect(remembered).toEqual([{ did, cid, size: picture.length, reason: 'hasher' }])
    expect(wholeAt).toEqual([false])
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['upload.unjudged'])
  })

  it('is refused where the setting says so', async () => {
    const { status, error, response } = await upload(await open({ unjudged: 'refuse' }, broken), picture)
    expect([status, error]).toEqual([503, 'NotEnoughResources'])
    expect(response.headers.get('retry-after')).toBe('5')
    await expect.poll(() => received[0]?.isClosed).toBe(true)
    expect(received[0]?.bytes.length).toBe(0)
  })

  it('is one whose verdict takes too long', async () => {
    const gate = await open({ verdictMs: 30 }, { hash: () => new Promise(() => {}) })
    expect(await upload(gate, picture)).toMatchObject({ status: 200 })
    expect(remembered).toMatchObject([{ reason: 'timeout' }])
  })

  it.each([
    ['a picture of too many bytes', picture, {}, 'too-large', 413],
    ['one in an unknown encoding', picture, { 'content-encoding': 'zstd' }, 'encoding', 415],
    ['one that is not in the encoding it says', picture, { 'content-encoding': 'gzip' }, 'encoding', 415],
    [
      'one that unpacks to more than is taken',
      gzipSync(Buffer.alloc(3_000_000)),
      { 'content-encoding': 'gzip' },
      'encoding',
      415,
    ],
  ])('is %s', async (_, body, headers, reason, status) => {
    const bytes = new Uint8Array(body)
    expect(await upload(await open({ maxPictureBytes: 100_000 }), bytes, headers)).toMatchObject({
      status: 200,
    })
    expect(remembered).toMatchObject([{ reason }])
    const strict = await open({ maxPictureBytes: 100_000, unjudged: 'refuse' })
    expect(await upload(strict, bytes, headers)).toMatchObject({ status })
  })

  it('that cannot be remembered does not pass', async () => {
    const gate = await open({}, { ...broken, remember: () => Promise.reject(new Error('disk full')) })
    expect(await upload(gate, picture)).toMatchObject({ status: 503 })
    await expect(gate.failure).rejects.toThrow('disk full')
    expect(received[0]?.isWhole).toBe(false)
  })
})

describe('the bounds of an upload', () => {
  it.each([
    ['announced', () => new Uint8Array(2_000_001)],
    ['not announced', () => new Blob([new Uint8Array(2_000_001)]).stream()],
  ])('refuse one of too many bytes, %s', async (_, body) => {
    expect(await upload(await open(), body())).toMatchObject({ status: 413, error: 'PayloadTooLarge' })
    expect(received.every(({ isWhole }) => !isWhole)).toBe(true)
    expect(await outcomeCount('too-large')).toBe(1)
  })

  it.each([
    ['that stops', { idleMs: 50 }, 0],
    ['that drips', { bodyMs: 120 }, 10],
  ])('refuse a body %s', async (_, options, everyMs) => {
    const socket = await rawUpload(await open(options), 1000)
    socket.write('PICTURE')
    const dripping = everyMs > 0 ? setInterval(() => socket.write('x'), everyMs) : undefined
    socket.on('error', () => {})
    expect(await textOf(socket)).toMatch(/^HTTP\/1\.1 408 [\s\S]*Connection: close[\s\S]*RequestTimeout/i)
    clearInterval(dripping)
    expect(await outcomeCount('slow')).toBe(1)
    await expect.poll(() => received[0]?.isClosed).toBe(true)
  })

  it('refuse one more than there may be at once, and take it when one has ended', async () => {
    const gate = await open({ atOnce: 1 })
    const socket = await rawUpload(gate, 1000)
    await expect.poll(() => gate.uploads).toBe(1)
    expect(await upload(gate, picture)).toMatchObject({ status: 503 })
    socket.destroy()
    await expect.poll(() => gate.uploads).toBe(0)
    expect(await outcomeCount('left')).toBe(1)
    expect(await upload(gate, picture)).toMatchObject({ status: 200 })
    expect(received[0]).toMatchObject({ isWhole: false, isClosed: true })
  })
})

describe('the PDS', () => {
  it('that answers before it has the body is heard at once, and nothing is hashed', async () => {
    let hashed = 0
    const hash: GateDeps['hash'] = async () => {
      hashed += 1
      return { kind: 'unscannable', reason: 'empty' }
    }
    const gate = await open({}, { hash })
    const socket = await rawUpload(gate, picture.length, 'Authorization: Bearer bad\r\n')
    socket.write(picture.subarray(0, 1000))
    const [piece] = (await once(socket, 'data')) as [Buffer]
    expect(String(piece)).toMatch(/^HTTP\/1\.1 401 /)
    // The connection is still good for another request, once the rest of the body has come.
    socket.write(picture.subarray(1000))
    socket.write('GET /xrpc/_health HTTP/1.1\r\nHost: pds.test\r\nConnection: close\r\n\r\n')
    expect(await textOf(socket)).toMatch(/HTTP\/1\.1 200 Fine/)
    expect(hashed).toBe(0)
    expect(await outcomeCount('answered')).toBe(1)
  })

  it('that turns a caller away is heard before a refusal', async () => {
    const gate = await open({ refusalWaitMs: 2_000 })
    const headers = { authorization: 'Bearer bad' }
    expect(await upload(gate, blocked, headers)).toMatchObject({ status: 401, error: 'BadToken' })
    expect(refusals).toEqual([])
  })

  it('that is not there is told of, for uploads and for anything else', async () => {
    pds.close()
    const gate = await open()
    expect(await upload(gate, picture)).toMatchObject({ status: 502, error: 'UpstreamFailure' })
    expect((await fetch(`${gate.url}/xrpc/_health`)).status).toBe(502)
  })

  it('that never answers is given up', async () => {
    answer = () => {}
    expect(await upload(await open({ answerMs: 50 }), picture)).toMatchObject({ status: 504 })
  })

  it('that takes nothing is given up, and holds up the caller meanwhile', async () => {
    const length = 40_000_000
    const gate = await open({ maxBytes: length, answerMs: 300 })
    pds.prependListener('request', (request: IncomingMessage) => {
      // What takes the body in the other tests begins after this.
      setImmediate(() => request.pause())
    })
    const socket = await rawUpload(gate, length)
    socket.on('error', () => {})
    socket.write(Buffer.concat([film, Buffer.alloc(length - film.length - 1)]))
    await expect.poll(() => received.length).toBe(1)
    // The gate holds no more than a piece: what the caller cannot send any more waits on its side.
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(socket.writableLength).toBeGreaterThan(1_000_000)
    expect(gate.uploads).toBe(1)
    await expect.poll(() => gate.uploads).toBe(0)
    expect(await outcomeCount('upstream-failed')).toBe(1)
    expect(received[0]?.isWhole).toBe(false)
    socket.destroy()
  })

  it('that breaks off its answer breaks it off for the caller too', async () => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-length': 100 }).write('half')
      setTimeout(() => response.destroy(), 20)
    }
    await expect(upload(await open(), picture)).rejects.toThrow()
  })
})

describe('a caller who leaves', () => {
  it('while the upload is judged gets no verdict, and the PDS no picture', async () => {
    const hashing = Promise.withResolvers<AbortSignal>()
    const hash: GateDeps['hash'] = (_, signal) => {
      hashing.resolve(signal)
      return new Promise(() => {})
    }
    const gate = await open({}, { hash })
    const socket = await rawUpload(gate, picture.length)
    socket.write(picture)
    const signal = await hashing.promise
    socket.destroy()
    await expect.poll(() => gate.uploads).toBe(0)
    expect(signal.aborted).toBe(true)
    expect(remembered).toEqual([])
    await expect.poll(() => received[0]?.isClosed).toBe(true)
    expect(received[0]?.bytes.length).toBe(0)
  })
})

describe('what is no upload', () => {
  it('passes both ways as it came, with a body and without', async () => {
    answer = (request, response) => {
      response.setHeader('x-method', request.method ?? '').end(request.url)
    }
    const gate = await open()
    const target = '/xrpc/com.atproto.server.refreshSession?a=%20b'
    const empty = await fetch(`${gate.url}${target}`, { method: 'POST' })
    expect(await empty.text()).toBe(target)
    // A PDS refuses a body, even an empty one in chunks, where none is expected.
    expect(received[0]?.request.headers['transfer-encoding']).toBeUndefined()
    const put = await fetch(`${gate.url}/other`, { method: 'PUT', body: 'text' })
    expect(put.headers.get('x-method')).toBe('PUT')
    expect(String(received[1]?.bytes)).toBe('text')
    expect((await fetch(`${gate.url}${path}`, { method: 'HEAD' })).headers.get('x-method')).toBe('HEAD')
  })

  it('passes as a WebSocket, and is told when the PDS has none', async () => {
    const sockets = new WebSocketServer({ noServer: true })
    pds.on('upgrade', (request, socket, head) => {
      if (request.url !== '/stream') socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno')
      else sockets.handleUpgrade(request, socket, head, (ws) => ws.on('message', (data) => ws.send(data)))
    })
    const gate = await open()
    const url = gate.url.replace('http', 'ws')
    const socket = new WebSocket(`${url}/stream`)
    await once(socket, 'open')
    socket.send(picture)
    const [echo] = (await once(socket, 'message')) as [Buffer]
    expect(echo.equals(picture)).toBe(true)
    socket.close()
    await once(socket, 'close')
    const [error] = (await once(new WebSocket(`${url}/none`), 'error')) as [Error]
    expect(error.message).toContain('404')
  })

  it('is answered 404 where only uploads are routed here; what browsers ask before an upload still passes', async () => {
    const gate = await open({ others: 'refuse' })
    expect((await fetch(`${gate.url}/xrpc/_health`)).status).toBe(404)
    const [error] = (await once(new WebSocket(gate.url.replace('http', 'ws')), 'error')) as [Error]
    expect(error.message).toContain('404')
    expect(received).toEqual([])
    expect((await fetch(`${gate.url}${path}`, { method: 'OPTIONS' })).status).toBe(200)
    expect(await upload(gate, picture)).toMatchObject({ status: 200 })
  })
})
