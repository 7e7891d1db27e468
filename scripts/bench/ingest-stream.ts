/**
 * The stream of the ingest benchmark, in a process of its own: a Jetstream stand-in with a history of `argv[2]` events
 * in about the network's mix. Tells its parent the URL once all of it can be replayed, and ends when the parent does.
 */
import { createHash } from 'node:crypto'
import { type JetstreamCommit, type JetstreamInput, openJetstream } from '../../test/support/jetstream.ts'

type Make = (index: number) => JetstreamInput

const base32 = 'abcdefghijklmnopqrstuvwxyz234567'
const postedAt = '2026-11-22T10:00:00.000Z'

/** Parts of a hundred. */
const mix: readonly (readonly [share: number, make: Make])[] = [
  [44, (n) => create(n, 'app.bsky.feed.like', { subject: subjectOf(n), createdAt: postedAt })],
  [12, (n) => create(n, 'app.bsky.graph.follow', { subject: didOf(n + 1), createdAt: postedAt })],
  [9, (n) => create(n, 'app.bsky.feed.repost', { subject: subjectOf(n), createdAt: postedAt })],
  [11, (n) => create(n, 'app.bsky.feed.post', postOf(n, undefined))],
  [8, (n) => create(n, 'app.bsky.feed.post', postOf(n, imagesOf(n)))],
  [6, (n) => remove(n, 'app.bsky.feed.like')],
  [4, (n) => remove(n, 'app.bsky.graph.follow')],
  [2, (n) => remove(n, 'app.bsky.feed.post')],
  [2, (n) => update(n, 'app.bsky.actor.profile', { displayName: `Account ${n}`, avatar: blobOf(n, 0) })],
  [1, (n) => ({ kind: 'identity', did: didOf(n), identity: { did: didOf(n), handle: `a${n}.example` } })],
  [1, (n) => ({ kind: 'account', did: didOf(n), account: { did: didOf(n), active: n % 2 === 0 } })],
]

const wheel: readonly Make[] = mix.flatMap(([share, make]) => Array.from({ length: share }, () => make))

const standIn = await openJetstream({ version: 2 })
const startUs = Date.now() * 1000
for (let index = 0; index < Number(process.argv[2]); index++) {
  // 37 and 100 have no common factor: every kind gets its share, spread over the stream.
  const make = wheel[(index * 37) % wheel.length]
  if (make) standIn.publish({ ...make(index), time_us: startUs + index })
}
process.send?.(standIn.url)
process.once('disconnect', () => void standIn[Symbol.asyncDispose]())

function create(n: number, collection: string, record: object): JetstreamInput {
  return commit(n, {
    ...placeOf(n, collection),
    operation: 'create',
    cid: recordCidOf(n),
    record: { $type: collection, ...record },
  })
}

function update(n: number, collection: string, record: object): JetstreamInput {
  const place = { ...placeOf(n, collection), rkey: 'self', operation: 'update' } as const
  return commit(n, { ...place, cid: recordCidOf(n), record: { $type: collection, ...record } })
}

function remove(n: number, collection: string): JetstreamInput {
  return commit(n, { ...placeOf(Math.max(0, n - 500), collection), operation: 'delete' })
}

function commit(n: number, change: JetstreamCommit): JetstreamInput {
  return { kind: 'commit', did: didOf(n), commit: change }
}

function placeOf(n: number, collection: string): Pick<JetstreamCommit, 'rev' | 'collection' | 'rkey'> {
  const tid = `3m${encode(createHash('sha256').update(`tid ${n}`).digest()).slice(0, 11)}`
  return { rev: tid, collection, rkey: tid }
}

function postOf(n: number, embed: object | undefined): object {
  const text = `Post ${n}: about as many words as people write when they have something to say on an ordinary day`
  return { text, langs: ['en'], createdAt: postedAt, ...(embed ? { embed } : {}) }
}

function imagesOf(n: number): object {
  const images = Array.from({ length: 1 + (n % 3) }, (_, index) => ({
    alt: 'What the picture shows',
    aspectRatio: { width: 1600, height: 1200 },
    image: blobOf(n, index),
  }))
  return { $type: 'app.bsky.embed.images', images }
}

function blobOf(n: number, index: number): object {
  const ref = { $link: cidOf(0x55, `blob ${n} ${index}`) }
  return { $type: 'blob', ref, mimeType: 'image/jpeg', size: 400_000 + n }
}

function subjectOf(n: number): object {
  return { uri: `at://${didOf(n + 7)}/app.bsky.feed.post/3mabcdefghijk`, cid: recordCidOf(n + 7) }
}

function didOf(n: number): string {
  return `did:plc:${encode(
    createHash('sha256')
      .update(`did ${n % 50_000}`)
      .digest(),
  ).slice(0, 24)}`
}

function recordCidOf(n: number): string {
  return cidOf(0x71, `record ${n}`)
}

/** CIDv1, SHA-256. */
function cidOf(codec: number, text: string): string {
  return `b${encode(Buffer.concat([Buffer.of(1, codec, 0x12, 0x20), createHash('sha256').update(text).digest()]))}`
}

function encode(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += base32[(value >>> (bits - 5)) & 31]
    value &= (1 << bits) - 1
  }
  return bits > 0 ? text + base32[(value << (5 - bits)) & 31] : text
}
