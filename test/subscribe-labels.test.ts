import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { generateSigningKey } from '../src/atproto/signing-key.ts'
import type { Did, SubjectUri } from '../src/model/ids.ts'
import type { SequencedLabel, SignedLabel } from '../src/model/label.ts'
import { signLabel } from '../src/publish/sign-labels.ts'
import type { Database } from '../src/store/database.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { labelServices, openTestHttp, type TestHttp } from './support/http-fixture.ts'
import { postUri, unsignedLabel } from './support/label-rows.ts'
import {
  type DecodedFrame,
  decodeFrame,
  type ReceivedLabels,
  SubscriptionEndedError,
  subscribeLabels,
  verifyLabel,
} from './support/label-subscriber.ts'

const path = '/xrpc/com.atproto.label.subscribeLabels'

describe('a subscription over the store', () => {
  it('replays and goes on live without a gap or a double, in a hundred runs while labels are being written', {
    timeout: 120_000,
  }, async () => {
    // A run counts when labels were sent while they were being written: how many such runs a busy
    // machine gives differs, so it goes on until there are a hundred.
    let crossings = 0
    await using database = await openSqlite({ path: ':memory:' })
    const services = labelServices(database)
    await using http = await openTestHttp(services)
    await append(database, 0, 520)
    for (let run = 0; crossings < 100; run++) {
      const first = await database.labels.lastSeq()
      const last = first + 150
      // Pages behind, within a page, up to date, and only what is new.
      const cursors = [first - 520, first - 100, first, undefined]
      const pagesBefore = http.counted.filter(([name]) => name === 'labelsSent').length
      let opened = 0
      const onOpen = () => void (opened += 1)
      const reading = Promise.all(cursors.map((cursor) => readUntil(http, cursor, last, onOpen)))
      for (let turn = 0; turn < run % 10; turn++) await new Promise(setImmediate)
      await writeSteadily(database, services.wake, first, last - 1)
      // Whoever came without a cursor after the writing still gets one.
      await until(() => opened === cursors.length)
      await writeSteadily(database, services.wake, last - 1, last)
      const received = await reading
      for (const [index, cursor] of cursors.entries()) {
        const seqs = received[index]?.map(({ seq }) => seq) ?? []
        // Whoever has no cursor begins wherever the writing is by then.
        const begin = cursor ?? (seqs[0] ?? last) - 1
        expect(seqs, `run ${run}, cursor ${cursor}`).toEqual(range(begin + 1, last))
        expect(begin).toBeGreaterThanOrEqual(first - 520)
      }
      // Eight pages are all that replay alone takes; more were sent as the labels came.
      const pages = http.counted.filter(([name]) => name === 'labelsSent').length - pagesBefore
      if (pages > 8) crossings += 1
    }
  })

  it('sends one label per frame, as it was signed', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    await using http = await openTestHttp(labelServices(database))
    const key = await generateSigningKey()
    const src = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz' as Did
    const fields = { src, uri: postUri(1) as SubjectUri, val: 'known-image' }
    await database.labels.append([
      await signLabel(key, { ...fields, cts: '2026-01-01T00:00:00.000Z' }),
      await signLabel(key, { ...fields, cts: '2026-01-01T00:00:00.001Z', neg: true }),
    ])
    const [first, second] = await readUntil(http, 0, 2)
    const label = first?.labels[0]
    if (!label) throw new Error('Expected a label')
    expect(label).toMatchObject({ ver: 1, ...fields, cts: '2026-01-01T00:00:00.000Z' })
    expect(label).not.toHaveProperty('neg')
    expect(second?.labels).toMatchObject([{ ...fields, neg: true }])
    expect(await verifyLabel(label, key.did())).toBe(true)
    expect(await verifyLabel({ ...label, val: 'other' }, key.did())).toBe(false)
    expect(await verifyLabel(label, (await generateSigningKey()).did())).toBe(false)
  })

  it('starts with what comes next when there is no cursor', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const services = labelServices(database)
    await using http = await openTestHttp(services)
    await append(database, 0, 10)
    const gone = new AbortController()
    const live = subscribeLabels(http.public.url, { signal: gone.signal })
    const first = live.next()
    await until(() => http.counted.some(([name, count]) => name === 'subscribersChanged' && count === 1))
    // A later subscriber that replays proves that the earlier one has its place by now.
    await readUntil(http, 9, 10)
    await append(database, 10, 11)
    services.wake()
    expect((await first).value).toMatchObject({ seq: 11 })
    gone.abort()
  })

  it('takes the newest seq for a cursor, and refuses one above it with FutureCursor', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const services = labelServices(database)
    await using http = await openTestHttp(services)
    await append(database, 0, 3)
    expect(await endOf(http, 4)).toMatchObject({ error: 'FutureCursor', code: 1008 })
    const labels = readUntil(http, 3, 4)
    await append(database, 3, 4)
    services.wake()
    expect(await labels).toMatchObject([{ seq: 4 }])
  })

  it('is told OutdatedCursor, once, when it asks for labels that are lost, and then gets what there is', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'harrier-floor-'))
    await using stack = new AsyncDisposableStack()
    stack.defer(() => rmSync(folder, { recursive: true }))
    const database = stack.use(await openSqlite({ path: join(folder, 'harrier.db'), seqFloor: 1000 }))
    await append(database, 0, 2)
    await using http = await openTestHttp(labelServices(database))
    const framesOf = async (cursor: number) => {
      const frames: DecodedFrame[] = []
      const onFrame = (bytes: Uint8Array) => void frames.push(decodeFrame(bytes))
      for await (const { seq } of subscribeLabels(http.public.url, { cursor, onFrame }))
        if (seq === 1002) break
      return frames.map((frame) => (frame.kind === 'labels' ? frame.body.seq : frame))
    }
    const outdated = {
      kind: 'info',
      body: { name: 'OutdatedCursor', message: expect.stringContaining('no longer known') },
    }
    expect(await framesOf(0)).toEqual([outdated, 1001, 1002])
    expect(await framesOf(999)).toEqual([outdated, 1001, 1002])
    expect(await framesOf(1000)).toEqual([1001, 1002])
    expect(await framesOf(1001)).toEqual([1002])
    expect(await endOf(http, 1003)).toMatchObject({ error: 'FutureCursor' })
  })

  it.each([
    'abc',
    '1.5',
    '-3',
    '',
    ' 1',
    '1e3',
    '0x1',
    '9007199254740993',
    '1&cursor=2',
  ])('refuses the cursor %j', async (cursor) => {
    await using database = await openSqlite({ path: ':memory:' })
    await using http = await openTestHttp(labelServices(database))
    const frames: Buffer[] = []
    const socket = new WebSocket(`${http.public.url.replace('http', 'ws')}${path}?cursor=${cursor}`)
    socket.on('message', (data: Buffer) => frames.push(data))
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
    expect(frames.map(decodeFrame)).toMatchObject([{ kind: 'error', error: 'InvalidRequest' }])
    expect([code, reason.toString()]).toEqual([1008, 'InvalidRequest'])
    await until(() =>
      http.counted.some(([name, reason]) => name === 'subscriptionEnded' && reason === 'refused'),
    )
  })
})

