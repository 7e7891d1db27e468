import { createHash } from 'node:crypto'
import type { RequestListener, ServerResponse } from 'node:http'
import { cidForRawHash } from '@atproto/lex-data'
import { afterEach, describe, expect, it } from 'vitest'
import { openLoopbackServer } from '../../test/support/listen.ts'
import { createSafeFetch } from '../lib/safe-fetch.ts'
import type { Cid, Did } from '../model/ids.ts'
import { createFetchBlob, type FetchBlob } from './fetch-blob.ts'

const never = new AbortController().signal
const did = 'did:plc:abcdefghijklmnopqrstuvwx' as Did
const picture = Buffer.alloc(200_000, 'picture')
const pictureCid = cidOf(picture)
const limits = { maxBlobBytes: 300_000, timeoutMs: 400, idleTimeoutMs: 120, maxPerHost: 2 }
const closers: (() => void)[] = []

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** Starts a host that answers `getBlob` as told, and returns its origin. */
async function listen(answer: RequestListener): Promise<string> {
  const server = await openLoopbackServer(answer)
  closers.push(() => server[Symbol.dispose]())
  return server.origin
}

async function fetchFrom(answer: RequestListener, cid: Cid = pictureCid): ReturnType<FetchBlob> {
  const pds = await listen(answer)
  const fetch = createSafeFetch({
    timeoutMs: 5_000,
    maxRedirects: 3,
    allowedPrivateOrigins: [pds],
    userAgent: 'test',
  })
  return await createFetchBlob(fetch, limits)({ pds, did, cid }, never)
}

function refuse(status: number, body: unknown, headers: Record<string, string> = {}): RequestListener {
  return (_, response) => response.writeHead(status, headers).end(JSON.stringify(body))
}

