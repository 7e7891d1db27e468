import type { Writable } from 'node:stream'
import { decodeAll, encode } from '@atproto/lex-cbor'
import { describe, expect, it } from 'vitest'
import * as webSockets from 'ws'
import { encodeErrorFrame, encodeInfoFrame, encodeLabelsMessages } from './label-frame.ts'

const label = {
  cts: '2026-01-01T00:00:00.000Z',
  src: 'did:plc:a',
  sig: new Uint8Array(64).fill(7),
  uri: 'did:plc:b',
  val: 'spam',
  ver: 1,
}
const seqs = [1, 23, 24, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, Number.MAX_SAFE_INTEGER]
/** The library's own reader of WebSocket messages, which its types leave out. */
const { Receiver } = webSockets as unknown as { readonly Receiver: new (options: object) => Writable }

describe('encodeLabelsMessages', () => {
  it('is a frame for each label, byte for byte what the library makes of it, at every length of a number', () => {
    const page = seqs.map((seq) => ({ seq, bytes: encode(label) }))
    const frames = messagesOf(encodeLabelsMessages(page))
    const models = seqs.map((seq) =>
      Buffer.concat([encode({ op: 1, t: '#labels' }), encode({ seq, labels: [label] })]),
    )
    expect(frames.map((frame) => frame.toString('hex'))).toEqual(models.map((model) => model.toString('hex')))
    expect(frames.map((frame) => [...decodeAll(frame)])).toEqual(
      seqs.map((seq) => [
        { op: 1, t: '#labels' },
        { seq, labels: [label] },
      ]),
    )
    expect(frames).toHaveLength(10)
  })

  it('is what a WebSocket server sends, at every length of a message', () => {
    // Up to 125 bytes, up to 65,535 and beyond have heads of three kinds; the lengths go over each border.
    const sizes = [1, 60, ...range(80, 100), 100, 65_000, ...range(65_480, 65_510), 70_000]
    const page = sizes.map((size, index) => ({ seq: index + 1, bytes: encode(new Uint8Array(size)) }))
    const bodies = messagesOf(encodeLabelsMessages(page)).map((frame) => [...decodeAll(frame)][1])
    expect(bodies).toEqual(sizes.map((size, index) => ({ seq: index + 1, labels: [new Uint8Array(size)] })))
    expect(encodeLabelsMessages([])).toHaveLength(0)
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

/** The binary messages in the bytes of a server, as a client reads them. */
function messagesOf(bytes: Buffer): Buffer[] {
  const messages: Buffer[] = []
  const receiver = new Receiver({ isServer: false, maxPayload: 10_000_000, allowSynchronousEvents: true })
  receiver.on('message', (data: Buffer, isBinary: boolean) => isBinary && messages.push(data))
  receiver.on('error', (error) => {
    throw error
  })
  receiver.write(bytes)
  return messages
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}
