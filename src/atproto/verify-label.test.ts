import { P256Keypair, Secp256k1Keypair, verifySignature } from '@atproto/crypto'
import { encode } from '@atproto/lex-cbor'
import { describe, expect, it } from 'vitest'
import { verifyLabel, type WireLabel } from './verify-label.ts'

const curves = {
  'K-256': {
    create: () => Secp256k1Keypair.create(),
    order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
  },
  'P-256': {
    create: () => P256Keypair.create(),
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  },
}

const fields = {
  ver: 1,
  src: 'did:plc:ewvi7nxzyoun6zhxrhs64oiz',
  uri: 'at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3k2a',
  val: 'known-image',
  cts: '2026-01-02T03:04:05.678Z',
}

describe.each(Object.entries(curves))('verifyLabel with a %s key', (_name, { create, order }) => {
  it('agrees with the reference implementation, right and wrong', async () => {
    const [key, other] = [await create(), await create()]
    for (let i = 0; i < 40; i++) {
      const signed = { ...fields, val: `value-${i}`, ...(i % 2 ? { neg: true } : {}) }
      const sig = await key.sign(encode(signed))
      expect(verifyLabel({ ...signed, sig }, key.did())).toBe('valid')
      for (const [label, did] of [
        [{ ...signed, sig }, other.did()],
        [{ ...signed, val: 'another', sig }, key.did()],
        [{ ...signed, sig: sig.map((byte, at) => (at === 40 ? byte ^ 1 : byte)) }, key.did()],
      ] as [WireLabel & { sig: Uint8Array }, string][]) {
        const { sig: theirs, ...rest } = label
        expect(await verifySignature(did, encode(rest), theirs)).toBe(false)
        expect(verifyLabel(label, did)).toBe('wrong-signature')
      }
    }
  })

  it('names a malleable signature, which the reference refuses', async () => {
    const key = await create()
    const sig = await key.sign(encode(fields))
    const s = BigInt(`0x${Buffer.from(sig.subarray(32)).toString('hex')}`)
    const high = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')
    const malleable = Buffer.concat([sig.subarray(0, 32), high])
    expect(await verifySignature(key.did(), encode(fields), malleable)).toBe(false)
    expect(await verifySignature(key.did(), encode(fields), malleable, { allowMalleableSig: true })).toBe(
      true,
    )
    expect(verifyLabel({ ...fields, sig: malleable }, key.did())).toBe('high-s')
  })

  it('takes neg as it came, and names a label whose neg: false was added or lost', async () => {
    const key = await create()
    const [withNeg, without] = [
      await key.sign(encode({ ...fields, neg: false })),
      await key.sign(encode(fields)),
    ]
    expect(verifyLabel({ ...fields, neg: false, sig: withNeg }, key.did())).toBe('valid')
    expect(verifyLabel({ ...fields, sig: withNeg }, key.did())).toBe('signed-with-neg-false')
    expect(verifyLabel({ ...fields, neg: false, sig: without }, key.did())).toBe('signed-without-neg-false')
  })

  it('signs for the specified fields only: what else came does not count', async () => {
    const key = await create()
    const sig = await key.sign(encode(fields))
    const typed = { ...fields, $type: 'com.atproto.label.defs#label', sig }
    expect(verifyLabel(typed, key.did())).toBe('valid')
  })
})

describe('verifyLabel', () => {
  it('says what is missing', async () => {
    const key = await Secp256k1Keypair.create()
    const sig = await key.sign(encode(fields))
    expect(verifyLabel(fields, key.did())).toBe('unsigned')
    expect(verifyLabel({ ...fields, sig: sig.subarray(1) }, key.did())).toBe('not-64-bytes')
    expect(verifyLabel({ ...fields, sig: new Uint8Array(64) }, key.did())).toBe('wrong-signature')
    for (const did of ['', 'did:key:z', 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK']) {
      expect(verifyLabel({ ...fields, sig }, did)).toBe('unusable-key')
    }
  })
})
