import type { Writable } from 'node:stream'
import { decodeAll, encode } from '@atproto/lex-cbor'
import { describe, expect, it } from 'vitest'
import * as webSockets from 'ws'
import { encodeErrorFrame, encodeInfoFrame, encodeLabelsFrame, encodeLabelsMessages } from './label-frame.ts'

const label = {
  cts: '2026-01-01T00:00:00.000Z',
  src: 'did:plc:a',
  sig: new Uint8Array(64).fill(7),
  uri: 'did:plc:b',
  val: 'spam',
  ver: 1,
}
/** The library's own reader of WebSocket messages, which its types leave out. */
const { Receiver } = webSockets as unknown as { readonly Receiver: new (options: object) => Writable }
const seqs = [1, 23, 24, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, Number.MAX_SAFE_INTEGER]

describe('encodeLabelsFrame', () => {
  it('is byte for byte what the library makes of the same message, at every length of a number', () => {
    for (const seq of seqs) {
      const frame = encodeLabelsFrame(seq, encode(label))
      const model = Buffer.concat([encode({ op: 1, t: '#labels' }), encode({ seq, labels: [label] })])
      expect(frame.toString('hex'), String(seq)).toBe(model.toString('hex'))
      expect([...decodeAll(frame)]).toEqual([
        { op: 1, t: '#labels' },
        { seq, labels: [label] },
      ])
    }
    expect(seqs).toHaveLength(10)
  })
})

describe('encodeLabelsMessages', () => {
  it('is what a WebSocket server sends: one binary message for each label, at every length of a head', () => {
    const page = [10, 100, 65_000, 70_000].map((length, index) => ({
      seq: index + 1,
      bytes: encode({ ...label, uri: 'x'.repeat(length) }),
    }))
    const messages: Buffer[] = []
    const receiver = new Receiver({ isServer: false, maxPayload: 1_000_000 })
    receiver.on('message', (data: Buffer, isBinary: boolean) => isBinary && messages.push(data))
    receiver.write(encodeLabelsMessages(page))
    expect(messages.map((bytes) => bytes.length > 65_535)).toEqual([false, false, false, true])
    expect(messages).toEqual(page.map(({ seq, bytes }) => encodeLabelsFrame(seq, bytes)))
  })
})

describe('encodeInfoFrame', () => {
  it('has a header that says so, a name and a message, and no seq', () => {
    expect([...decodeAll(encodeInfoFrame('OutdatedCursor', 'too old'))]).toEqual([
      { op: 1, t: '#info' },
      { name: 'OutdatedCursor', message: 'too old' },
    ])
  })
})

describe('encodeErrorFrame', () => {
  it('is a header that says so, and the two fields', () => {
    expect([...decodeAll(encodeErrorFrame('FutureCursor', 'too far'))]).toEqual([
      { op: -1 },
      { error: 'FutureCursor', message: 'too far' },
    ])
  })
})