describe('a subscriber that does not read', () => {
  it('is closed with ConsumerTooSlow while others go on, and holds one page at most', async () => {
    const { services, pagesRead, pageBytes, isEnded } = endlessLabels()
    await using http = await openTestHttp(services, { slowTimeoutMs: 300, closeGraceMs: 5_000 })
    const stalled = new WebSocket(`${http.public.url.replace('http', 'ws')}${path}?cursor=0`)
    const frames: Buffer[] = []
    stalled.on('message', (data: Buffer) => frames.push(data))
    await once(stalled, 'open')
    stalled.pause()

    await until(() => http.counted.some(([name, count]) => name === 'labelsSent' && count !== 0))
    let others = 0
    const gone = new AbortController()
    for await (const { seq } of subscribeLabels(http.public.url, { cursor: 0, signal: gone.signal })) {
      others = seq
      if (seq >= 5_000) gone.abort()
    }
    expect(others).toBeGreaterThanOrEqual(5_000)

    // Once the kernel's buffers are full nothing more is asked for: the pages stop coming.
    await until(() => isEnded('0'))
    expect(pagesRead('0') * pageBytes).toBeLessThan(64_000_000)
    stalled.resume()
    const [code, reason] = (await once(stalled, 'close')) as [number, Buffer]
    const last = frames.at(-1)
    expect(last && decodeFrame(last)).toMatchObject({ kind: 'error', error: 'ConsumerTooSlow' })
    expect([code, reason.toString()]).toEqual([1008, 'ConsumerTooSlow'])
    const seqs = frames.slice(0, -1).map((frame) => (decodeFrame(frame) as { body: ReceivedLabels }).body.seq)
    expect(seqs).toEqual(range(1, seqs.length))
    await until(() =>
      http.counted.some(([name, reason]) => name === 'subscriptionEnded' && reason === 'too-slow'),
    )
  })

  it('is told so rather than dropped for the pongs that it cannot give', async () => {
    const { services, isEnded } = endlessLabels()
    await using http = await openTestHttp(services, {
      slowTimeoutMs: 500,
      pingIntervalMs: 20,
      closeGraceMs: 5_000,
    })
    const stalled = new WebSocket(`${wsUrl(http)}?cursor=0`)
    const frames: Buffer[] = []
    stalled.on('message', (data: Buffer) => frames.push(data))
    await once(stalled, 'open')
    stalled.pause()
    const startedAt = performance.now()
    await until(() => isEnded('0'))
    // Many pings would have gone unanswered by now.
    expect(performance.now() - startedAt).toBeGreaterThan(400)
    stalled.resume()
    const [code] = (await once(stalled, 'close')) as [number]
    expect(code).toBe(1008)
    expect(frames.map(decodeFrame).at(-1)).toMatchObject({ kind: 'error', error: 'ConsumerTooSlow' })
  })

  it('is cut off when it does not even take the close', async () => {
    const { services } = endlessLabels()
    await using http = await openTestHttp(services, { slowTimeoutMs: 50, closeGraceMs: 50 })
    const stalled = new WebSocket(`${http.public.url.replace('http', 'ws')}${path}?cursor=0`)
    await once(stalled, 'open')
    stalled.pause()
    await until(() =>
      http.counted.some(([name, reason]) => name === 'subscriptionEnded' && reason === 'too-slow'),
    )
    expect(http.lines).toContainEqual(
      expect.objectContaining({ msg: 'subscriber.closed', end: 'too-slow', code: 1006 }),
    )
    stalled.terminate()
  })
})

