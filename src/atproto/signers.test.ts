import { randomBytes } from 'node:crypto'
import { P256Keypair, Secp256k1Keypair, verifySignature } from '@atproto/crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import vectors from '../../test/vectors/label-signatures.json' with { type: 'json' }
import { chooseSigner } from './choose-signer.ts'
import { type KeyCurve, keyCurves, type Sign, type SignerOpener, signerOpeners } from './signers.ts'

const keypairs = { k256: Secp256k1Keypair, p256: P256Keypair }
const halfOrders = {
  k256: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n / 2n,
  p256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n / 2n,
}
const secret = randomBytes(32)
const didKeyOf = async (curve: KeyCurve) => (await keypairs[curve].import(secret)).did()
const nameOf = ({ name, curve }: SignerOpener) => `${name} on ${curve}`

const present: SignerOpener[] = []
for (const opener of signerOpeners) {
  // The only one that a machine may lack: it has binaries for some machines, and is an optional package.
  if (opener.name !== 'secp256k1') present.push(opener)
  else
    await opener.open(secret).then(
      () => present.push(opener),
      () => undefined,
    )
}

describe.each(present.map((opener) => [nameOf(opener), opener] as const))('the signer %s', (_, opener) => {
  const { curve } = opener
  let sign: Sign
  let didKey: string
  beforeAll(async () => {
    sign = await opener.open(secret)
    didKey = await didKeyOf(curve)
  })

  it('makes signatures that @atproto/crypto accepts strictly: 64 bytes, low-S, over the SHA-256', async () => {
    const other = (await keypairs[curve].create()).did()
    // Half of the signatures of a signer that forgets the low s would be wrong: 24 right ones in a row are no luck.
    for (let i = 0; i < 24; i++) {
      const bytes = randomBytes(1 + i * 20)
      const sig = await sign(bytes)
      expect(sig).toHaveLength(64)
      expect(BigInt(`0x${Buffer.from(sig.subarray(32)).toString('hex')}`) <= halfOrders[curve]).toBe(true)
      expect(await verifySignature(didKey, bytes, sig)).toBe(true)
      expect(await verifySignature(other, bytes, sig)).toBe(false)
      bytes[0] = (bytes[0] ?? 0) ^ 1
      expect(await verifySignature(didKey, bytes, sig)).toBe(false)
    }
  })

  it.skipIf(curve === 'p256')(
    'makes the signatures of the vectors, which no code of ours has made',
    async () => {
      const known = await opener.open(Buffer.from(vectors.secretHex, 'hex'))
      expect(vectors.vectors).toHaveLength(5)
      for (const { name, unsignedHex, sigHex } of vectors.vectors) {
        const sig = await known(Buffer.from(unsignedHex, 'hex'))
        expect(Buffer.from(sig).toString('hex'), name).toBe(sigHex)
      }
    },
  )

  it('passes the check at the start', async () => {
    expect(await chooseSigner(curve, secret, didKey, [opener])).toMatchObject({
      name: opener.name,
      passedOver: [],
    })
  })
})

describe('chooseSigner', () => {
  it('finds at least two signers on each curve, so that there is one to fall back to', () => {
    for (const curve of keyCurves)
      expect(present.filter((opener) => opener.curve === curve).length, curve).toBeGreaterThanOrEqual(2)
  })

  it('leaves what is absent, what throws and what signs wrongly for the next, and says so', async () => {
    const didKey = await didKeyOf('k256')
    const reference = signerOpeners.find(({ name }) => name === '@atproto/crypto') as SignerOpener
    const sign = await reference.open(secret)
    const planted = (name: string, open: SignerOpener['open']): SignerOpener => ({
      name,
      curve: 'k256',
      open,
    })
    const highS: Sign = async (bytes) => {
      const sig = Buffer.from(await sign(bytes))
      const s = halfOrders.k256 * 2n + 1n - BigInt(`0x${sig.toString('hex', 32)}`)
      return Buffer.concat([sig.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
    }
    const openers = [
      planted('absent', () => Promise.reject(new Error('no such package'))),
      planted('throwing', async () => () => Promise.reject(new Error('planted'))),
      planted('high-s', async () => highS),
      planted('other-key', () => reference.open(randomBytes(32))),
      planted('truncating', async () => async (bytes) => (await sign(bytes)).subarray(0, 63)),
      reference,
    ]
    expect(await chooseSigner('k256', secret, didKey, openers)).toMatchObject({
      name: '@atproto/crypto',
      passedOver: [
        { name: 'absent', reason: 'absent' },
        { name: 'throwing', reason: 'failed' },
        { name: 'high-s', reason: 'refused' },
        { name: 'other-key', reason: 'refused' },
        { name: 'truncating', reason: expect.stringMatching(/^(failed|refused)$/) },
      ],
    })
    await expect(chooseSigner('k256', secret, didKey, openers.slice(0, -1))).rejects.toMatchObject({
      kind: 'internal',
    })
  })
})