describe('createFetchBlob', () => {
  it('asks for the blob by account and CID and returns its verified bytes', async () => {
    const asked: (string | undefined)[] = []
    const blob = await fetchFrom((request, response) => {
      asked.push(request.url)
      response.end(picture)
    })
    expect(asked).toEqual([`/xrpc/com.atproto.sync.getBlob?did=${encodeURIComponent(did)}&cid=${pictureCid}`])
    expect(blob.kind === 'bytes' && sha256(blob.bytes)).toBe(sha256(picture))
  })

  it('returns an empty blob when its CID is that of no bytes', async () => {
    const blob = await fetchFrom((_, response) => response.end(), cidOf(Buffer.alloc(0)))
    expect(blob).toMatchObject({ kind: 'bytes', bytes: { length: 0 } })
  })

  it('takes a blob of exactly the limit and refuses one byte more', async () => {
    const exact = Buffer.alloc(limits.maxBlobBytes, 1)
    const more = Buffer.alloc(limits.maxBlobBytes + 1, 1)
    expect((await fetchFrom((_, response) => response.end(exact), cidOf(exact))).kind).toBe('bytes')
    const answer = await fetchFrom((_, response) => endInPieces(response, more), cidOf(more))
    expect(answer).toEqual({ kind: 'unavailable', reason: 'too-large' })
  })

  it.each<[string, RequestListener, string]>([
    ['other bytes than those of the CID', (_, response) => response.end('other'), 'cid-mismatch'],
    ['a length over the limit, announced', refuseByLength, 'too-large'],
    ['an endless stream', endless, 'too-large'],
    ['no such blob', refuse(400, { error: 'BlobNotFound', message: 'Blob not found' }), 'not-found'],
    [
      'no such blob, as older hosts say it',
      refuse(400, { error: 'InvalidRequest', message: 'Blob not found' }),
      'not-found',
    ],
    ['no such account', refuse(400, { error: 'RepoNotFound', message: 'Could not find repo' }), 'not-found'],
    ['404', refuse(404, 'nothing here'), 'not-found'],
    ['a takedown', refuse(400, { error: 'RepoTakendown', message: 'x' }), 'account-inactive'],
    ['a deactivation', refuse(403, { error: 'RepoDeactivated', message: 'x' }), 'account-inactive'],
    ['a suspension', refuse(404, { error: 'RepoSuspended', message: 'x' }), 'account-inactive'],
    ['another 400', refuse(400, { error: 'InvalidRequest', message: 'Input must have cid' }), 'bad-response'],
    ['a demand for credentials', refuse(401, { error: 'AuthMissing' }), 'bad-response'],
    ['a redirect without an address', refuse(302, {}), 'bad-response'],
    ['a refusal that never ends', (_, response) => endless(_, response.writeHead(403)), 'bad-response'],
  ])('calls %s by its name', async (_, answer, reason) => {
    expect(await fetchFrom(answer)).toEqual({ kind: 'unavailable', reason })
  })

  it.each<[string, RequestListener, object]>([
    ['500', refuse(500, {}), { name: 'UpstreamError', kind: 'upstream', details: { status: 500 } }],
    ['503', refuse(503, {}), { name: 'UpstreamError', kind: 'upstream' }],
    [
      '429',
      refuse(429, {}, { 'retry-after': '7' }),
      { kind: 'rate-limited', details: { retryAfterMs: 7_000 } },
    ],
    [
      '429 for a year',
      refuse(429, {}, { 'retry-after': '31536000' }),
      { details: { retryAfterMs: 900_000 } },
    ],
    [
      '429 without a time',
      refuse(429, {}, { 'retry-after': 'soon' }),
      { details: { retryAfterMs: undefined } },
    ],
    ['silence', () => {}, { kind: 'timeout' }],
    ['silence after the headers', (_, response) => response.write('x'), { kind: 'timeout' }],
    ['a byte now and then for ever', drip, { kind: 'timeout' }],
    ['a closed connection', (request) => request.socket.destroy(), { kind: 'upstream' }],
    ['fewer bytes than announced', breakOff, { kind: 'upstream' }],
  ])('leaves %s to be tried again', async (_, answer, error) => {
    const startedAt = performance.now()
    const seen: unknown = await fetchFrom(answer).catch((error: unknown) => error)
    expect(seen).toMatchObject(error)
    expect((seen as { shouldRetry(): boolean }).shouldRetry()).toBe(true)
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })

  it('does not follow a redirect to another service of the same machine', async () => {
    let reached = 0
    const hidden = await listen((_, response) => {
      reached++
      response.end(picture)
    })
    const toHidden: RequestListener = (_, response) => response.writeHead(302, { location: hidden }).end()
    await expect(fetchFrom(toHidden)).rejects.toMatchObject({ name: 'RefusedAddressError' })
    expect(reached).toBe(0)
  })

  it('leaves a redirect loop', async () => {
    let hops = 0
    const loop: RequestListener = (request, response) => {
      hops++
      response.writeHead(302, { location: request.url }).end()
    }
    await expect(fetchFrom(loop)).rejects.toMatchObject({ name: 'TooManyRedirectsError' })
    expect(hops).toBe(4)
  })

  it('closes the connection of a download that it gives up', async () => {
    const closed = Promise.withResolvers<void>()
    await fetchFrom((request, response) => {
      request.socket.on('close', () => closed.resolve())
      endless(request, response)
    })
    await closed.promise
  })

  it('asks one host for no more than its share at a time, and leaves the queue when the caller does', async () => {
    let running = 0
    let most = 0
    let served = 0
    const pds = await listen((_, response) => {
      most = Math.max(most, ++running)
      setTimeout(() => {
        running--
        served++
        response.end(picture)
      }, 15)
    })
    const fetch = createSafeFetch({
      timeoutMs: 5_000,
      maxRedirects: 0,
      allowedPrivateOrigins: [pds],
      userAgent: 'test',
    })
    const fetchBlob = createFetchBlob(fetch, limits)
    const stop = new AbortController()
    const all = Array.from({ length: 8 }, async () => await fetchBlob({ pds, did, cid: pictureCid }, never))
    const left = fetchBlob({ pds, did, cid: pictureCid }, stop.signal)
    stop.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    expect((await Promise.all(all)).filter((blob) => blob.kind === 'bytes')).toHaveLength(8)
    expect({ most, served }).toEqual({ most: 2, served: 8 })
  })
})

function cidOf(bytes: Uint8Array): Cid {
  return cidForRawHash(createHash('sha256').update(bytes).digest()).toString() as Cid
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function refuseByLength(_: unknown, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': limits.maxBlobBytes + 1 }).write('x')
}

function endInPieces(response: ServerResponse, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; at += 50_000) response.write(bytes.subarray(at, at + 50_000))
  response.end()
}

function endless(_: unknown, response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(picture));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}

function drip(_: unknown, response: ServerResponse): void {
  const timer = setInterval(() => response.write('x'), 20)
  response.once('close', () => clearInterval(timer))
}

function breakOff(_: unknown, response: ServerResponse): void {
  response
    .writeHead(200, { 'content-length': picture.length })
    .write(picture.subarray(0, 1000), () => response.destroy())
}
