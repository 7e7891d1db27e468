/*
 * Long because each test is a story of one connection: what the stand-in does, what the source must do, and what was
 * asked of the host next. The stories share the stand-in's set-up and nothing else.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, expect, it, vi } from 'vitest'
import { type JetstreamInput, type JetstreamStandIn, openJetstream } from '../../test/support/jetstream.ts'
import type { StreamEvent } from '../model/stream-event.ts'
import { EventSourceClosedError, type JetstreamOptions, openJetstreamSource } from './jetstream.ts'

const did = 'did:plc:44ybard66vv44zksje25o7dz'
const cid = 'bafyreibqzwyljauexe3j6stwnh6t2g2lgxbywxpyzi62w7oja6lashcv34'
const startUs = 1_790_000_000_000_000
const { signal } = new AbortController()

describe('openJetstreamSource', () => {
  it('delivers events in stream order, beginning with what is new', async () => {
    await using host = await openJetstream()
    host.publish(post(0))
    await using reader = openReader([host])
    await reader.connected(host)
    for (let index = 1; index <= 3; index++) host.publish(post(index))
    host.publish({ kind: 'account', did, account: { did, active: false } })
    expect(await reader.take(4)).toEqual(['1', '2', '3', 'account'])
    expect(reader.counted('received commit')).toBe(3)
    expect(host.subscriptions[0]).toMatchObject({ cursor: null, userAgent: 'harrier-test' })
  })

  it('resumes at the durable cursor, not at what was received, and leaves out what comes again', async () => {
    await using host = await openJetstream()
    await using reader = openReader([host])
    await reader.connected(host)
    const [, second] = [1, 2, 3].map((index) => host.publish(post(index)))
    const events = await reader.takeEvents(3)
    reader.source.commit(events[1]?.cursor ?? expect.fail('no event'))
    for (const index of [4, 5]) host.publish(post(index))
    expect(await reader.take(1)).toEqual(['4'])
    await vi.waitFor(() => expect(reader.counted('received commit')).toBe(5))
    host.dropConnections()
    host.publish(post(6))
    expect(await reader.take(2)).toEqual(['5', '6'])
    expect(host.subscriptions[1]?.cursor).toBe(String(second?.time_us))
    expect(reader.counted('repeated')).toBe(4)
  })

  it('resumes at the first event it received while nothing is durable yet', async () => {
    await using host = await openJetstream()
    await using reader = openReader([host])
    await reader.connected(host)
    const first = host.publish(post(1))
    await vi.waitFor(() => expect(reader.counted('received commit')).toBe(1))
    host.dropConnections()
    host.publish(post(2))
    expect(await reader.take(2)).toEqual(['1', '2'])
    expect(host.subscriptions[1]?.cursor).toBe(String(first.time_us))
  })

  it.each([1, 2] as const)('begins with the oldest event for cursor 0 (Jetstream v%i)', async (version) => {
    await using host = await openJetstream({ version })
    host.publish(post(1))
    await using reader = openReader([host], { start: { host: host.url, timeUs: 0, seq: undefined } })
    expect(await reader.take(1)).toEqual(['1'])
    expect(host.subscriptions[0]?.cursor).toBe('0')
  })

  it('resumes by number on hosts that number their events, over restarts too', async () => {
    await using host = await openJetstream({ version: 2 })
    for (let index = 1; index <= 3; index++) host.publish(post(index))
    await using reader = openReader([host], { start: { host: host.url, timeUs: startUs + 2, seq: 2 } })
    const [third] = await reader.takeEvents(1)
    expect(third?.cursor).toEqual({ host: host.url, timeUs: startUs + 3, seq: 3 })
    expect(reader.counted('repeated')).toBe(1)
    reader.source.commit(third?.cursor ?? expect.fail('no event'))
    host.dropConnections()
    host.publish(post(4))
    expect(await reader.take(1)).toEqual(['4'])
    expect(host.subscriptions.map(({ cursor }) => cursor)).toEqual(['2', '3'])
  })

  it('stops reading when its reader is slow, and loses nothing', async () => {
    await using host = await openJetstream()
    const total = 8_000
    for (let index = 1; index <= total; index++) host.publish(post(index, 'x'.repeat(4_000)))
    const start = { host: host.url, timeUs: 0, seq: undefined }
    await using reader = openReader([host], { maxQueuedEvents: 100, start })
    const sentFrames = await settled(() => host.sentFrames)
    expect(sentFrames).toBeLessThan(total)
    // What one read of the socket brought (64 KiB) still goes in.
    expect(reader.counted('received commit')).toBeLessThanOrEqual(100 + 64)
    expect(await reader.take(total)).toEqual(Array.from({ length: total }, (_, index) => String(index + 1)))
    expect(host.subscriptions).toHaveLength(1)
  })

  it('does not take a pause of its own for a silent host', async () => {
    await using host = await openJetstream()
    for (const index of [1, 2, 3]) host.publish(post(index))
    const start = { host: host.url, timeUs: 0, seq: undefined }
    await using reader = openReader([host], { maxQueuedEvents: 1, stallTimeoutMs: 300, start })
    await reader.connected(host)
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(reader.counted(`disconnected ${host.url} stalled`)).toBe(0)
    expect(await reader.take(3)).toEqual(['1', '2', '3'])
    await vi.waitFor(() => expect(reader.counted(`disconnected ${host.url} stalled`)).toBe(1))
  })

  it('gives up a connection that brings nothing and goes to the next host, a little further back', async () => {
    await using one = await openJetstream({ version: 2 })
    await using two = await openJetstream()
    await using reader = openReader([one, two], { stallTimeoutMs: 200 })
    await reader.connected(one)
    for (const host of [one, two]) for (let index = 1; index <= 3; index++) host.publish(post(index))
    const events = await reader.takeEvents(3)
    reader.source.commit(events[2]?.cursor ?? expect.fail('no event'))
    one.stall()
    for (const host of [one, two]) host.publish(post(4))
    expect(await reader.take(1)).toEqual(['4'])
    expect(two.subscriptions[0]?.cursor).toBe(String(startUs + 3 - 2_000))
    expect(reader.counted('repeated')).toBe(3)
    expect(reader.counted(`disconnected ${one.url} stalled`)).toBe(1)
    await vi.waitFor(() => expect(one.connections).toBe(0))
  })

  it('goes on to the next host when one refuses, and comes round again', async () => {
    await using one = await openJetstream({ refuseWith: 503 })
    await using two = await openJetstream()
    await using reader = openReader([one, two])
    await reader.connected(two)
    two.publish(post(1))
    expect(await reader.take(1)).toEqual(['1'])
    expect(reader.counted(`disconnected ${one.url} failed`)).toBe(1)
    await two[Symbol.asyncDispose]()
    await vi.waitFor(() => expect(reader.counted(`disconnected ${one.url} failed`)).toBeGreaterThan(1))
  })

  it('begins with the host that the cursor came from', async () => {
    await using one = await openJetstream()
    await using two = await openJetstream({ version: 2 })
    await using reader = openReader([one, two], { start: { host: two.url, timeUs: startUs, seq: 9 } })
    await reader.connected(two)
    expect(two.subscriptions[0]?.cursor).toBe('9')
    expect(one.subscriptions).toHaveLength(0)
  })

  it('counts every frame that is no event by its reason, those the transport drops silently too', async () => {
    await using host = await openJetstream()
    await using reader = openReader([host])
    await reader.connected(host)
    const { commit, ...rest } = { ...post(1), time_us: startUs }
    const raw = (value: object): void => host.publishRaw(JSON.stringify(value))
    host.publishRaw(new Uint8Array([1, 2, 3]))
    host.publishRaw('{"kind":')
    raw([])
    raw({ ...rest, kind: 'sync' })
    raw({ ...rest, commit: { ...commit, rev: '' } })
    raw({ ...rest, commit: { ...commit, record: undefined } })
    raw({ ...rest, commit: { ...commit, cid: 'nonsense' } })
    raw({ ...rest, commit: { ...commit, collection: 'account' } })
    raw({ ...rest, commit: { ...commit, collection: '__proto__' } })
    raw({ ...rest, commit, did: 'alice.example' })
    host.publishRaw('null')
    host.publish(post(2))
    expect(await reader.take(1)).toEqual(['2'])
    const reasons = [
      'frame-not-text',
      'frame-not-json',
      'unknown-kind',
      'bad-record-cid',
      'bad-record-key',
      'bad-did',
      'malformed-event',
    ]
    expect(reasons.map((reason) => reader.counted(`dropped ${reason}`))).toEqual([1, 1, 1, 1, 2, 1, 4])
    expect(reader.counted('received commit')).toBe(1)
  })

  it('delivers a sound event that the transport drops', async () => {
    await using host = await openJetstream()
    await using reader = openReader([host])
    await reader.connected(host)
    host.publishRaw(JSON.stringify({ kind: 'account', did, time_us: startUs, account: { active: true } }))
    expect(await reader.take(1)).toEqual(['account'])
  })

  it('asks for no frame beyond the limit, and leaves a host that sends one', async () => {
    await using one = await openJetstream()
    await using two = await openJetstream()
    await using reader = openReader([one, two], { maxFrameBytes: 2_000 })
    await reader.connected(one)
    one.publish(post(1, 'x'.repeat(3_000)))
    one.publish(post(2))
    expect(await reader.take(1)).toEqual(['2'])
    one.publishRaw(JSON.stringify({ ...post(3, 'x'.repeat(3_000)), time_us: startUs + 3 }))
    await reader.connected(two)
    expect(reader.counted('dropped frame-too-large')).toBe(1)
    expect(reader.counted(`disconnected ${one.url} frame-too-large`)).toBe(1)
    two.publish(post(4))
    expect(await reader.take(1)).toEqual(['4'])
  })

  it('waits longer after each connection that brings nothing', async () => {
    await using host = await openJetstream({ refuseWith: 500 })
    await using reader = openReader([host], { reconnectMinMs: 4, reconnectMaxMs: 16 })
    await vi.waitFor(() => expect(reader.waitsMs.length).toBeGreaterThanOrEqual(5))
    const bounds = [4, 8, 16, 16, 16]
    for (const [index, bound] of bounds.entries()) {
      expect(reader.waitsMs[index]).toBeGreaterThanOrEqual(bound / 2)
      expect(reader.waitsMs[index]).toBeLessThanOrEqual(bound)
    }
  })

  it('leaves nothing behind that keeps a process alive, whatever it was doing', async () => {
    await using open = await openJetstream()
    await using refusing = await openJetstream({ refuseWith: 503 })
    await using mute = await openMute()
    open.publish(post(1))
    open.publish(post(2))
    const fromStart = { host: open.url, timeUs: 0, seq: undefined }
    const states: readonly JetstreamOptions[] = [
      { ...defaults, hosts: [open.url] },
      { ...defaults, hosts: [open.url], start: fromStart, maxQueuedEvents: 1 },
      { ...defaults, hosts: [mute.url] },
      { ...defaults, hosts: [refusing.url], reconnectMinMs: 60_000, reconnectMaxMs: 60_000 },
    ]
    const child = spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      childSource,
      JSON.stringify(states),
    ])
    const ended = once(child, 'exit')
    await once(child.stdout, 'data')
    const disposedAt = performance.now()
    expect(await ended).toEqual([0, null])
    expect(performance.now() - disposedAt).toBeLessThan(1_000)
    expect([open.subscriptions.length, open.connections, mute.connections]).toEqual([2, 0, 1])
  })

  it('tells a reader that still waits that it is closed', async () => {
    await using host = await openJetstream()
    const reader = openReader([host])
    const taken = reader.takeEvents(1)
    await Promise.all([reader[Symbol.asyncDispose](), expect(taken).rejects.toThrow(EventSourceClosedError)])
  })
})

/** A source with what it counted, by words such as `dropped bad-did`. */
function openReader(hosts: readonly { readonly url: string }[], options: Partial<JetstreamOptions> = {}) {
  const counts = new Map<string, number>()
  const waitsMs: number[] = []
  const count = (...words: readonly string[]): void => {
    counts.set(words.join(' '), counted(words.join(' ')) + 1)
  }
  const counted = (words: string): number => counts.get(words) ?? 0
  const source = openJetstreamSource(
    {
      logger: {
        info() {},
        debug() {},
        warn: (fields: unknown) => void waitsMs.push((fields as { waitMs: number }).waitMs),
      },
      metrics: {
        received: (kind) => count('received', kind),
        repeated: () => count('repeated'),
        dropped: (reason) => count('dropped', reason),
        connected: (host) => count('connected', host),
        disconnected: (host, reason) => count('disconnected', host, reason),
      },
    },
    { ...defaults, hosts: hosts.map(({ url }) => url), ...options },
  )
  const takeEvents = async (total: number): Promise<StreamEvent[]> => {
    const events: StreamEvent[] = []
    while (events.length < total)
      events.push(...(await source.take({ maxEvents: total - events.length, lingerMs: 0 }, signal)))
    return events
  }
  return {
    source,
    counted,
    waitsMs,
    takeEvents,
    /** The record keys of commits, the kinds of other events. */
    take: async (total: number) =>
      (await takeEvents(total)).map((event) =>
        event.kind === 'commit' ? event.uri.split('/').at(-1) : event.kind,
      ),
    connected: (host: { readonly url: string } & Partial<JetstreamStandIn>) =>
      vi.waitFor(() => expect(counted(`connected ${host.url}`)).toBeGreaterThan(0)),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  }
}

