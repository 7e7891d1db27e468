import { describe, expect, it } from 'vitest'
import { encodeDagCbor } from '../atproto/dag-cbor.ts'
import { generateSigningKey, type SigningKey } from '../atproto/signing-key.ts'
import type { WireLabel } from '../atproto/verify-label.ts'
import { createLabelVerifier } from './label-verifier.ts'

const { signal } = new AbortController()

describe('createLabelVerifier', () => {
  it('asks for the key when a label fails, checks again only what failed, and not more often than every ten seconds', async () => {
    const [old, next, last] = [
      await generateSigningKey(),
      await generateSigningKey(),
      await generateSigningKey(),
    ]
    const clock = { now: 0 }
    let asked = 0
    let declared = next.did()
    const verifier = createLabelVerifier({
      didKey: old.did(),
      resolveKey: async () => {
        asked++
        return declared
      },
      onRefresh: () => {},
      now: () => clock.now,
    })
    const [byOld, byNext, byLast] = [await label(old), await label(next), await label(last)]
    expect(await verifier.verify([byOld, byOld], signal)).toEqual(['valid', 'valid'])
    expect(asked).toBe(0)
    expect(await verifier.verify([byOld, byNext, byLast], signal)).toEqual([
      'valid',
      'valid',
      'wrong-signature',
    ])
    expect(asked).toBe(1)
    declared = last.did()
    clock.now = 9_999
    expect(await verifier.verify([byLast, byNext], signal)).toEqual(['wrong-signature', 'valid'])
    clock.now = 10_000
    expect(await verifier.verify([byLast], signal)).toEqual(['valid'])
    expect(asked).toBe(2)
  })

  it('refuses nothing when the key cannot be asked for', async () => {
    const [key, other] = [await generateSigningKey(), await generateSigningKey()]
    const resolveKey = () => Promise.reject(new Error('away'))
    const verifier = createLabelVerifier({ didKey: key.did(), resolveKey, onRefresh: () => {}, now: () => 0 })
    await expect(verifier.verify([await label(other)], signal)).rejects.toThrow('away')
  })
})

async function label(key: SigningKey): Promise<WireLabel> {
  const unsigned = { ver: 1, src: 'did:web:a', uri: 'did:web:b', val: 'spam', cts: '2026-01-01T00:00:00Z' }
  return { ...unsigned, sig: await key.sign(encodeDagCbor(unsigned)) }
}
