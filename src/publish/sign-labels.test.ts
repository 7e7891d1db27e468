import { createPublicKey, verify } from 'node:crypto'
import { verifySignature } from '@atproto/crypto'
import { decode, encode, type LexValue } from '@atproto/lex-cbor'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import vectors from '../../test/vectors/label-signatures.json' with { type: 'json' }
import { generateSigningKey, importSigningKey } from '../atproto/signing-key.ts'
import type { Effect } from '../model/effect.ts'
import type { AtUri, Cid, Did } from '../model/ids.ts'
import type { Label } from '../model/label.ts'
import type { Match } from '../model/match.ts'
import { encodeSigned, encodeUnsigned } from './encode-label.ts'
import { createSignLabel, createSignLabels, signLabel } from './sign-labels.ts'

const src = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz' as Did
const uri = 'at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/3l4abcdefgh2x' as AtUri
const cid = 'bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a' as Cid
const match: Match = {
  bankId: 1,
  bank: 'test',
  contentId: 1,
  hashType: 'pdq',
  profile: 'reference-512',
  variant: 'original',
  distance: 3,
}
const bytesOf: unknown = expect.any(Uint8Array)
const priority = 'normal'
const noon = new Date('2026-01-02T12:00:00.000Z')

describe('the vectors that no code of ours has made', () => {
  it('are met byte for byte: unsigned form, signature, signed form', async () => {
    const key = await importSigningKey(vectors.secretHex)
    expect(key.did()).toBe(vectors.didKey)
    expect(vectors.vectors).toHaveLength(5)
    for (const { name, label, unsignedHex, sigHex, signedHex } of vectors.vectors) {
      const signed = await signLabel(key, label as unknown as Label)
      expect(hexOf(encodeUnsigned(label as unknown as Label)), name).toBe(unsignedHex)
      expect(hexOf(signed.sig), name).toBe(sigHex)
      expect(hexOf(signed.bytes), name).toBe(signedHex)
    }
  })

  it('are accepted by OpenSSL, and by our own check', async () => {
    for (const { unsignedHex, sigHex } of vectors.vectors) {
      const [bytes, sig] = [Buffer.from(unsignedHex, 'hex'), Buffer.from(sigHex, 'hex')]
      expect(verify('sha256', bytes, { key: publicKey, dsaEncoding: 'ieee-p1363' }, sig)).toBe(true)
      expect(await verifySignature(vectors.didKey, bytes, sig)).toBe(true)
    }
  })
})

describe('encodeUnsigned', () => {
  it('is the canonical DAG-CBOR of the specified fields, whatever the order they were written in', () => {
    let runs = 0
    fc.assert(
      fc.property(labelArbitrary, fc.uint8Array({ minLength: 64, maxLength: 64 }), (label, sig) => {
        runs += 1
        // An independent model: the fields in the order that the canonical form must have them.
        const { cid, cts, exp, neg, src, uri, val } = label
        const sorted = [
          ['cid', cid],
          ['cts', cts],
          ['exp', exp],
          ['neg', neg],
          ['sig', sig],
          ['src', src],
          ['uri', uri],
          ['val', val],
          ['ver', 1],
        ] as const
        const present = sorted.filter(([, value]) => value !== undefined)
        expect(keysOf(encodeSigned(label, sig))).toEqual(present.map(([key]) => key))
        expect(hexOf(encodeSigned(label, sig))).toBe(hexOf(encode(Object.fromEntries(present))))
        const unsigned = present.filter(([key]) => key !== 'sig')
        expect(hexOf(encodeUnsigned(label))).toBe(hexOf(encode(Object.fromEntries(unsigned))))
      }),
    )
    expect(runs).toBeGreaterThanOrEqual(100)
  })

  it('leaves out a false neg, empty optional fields and anything that is not specified', () => {
    const plain: Label = { src, uri, val: 'spam', cts: '2026-01-02T12:00:00.000Z' }
    const cluttered = {
      ...plain,
      neg: false,
      cid: '',
      exp: undefined,
      $type: 'com.atproto.label.defs#label',
      seq: 7,
      sig: new Uint8Array(64),
    }
    expect(hexOf(encodeUnsigned(cluttered as unknown as Label))).toBe(hexOf(encodeUnsigned(plain)))
  })
})

