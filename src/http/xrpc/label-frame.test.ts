import { decodeAll, encode } from '@atproto/lex-cbor'
import { describe, expect, it } from 'vitest'
import { encodeErrorFrame, encodeLabelsFrame } from './label-frame.ts'

const label = {
  cts: '2026-01-01T00:00:00.000Z',
  src: 'did:plc:a',
  sig: new Uint8Array(64).fill(7),
  uri: 'did:plc:b',
  val: 'spam',
  ver: 1,
}
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

describe('encodeErrorFrame', () => {
  it('is a header that says so, and the two fields', () => {
    expect([...decodeAll(encodeErrorFrame('FutureCursor', 'too far'))]).toEqual([
      { op: -1 },
      { error: 'FutureCursor', message: 'too far' },
    ])
  })
})