const defaults: JetstreamOptions = {
  hosts: [],
  wantedCollections: [],
  start: undefined,
  maxFrameBytes: 1_000_000,
  maxQueuedEvents: 1_000,
  maxQueuedBytes: 100_000_000,
  stallTimeoutMs: 10_000,
  rewindMs: 2,
  reconnectMinMs: 4,
  reconnectMaxMs: 20,
  userAgent: 'harrier-test',
}

function post(index: number, text = '') {
  const place = { collection: 'app.bsky.feed.post', rkey: String(index), rev: `rev${index}` }
  return {
    kind: 'commit',
    did,
    time_us: startUs + index,
    commit: { ...place, operation: 'create', cid, record: { text } },
  } satisfies JetstreamInput
}

/** The value once it has been the same for a tenth of a second. */
async function settled(read: () => number): Promise<number> {
  let last = read()
  let since = performance.now()
  await vi.waitUntil(
    () => {
      if (read() !== last) [last, since] = [read(), performance.now()]
      return performance.now() - since > 100
    },
    { timeout: 10_000, interval: 5 },
  )
  return last
}

/** A server that accepts connections and never answers. */
async function openMute(): Promise<{ readonly url: string; readonly connections: number } & AsyncDisposable> {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get connections() {
      return sockets.length
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Opens a source in each state, and one that has only just started; disposes of all; says so; does not exit. */
const childSource = `
  import { openJetstreamSource } from ${JSON.stringify(new URL('jetstream.ts', import.meta.url).href)}
  const nothing = () => {}
  const deps = {
    logger: { info: nothing, warn: nothing, debug: nothing },
    metrics: { received: nothing, repeated: nothing, dropped: nothing, connected: nothing, disconnected: nothing },
  }
  const states = JSON.parse(process.argv[1])
  const sources = states.map((options) => openJetstreamSource(deps, options))
  await new Promise((resolve) => setTimeout(resolve, 300))
  sources.push(openJetstreamSource(deps, states[0]))
  await Promise.all(sources.map((source) => source[Symbol.asyncDispose]()))
  process.stdout.write('disposed')
`