describe('signLabels', () => {
  it('signs the label effects in order, at the present, and passes over the others', async () => {
    const key = await generateSigningKey()
    const signLabels = createSignLabels({
      key: () => key,
      src,
      declaredVals: new Set(['spam', 'known-image']),
      now: () => noon,
    })
    const signed = await signLabels([
      { kind: 'log', match },
      { kind: 'label', uri, cid, val: 'spam', exp: undefined, priority, after: undefined, match },
      { kind: 'withheld', of: 'label', val: 'spam', because: 'withdrawn', match },
      {
        kind: 'label',
        uri,
        cid: undefined,
        val: 'known-image',
        exp: '2026-02-01T00:00:00.000Z',
        priority,
        after: '2026-01-01T00:00:00.000Z',
        match,
      },
    ])
    const labels = signed.map((label) => {
      const { signedBy, ...rest } = label
      expect(signedBy).toBe(key.did())
      return rest
    })
    expect(labels).toEqual([
      { ver: 1, src, uri, cid, val: 'spam', cts: '2026-01-02T12:00:00.000Z', sig: bytesOf, bytes: bytesOf },
      {
        ver: 1,
        src,
        uri,
        val: 'known-image',
        cts: '2026-01-02T12:00:00.000Z',
        exp: '2026-02-01T00:00:00.000Z',
        sig: bytesOf,
        bytes: bytesOf,
      },
    ])
    for (const { sig, bytes, ...label } of labels) {
      expect(decode(bytes)).toEqual({ ...label, sig })
      expect(await verifySignature(key.did(), encode(label), sig)).toBe(true)
    }
  })

  it('makes every label strictly later than the one before it, also when the clock went back', async () => {
    const key = await generateSigningKey()
    const signLabels = createSignLabels({
      key: () => key,
      src,
      declaredVals: new Set(['spam']),
      now: () => noon,
    })
    const after = [
      '2026-01-02T12:00:00.000Z',
      '2026-01-02T11:59:59.999Z',
      '2030-01-01T00:00:00.000Z',
      '2026-01-02T12:00:00.000999Z',
    ]
    const labels = await signLabels(after.map((cts) => labelEffect('spam', cts)))
    expect(labels.map(({ cts }) => cts)).toEqual([
      '2026-01-02T12:00:00.001Z',
      '2026-01-02T12:00:00.000Z',
      '2030-01-01T00:00:00.001Z',
      '2026-01-02T12:00:00.001Z',
    ])
  })

  it('refuses a value that is illegal or undeclared, before it signs anything', async () => {
    let signatures = 0
    const key = () => ({ did: () => 'did:key:z', sign: async () => (signatures++, new Uint8Array(64)) })
    const declaredVals = new Set(['spam', 'Bad Name!', '-dash', 'x'.repeat(129)])
    const signLabels = createSignLabels({ key, src, declaredVals, now: () => noon })
    for (const val of ['Bad Name!', '-dash', 'x'.repeat(129), '', 'undeclared']) {
      const refused = signLabels([labelEffect('spam', undefined), labelEffect(val, undefined)])
      await expect(refused, val).rejects.toMatchObject({ kind: 'invalid' })
    }
    expect(signatures).toBe(0)
    expect(await signLabels([labelEffect('spam', undefined)])).toHaveLength(1)
  })
})

describe('signLabel, for a person', () => {
  it('withdraws even a value that is no longer declared, and puts on only declared ones', async () => {
    const key = await generateSigningKey()
    const signLabel = createSignLabel({
      key: () => key,
      src,
      declaredVals: new Set(['spam']),
      now: () => noon,
    })
    const negation = await signLabel({ uri, val: 'Old Value', neg: true, after: '2026-01-02T12:00:00.000Z' })
    expect(negation).toMatchObject({ val: 'Old Value', neg: true, cts: '2026-01-02T12:00:00.001Z' })
    expect(negation).not.toHaveProperty('cid')
    await expect(signLabel({ uri, val: 'old', after: undefined })).rejects.toMatchObject({ kind: 'invalid' })
    await expect(signLabel({ uri, val: 'x'.repeat(129), neg: true, after: undefined })).rejects.toMatchObject(
      { kind: 'invalid' },
    )
    expect(
      await signLabel({ uri, val: 'spam', exp: '2027-01-01T00:00:00.000Z', after: undefined }),
    ).toMatchObject({ exp: '2027-01-01T00:00:00.000Z' })
  })
})

const labelArbitrary: fc.Arbitrary<Label> = fc.record(
  {
    val: fc.string({ minLength: 1, maxLength: 40 }),
    uri: fc.stringMatching(/^at:\/\/did:plc:[a-z]{24}\/[a-z.]{1,300}$/).map((text) => text as AtUri),
    src: fc.constant(src),
    cts: fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-01-01') })
      .map((date) => date.toISOString()),
    cid: fc.constant(cid),
    neg: fc.constant(true as const),
    exp: fc.constant('2030-01-01T00:00:00.000Z'),
  },
  { requiredKeys: ['src', 'uri', 'val', 'cts'] },
)

function labelEffect(val: string, after: string | undefined): Effect {
  return { kind: 'label', uri, cid, val, exp: undefined, priority, after, match }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/** The keys of an encoded map, in the order of the bytes. */
function keysOf(bytes: Uint8Array): string[] {
  return Object.keys(decode<Record<string, LexValue>>(bytes))
}

const publicKey = createPublicKey({ key: Buffer.from(spkiOf(vectors.didKey)), format: 'der', type: 'spki' })

/** The key as OpenSSL takes it: the fixed SubjectPublicKeyInfo prefix of secp256k1, then the compressed point. */
function spkiOf(didKey: string): Uint8Array {
  const prefix = Buffer.from('3036301006072a8648ce3d020106052b8104000a032200', 'hex')
  return Buffer.concat([prefix, base58(didKey.slice('did:key:z'.length)).subarray(2)])
}

function base58(text: string): Buffer {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
  let number = 0n
  for (const digit of text) number = number * 58n + BigInt(alphabet.indexOf(digit))
  return Buffer.from(number.toString(16).padStart(70, '0'), 'hex')
}