describe('the life of a subscription', () => {
  it('ends with 1012 when the service stops, and never with 1000', async () => {
    const http = await openTestHttp({ subscribeLabels: quietLabels })
    const sockets = await Promise.all([1, 2, 3].map(() => openSocket(http)))
    const closes = sockets.map((socket) => once(socket, 'close'))
    await http[Symbol.asyncDispose]()
    expect((await Promise.all(closes)).map(([code]) => code as number)).toEqual([1012, 1012, 1012])
    expect(http.counted.filter(([name]) => name === 'subscriptionEnded')).toEqual(
      sockets.map(() => ['subscriptionEnded', 'shutdown']),
    )
    await expect(fetch(`${http.public.url}/xrpc/_health`)).rejects.toThrow()
  })

  it('ends with 1011 and an id when we are at fault, and tells nothing else', async () => {
    const subscribeLabels = (): never => {
      throw new Error('secret detail')
    }
    await using http = await openTestHttp({ subscribeLabels })
    const end = await endOf(http, 0)
    expect(end).toMatchObject({ error: 'InternalServerError', code: 1011 })
    const id = end.message.slice('Internal error '.length)
    expect(end.message).not.toContain('secret')
    expect(http.lines).toContainEqual(
      expect.objectContaining({
        msg: 'subscriber.fault',
        id,
        err: expect.objectContaining({ message: 'secret detail' }),
      }),
    )
  })

  it('is kept by pongs, and dropped without them', async () => {
    await using http = await openTestHttp({ subscribeLabels: quietLabels }, { pingIntervalMs: 100 })
    const lively = await openSocket(http)
    let pings = 0
    lively.on('ping', () => pings++)
    const dead = new WebSocket(wsUrl(http), { autoPong: false })
    const [code] = (await once(dead, 'close')) as [number]
    expect(code).toBe(1006)
    await until(() => pings >= 3)
    expect(lively.readyState).toBe(WebSocket.OPEN)
    expect(http.counted.filter(([name]) => name === 'subscriptionEnded')).toEqual([
      ['subscriptionEnded', 'no-pong'],
    ])
    lively.terminate()
  })

  it('pays no heed to what the subscriber sends, and ends when it sends too much', async () => {
    await using http = await openTestHttp({ subscribeLabels: quietLabels })
    const socket = await openSocket(http)
    socket.send('hello')
    socket.send(Buffer.from('bytes'))
    socket.ping()
    await once(socket, 'pong')
    expect(socket.readyState).toBe(WebSocket.OPEN)
    socket.send(Buffer.alloc(10_000))
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(1009)
  })

  it('stops reading the store once the subscriber has left', async () => {
    let signal: AbortSignal | undefined
    const subscribeLabels: typeof quietLabels = (cursor, given) => {
      signal = given
      return quietLabels(cursor, given)
    }
    await using http = await openTestHttp({ subscribeLabels })
    const socket = await openSocket(http)
    socket.terminate()
    await until(() => signal?.aborted === true)
    expect(http.counted.slice(0, 2)).toEqual([
      ['subscribersChanged', 1],
      ['subscriptionEnded', 'peer'],
    ])
  })

  it('does not keep other requests waiting during a long replay', async () => {
    const { services } = endlessLabels()
    await using http = await openTestHttp(services)
    const gone = new AbortController()
    const reading = (async () => {
      for await (const { seq } of subscribeLabels(http.public.url, { cursor: 0, signal: gone.signal }))
        if (seq > 1e6) return
    })()
    await until(() => http.counted.filter(([name]) => name === 'labelsSent').length > 3)
    const startedAt = performance.now()
    for (let i = 0; i < 5; i++) await (await fetch(`${http.public.url}/xrpc/_health`)).text()
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    gone.abort()
    await reading
  })
})

