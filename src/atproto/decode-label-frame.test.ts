import { encode, type LexValue } from '@atproto/lex-cbor'
import { describe, expect, it } from 'vitest'
import { decodeLabelFrame, decodeRawLabelFrame } from './decode-label-frame.ts'
import { parseWireLabel } from './wire-label.ts'

const label = {
  ver: 1,
  src: 'did:plc:ewvi7nxzyoun6zhxrhs64oiz',
  uri: 'did:plc:z72i7hdynmk6r22z27h6tvur',
  val: 'known-image',
  neg: false,
  cts: '2026-01-02T03:04:05.678Z',
  sig: new Uint8Array(64).fill(7),
}

function frame(...items: LexValue[]): Buffer {
  return Buffer.concat(items.map((item) => encode(item)))
}

describe('decodeLabelFrame', () => {
  it('returns labels as they came, without fields that nobody specified', () => {
    const typed = { ...label, $type: 'com.atproto.label.defs#label' }
    const bytes = frame({ op: 1, t: '#labels' }, { seq: 5, labels: [label, typed] })
    expect(decodeLabelFrame(bytes)).toEqual({ kind: 'labels', seq: 5, labels: [label, label] })
  })

  it('tells infos, errors and what it does not know', () => {
    expect(decodeLabelFrame(frame({ op: 1, t: '#info' }, { name: 'OutdatedCursor' }))).toEqual({
      kind: 'info',
      name: 'OutdatedCursor',
      message: '',
    })
    expect(decodeLabelFrame(frame({ op: -1 }, { error: 'FutureCursor', message: 'no' }))).toEqual({
      kind: 'error',
      error: 'FutureCursor',
      message: 'no',
    })
    for (const header of [{ op: 1, t: '#later' }, { op: 2 }]) {
      expect(decodeLabelFrame(frame(header, {}))).toEqual({ kind: 'unknown' })
    }
  })

  it('leaves labels unread where they are to be judged one by one', () => {
    const bytes = frame({ op: 1, t: '#labels' }, { seq: 5, labels: [label, { val: 1 }, null] })
    expect(decodeRawLabelFrame(bytes)).toEqual({ kind: 'labels', seq: 5, labels: [label, { val: 1 }, null] })
    expect(decodeLabelFrame(bytes)).toMatchObject({ kind: 'malformed' })
  })

  it('says what is wrong with everything else', () => {
    const labels = { op: 1, t: '#labels' }
    const cases: [Buffer, RegExp][] = [
      [Buffer.from('hello'), /CBOR/],
      [Buffer.alloc(0), /CBOR/],
      [frame(labels), /two CBOR items/],
      [frame(labels, { seq: 1, labels: [] }, {}), /two CBOR items/],
      [frame([1], {}), /maps/],
      [frame(labels, { labels: [] }), /seq/],
      [frame(labels, { seq: 'x', labels: [] }), /seq/],
      [frame(labels, { seq: 1 }), /array/],
      [frame(labels, { seq: 1, labels: [{ ...label, val: 1 }] }), /label/],
      [frame({ op: -1, t: '#error' }, { error: 'X' }), /t in its header/],
      [frame({ op: -1 }, { message: 'X' }), /name/],
      [Buffer.concat([frame({ op: 1 }), Buffer.alloc(200_000, 0x81)]), /CBOR/],
    ]
    for (const [bytes, problem] of cases) {
      expect(decodeLabelFrame(bytes)).toEqual({ kind: 'malformed', problem: expect.stringMatching(problem) })
    }
  })
})

describe('parseWireLabel', () => {
  it('reads the JSON form, and refuses nulls and lone surrogates', () => {
    const json = { ...label, sig: { $bytes: Buffer.from(label.sig).toString('base64') } }
    expect(parseWireLabel(json)).toEqual({ ...label, sig: Buffer.from(label.sig) })
    for (const broken of [
      { neg: null },
      { cid: null },
      { sig: 'AAAA' },
      { val: '\ud800' },
      { src: undefined },
    ])
      expect(parseWireLabel({ ...json, ...broken })).toBeUndefined()
  })
})
