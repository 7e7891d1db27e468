import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { crc32 } from 'node:zlib'
import { cidForRawBytes } from '@atproto/lex-data'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { App } from '../src/app.ts'
import { outcomeOf } from '../src/model/scan.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { otherCid } from './support/builders.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type JetstreamStandIn, openJetstream } from './support/jetstream.ts'
import { openLoopbackServer } from './support/listen.ts'
import { bankPicture, createServiceFolder, openService, type ServiceFolder } from './support/service.ts'

/** What one account's host does when it is asked for a blob. */
type Case = {
  /** The bytes that the record's CID stands for. */
  readonly bytes: Uint8Array
  readonly mimeType?: string
  /** The declared size; the real one unless told. */
  readonly size?: number
  readonly answer: (request: IncomingMessage, response: ServerResponse, bytes: Uint8Array) => void
  /** How the job must end: an outcome, or the name of the error that it was given up with. */
  readonly ends: string
}

const send: Case['answer'] = (_, response, bytes) => void response.end(bytes)
const dripEndlessly: Case['answer'] = (_, response) => {
  const timer = setInterval(() => response.write(Buffer.alloc(65_536)), 5)
  response.on('close', () => clearInterval(timer))
}

async function cases(elsewhere: string): Promise<Record<string, Case>> {
  const picture = await recompress(await drawLandscape(7), 85)
  const frames = [
    await drawLandscape(8, { width: 200, height: 150 }),
    await drawLandscape(9, { width: 200, height: 150 }),
  ]
  const gif = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer()
  const hugeHeader = Buffer.from(await drawLandscape(1, { width: 64, height: 64 }))
  hugeHeader.writeUInt32BE(30_000, 16)
  hugeHeader.writeUInt32BE(30_000, 20)
  hugeHeader.writeUInt32BE(crc32(hugeHeader.subarray(12, 29)), 29)
  const bomb = await sharp({ create: { width: 12_000, height: 12_000, channels: 3, background: 'black' } })
    .png()
    .toBuffer()
  const svg =
    '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/hostname">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>'
  return {
    'is honest': { bytes: picture, answer: send, ends: 'hashed' },
    'calls a picture a movie type of its own': {
      bytes: picture.subarray(0),
      mimeType: 'image/x-unknown',
      answer: send,
      ends: 'hashed',
    },
    'understates the size in the record': {
      bytes: await recompress(picture, 84),
      size: 10,
      answer: send,
      ends: 'hashed',
    },
    'announces fewer bytes than it sends': {
      bytes: await recompress(picture, 83),
      answer: (_, response, bytes) =>
        void response.writeHead(200, { 'content-length': 1000 }).end(bytes.subarray(0, 1000)),
      ends: 'unavailable:cid-mismatch',
    },
    'announces more bytes than the limit': {
      bytes: await recompress(picture, 82),
      answer: (_, response) => response.writeHead(200, { 'content-length': 1e12 }).flushHeaders(),
      ends: 'unavailable:too-large',
    },
    'streams for ever': {
      bytes: await recompress(picture, 81),
      answer: dripEndlessly,
      ends: 'unavailable:too-large',
    },
    'sends other bytes than the CID': {
      bytes: await recompress(picture, 80),
      answer: (_, response) => void response.end('something else'),
      ends: 'unavailable:cid-mismatch',
    },
    'redirects to this machine': {
      bytes: await recompress(picture, 79),
      answer: (_, response) => void response.writeHead(302, { location: `${elsewhere}/secret` }).end(),
      ends: 'unavailable:refused-address',
    },
    'redirects for ever': {
      bytes: await recompress(picture, 78),
      answer: (request, response) => void response.writeHead(302, { location: request.url }).end(),
      ends: 'unavailable:too-many-redirects',
    },
    'answers 500': {
      bytes: await recompress(picture, 77),
      answer: (_, response) => void response.writeHead(500).end(),
      ends: 'UpstreamError',
    },
    hangs: { bytes: await recompress(picture, 76), answer: () => {}, ends: 'NetworkError' },
    'says that it has no such blob': {
      bytes: await recompress(picture, 75),
      answer: (_, response) =>
        void response
          .writeHead(400, { 'content-type': 'application/json' })
          .end('{"error":"BlobNotFound","message":"Blob not found"}'),
      ends: 'unavailable:not-found',
    },
    'has a picture that is cut off': {
      bytes: picture.subarray(0, Math.floor(picture.length / 2)),
      answer: send,
      ends: 'hashed',
    },
    'has a picture of one pixel': {
      bytes: await drawLandscape(2, { width: 1, height: 1 }),
      answer: send,
      ends: 'hashed',
    },
    'has a header of 30,000 by 30,000 pixels': {
      bytes: hugeHeader,
      answer: send,
      ends: 'unscannable:too-many-pixels',
    },
    'has a PNG that unpacks to half a gigabyte': {
      bytes: bomb,
      answer: send,
      ends: 'unscannable:too-many-pixels',
    },
    'has an SVG that reads a file': {
      bytes: Buffer.from(svg),
      mimeType: 'image/jpeg',
      answer: send,
      ends: 'unscannable:format-refused',
    },
    'has an animation': { bytes: gif, answer: send, ends: 'hashed' },
    'has text for an image': {
      bytes: Buffer.from('no image at all'),
      answer: send,
      ends: 'unscannable:unsupported-format',
    },
    'has nothing': { bytes: new Uint8Array(), answer: send, ends: 'unscannable:empty' },
  }
}