describe('the upgrade', () => {
  it('is refused with 503 when there are too many subscribers, and taken again when one has left', async () => {
    await using http = await openTestHttp({ subscribeLabels: quietLabels }, { maxSubscribers: 2 })
    const [first] = await Promise.all([openSocket(http), openSocket(http)])
    expect(await refusalOf(http, path)).toMatchObject({ status: 503, body: { error: 'NotEnoughResources' } })
    first?.terminate()
    await until(() =>
      http.counted.some(([name, count], index) => index > 2 && name === 'subscribersChanged' && count === 1),
    )
    await openSocket(http)
  })

  it('is refused with 404 on other paths, and the socket is closed', async () => {
    await using http = await openTestHttp()
    for (const other of ['/', '/xrpc/com.atproto.sync.subscribeRepos', `${path}x`, '//']) {
      expect(await refusalOf(http, other)).toMatchObject({ status: 404, body: { error: 'NotFound' } })
    }
    expect(await refusalOf(http, path, 'operator')).toMatchObject({ status: 404 })
  })

  it('is refused as ws refuses it when the handshake is not one', async () => {
    await using http = await openTestHttp({ subscribeLabels: quietLabels })
    const answer = await rawAnswer(
      http,
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('is asked for with 426 by a plain request, and an offer of h2c is passed over', async () => {
    await using http = await openTestHttp()
    const answer = await fetch(`${http.public.url}${path}?cursor=0`)
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket'])
    expect(await answer.json()).toEqual({
      error: 'UpgradeRequired',
      message: expect.stringContaining('proxy'),
    })
    const offer =
      'Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQ\r\n'
    expect(await rawAnswer(http, `GET /xrpc/_health HTTP/1.1\r\nHost: x\r\n${offer}\r\n`)).toMatch(
      /^HTTP\/1\.1 200 /,
    )
  })
})

/** Labels `from + 1` to `to`, each on a post of its own. */
async function append(database: Database, from: number, to: number): Promise<void> {
  const labels: SignedLabel[] = range(from + 1, to).map((number) => unsignedLabel({ uri: postUri(number) }))
  await database.transaction((stores) => stores.labels.append(labels))
}

/** Writes in transactions of different sizes, and lets everything else run in between. */
async function writeSteadily(database: Database, wake: () => void, from: number, to: number): Promise<void> {
  let at = from
  for (let size = 1; at < to; size = (size % 17) + 1) {
    const next = Math.min(to, at + size)
    await append(database, at, next)
    wake()
    at = next
    await new Promise(setImmediate)
  }
}

async function readUntil(
  http: TestHttp,
  cursor: number | undefined,
  lastSeq: number,
  onOpen: () => void = () => {},
): Promise<ReceivedLabels[]> {
  const received: ReceivedLabels[] = []
  const options = cursor === undefined ? { onOpen } : { cursor, onOpen }
  for await (const message of subscribeLabels(http.public.url, options)) {
    received.push(message)
    if (message.seq >= lastSeq) break
  }
  return received
}

async function endOf(http: TestHttp, cursor: number): Promise<SubscriptionEndedError> {
  const end: unknown = await Array.fromAsync(subscribeLabels(http.public.url, { cursor })).catch(
    (error: unknown) => error,
  )
  if (!(end instanceof SubscriptionEndedError)) throw new Error(`Expected an end but received ${String(end)}`)
  return end
}

/** Labels without end, made without a store. The first subscriber with cursor 0 is `0`, the rest are `other`. */
function endlessLabels() {
  const { bytes } = unsignedLabel({ uri: postUri(1) })
  const pages = new Map<string, number>()
  const signals = new Map<string, AbortSignal>()
  return {
    services: {
      subscribeLabels: async function* (cursor: number | undefined, signal: AbortSignal) {
        const name = pages.has('0') ? 'other' : String(cursor)
        signals.set(name, signal)
        for (let seq = 1; !signal.aborted; seq += 500) {
          pages.set(name, (pages.get(name) ?? 0) + 1)
          yield range(seq, seq + 499).map((number) => ({ seq: number, bytes }) as unknown as SequencedLabel)
        }
      },
    },
    pagesRead: (name: string) => pages.get(name) ?? 0,
    pageBytes: 500 * bytes.length,
    isEnded: (name: string) => signals.get(name)?.aborted === true,
  }
}

/** No labels at all, for as long as the subscriber stays. */
async function* quietLabels(
  _cursor: number | undefined,
  signal: AbortSignal,
): AsyncGenerator<SequencedLabel[]> {
  if (!signal.aborted) await once(signal, 'abort')
  yield* []
}

function wsUrl(http: TestHttp): string {
  return `${http.public.url.replace('http', 'ws')}${path}`
}

async function openSocket(http: TestHttp): Promise<WebSocket> {
  const socket = new WebSocket(wsUrl(http))
  await once(socket, 'open')
  return socket
}

async function refusalOf(http: TestHttp, target: string, listener: 'public' | 'operator' = 'public') {
  const handshake =
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
  const answer = await rawAnswer(http, `GET ${target} HTTP/1.1\r\nHost: x\r\n${handshake}\r\n`, listener)
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  return { status: Number(head.split(' ')[1]), body: JSON.parse(body) as unknown }
}

/** Everything that comes back until the server closes the connection. */
async function rawAnswer(
  http: TestHttp,
  request: string,
  listener: 'public' | 'operator' = 'public',
): Promise<string> {
  const socket = connect(http[listener].port, http[listener].host)
  socket.setEncoding('utf8').end(request)
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  return answer
}

async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + 15_000
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error('Expected it to come true within 15 s but it did not')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
}
