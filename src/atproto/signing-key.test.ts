import { verifySignature } from '@atproto/crypto'
import { describe, expect, it } from 'vitest'
import { createDidDocument } from './did-document.ts'
import { generateSigningKey, importSigningKey } from './signing-key.ts'

const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

describe('SigningKey', () => {
  it('signs in 64 bytes with a low s, the same way every time, and nobody else can', async () => {
    const [key, other] = [await generateSigningKey(), await generateSigningKey()]
    for (let i = 0; i < 50; i++) {
      const bytes = Buffer.from(`message ${i}`)
      const sig = await key.sign(bytes)
      expect(sig).toHaveLength(64)
      expect(sOf(sig) <= order / 2n).toBe(true)
      expect(await key.sign(bytes)).toEqual(sig)
      expect(await verifySignature(key.did(), bytes, sig)).toBe(true)
      expect(await verifySignature(other.did(), bytes, sig)).toBe(false)
      expect(await verifySignature(key.did(), Buffer.from('another'), sig)).toBe(false)
    }
  })

  it('comes back from its hex as the same key, in either case and with space around it', async () => {
    const key = await generateSigningKey()
    const again = await importSigningKey(` ${key.exportHex().toUpperCase()}\n`)
    expect(again.did()).toBe(key.did())
    expect(key.did()).toBe(`did:key:${key.publicKeyMultibase()}`)
    expect(JSON.stringify(again)).not.toContain(key.exportHex())
    expect(again).not.toHaveProperty('exportHex')
  })

  it('is of the curve that its text names, and its did:key says which', async () => {
    const hex = 'ab'.repeat(32)
    const [plain, k256, p256] = await Promise.all([hex, `k256:${hex}`, `P256:${hex}`].map(importSigningKey))
    expect(k256?.did()).toBe(plain?.did())
    // The multicodec prefixes of the two curves, in base58: https://atproto.com/specs/cryptography
    expect(plain?.did()).toMatch(/^did:key:zQ3s/)
    expect(p256?.did()).toMatch(/^did:key:zDna/)
    const bytes = Buffer.from('a label')
    const sig = (await p256?.sign(bytes)) as Uint8Array
    expect(await verifySignature(p256?.did() as string, bytes, sig)).toBe(true)
  })

  it('refuses text that is no key without repeating it', async () => {
    for (const hex of [
      '',
      'abc',
      'z'.repeat(64),
      '0'.repeat(64),
      'f'.repeat(64),
      'ab'.repeat(33),
      `k1:${'ab'.repeat(32)}`,
      `p256:${'f'.repeat(64)}`,
    ]) {
      const error = await importSigningKey(hex).catch((cause: unknown) => cause)
      expect(error).toMatchObject({ kind: 'invalid' })
      if (hex) expect(String(error)).not.toContain(hex)
    }
  })
})

describe('createDidDocument', () => {
  it('names the label key and the endpoint without a path', () => {
    const did = 'did:web:labels.example.com'
    const document = createDidDocument({
      did,
      publicKeyMultibase: 'zKey',
      endpoint: 'https://labels.example.com/',
    })
    expect(document).toEqual({
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
      id: did,
      verificationMethod: [
        { id: `${did}#atproto_label`, type: 'Multikey', controller: did, publicKeyMultibase: 'zKey' },
      ],
      service: [
        { id: '#atproto_labeler', type: 'AtprotoLabeler', serviceEndpoint: 'https://labels.example.com' },
      ],
    })
  })
})

function sOf(sig: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(sig.subarray(32)).toString('hex')}`)
}