describe('a host that', () => {
  const stack = new AsyncDisposableStack()
  const ends = new Map<string, string>()
  let all: Record<string, Case>
  let jetstream: JetstreamStandIn
  let folder: ServiceFolder
  let app: App
  let secretsAsked = 0
  const didOf = (index: number): string => `did:plc:${String.fromCharCode(97 + index).repeat(24)}`

  beforeAll(async () => {
    const elsewhere = await listen((_, response) => {
      secretsAsked += 1
      response.end()
    })
    all = await cases(elsewhere)
    const host: string = await listen((request, response) => answer(request, response))
    /** The PLC directory and every account's PDS at once. */
    function answer(request: IncomingMessage, response: ServerResponse): void {
      const url = new URL(request.url ?? '', host)
      if (url.pathname.startsWith('/did')) {
        const id = decodeURIComponent(url.pathname.slice(1))
        const service = [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: host }]
        response.setHeader('content-type', 'application/json').end(JSON.stringify({ id, service }))
        return
      }
      const index = Object.keys(all).findIndex((_, i) => didOf(i) === url.searchParams.get('did'))
      const found = Object.values(all)[index] as Case
      found.answer(request, response, found.bytes)
    }

    jetstream = stack.use(await openJetstream())
    folder = stack.use(
      createServiceFolder(
        { jetstreamUrl: jetstream.url, plcUrl: host, pdsUrl: host },
        {
          HARRIER_FETCH_TIMEOUT_MS: '1500',
          HARRIER_MAX_BLOB_BYTES: '3000000',
          HARRIER_MAX_ATTEMPTS: '3',
          HARRIER_RETRY_BASE_MS: '20',
        },
      ),
    )
    const nameOf = (did: string): string => Object.keys(all).find((_, i) => didOf(i) === did) ?? did
    app = stack.use(
      await openService(folder, {
        observer: {
          done: ({ image }, { scan }) => void ends.set(nameOf(image.did), outcomeOf(scan)),
          failed: ({ image }, error, willRetry) =>
            willRetry || void ends.set(nameOf(image.did), (error as Error).name),
        },
      }),
    )
    await vi.waitFor(() => expect(jetstream.connections).toBe(1), { timeout: 15_000 })
    for (const [i, { bytes, mimeType, size }] of Object.values(all).entries()) {
      await publishPost(didOf(i), bytes, mimeType ?? 'image/jpeg', size ?? bytes.length)
    }
    await vi.waitFor(() => expect(ends.size).toBe(Object.keys(all).length), { timeout: 55_000 })
  })
  afterAll(() => stack.disposeAsync())

  async function listen(answer: RequestListener): Promise<string> {
    return stack.use(await openLoopbackServer(answer)).origin
  }

  async function publishPost(did: string, bytes: Uint8Array, mimeType: string, size: number): Promise<void> {
    const ref = { $link: (await cidForRawBytes(bytes)).toString() }
    const image = { $type: 'blob', ref, mimeType, size }
    jetstream.publish({
      did,
      kind: 'commit',
      commit: {
        rev: '3l3qo2vutsw2b',
        operation: 'create',
        collection: 'app.bsky.feed.post',
        rkey: `3l3qo2vuts${bytes.length
          .toString(36)
          .padStart(3, 'a')
          .slice(-3)
          .replaceAll(/[0189]/g, 'z')}`,
        cid: otherCid,
        record: {
          $type: 'app.bsky.feed.post',
          embed: { $type: 'app.bsky.embed.images', images: [{ alt: '', image }] },
        },
      },
    })
  }

  it('does anything at all gets the outcome that is named for it', () => {
    expect(Object.fromEntries(ends)).toEqual(
      Object.fromEntries(Object.entries(all).map(([name, { ends: end }]) => [name, end])),
    )
    expect(ends.size).toBe(20)
  })

  it('redirects to this machine is not followed there', () => {
    expect(secretsAsked).toBe(0)
  })

  it('kept an image from us leaves a dead job for a person to see, one that is honestly without it does not', async () => {
    await using db = await openSqlite({ path: `${folder.path}/harrier.db` })
    const dead = Object.values(all).filter(({ ends: end }) =>
      /mismatch|too-large|refused-address|redirects|Error/.test(end),
    )
    expect(await db.jobs.counts()).toMatchObject({ pending: 0, dead: dead.length, done: 20 - dead.length })
  })

  it('did its worst leaves a service that finds the next known image', async () => {
    const known = await recompress(await drawLandscape(20), 85)
    await bankPicture(folder, known)
    await expect
      .poll(async () => (await (await fetch(`${app.operatorUrl}/metrics`)).text()).includes('bank_hashes 3'))
      .toBe(true)
    const did = didOf(0)
    all = { 'is honest': { bytes: await recompress(known, 60), answer: send, ends: 'hashed' } }
    ends.clear()
    await publishPost(did, all['is honest']?.bytes as Uint8Array, 'image/jpeg', 1)
    await expect.poll(() => ends.get('is honest'), { timeout: 10_000 }).toBe('hashed')
    const answer = await fetch(
      `${app.publicUrl}/xrpc/com.atproto.label.queryLabels?uriPatterns=at://${did}/*`,
    )
    expect(((await answer.json()) as { labels: unknown[] }).labels).toHaveLength(1)
  })
})
