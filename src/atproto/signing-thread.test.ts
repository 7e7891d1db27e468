import { randomBytes } from 'node:crypto'
import { P256Keypair, Secp256k1Keypair, verifySignature } from '@atproto/crypto'
import { describe, expect, it } from 'vitest'
import { signInThread } from './signing-thread.ts'

const keypairs = { k256: Secp256k1Keypair, p256: P256Keypair }

async function keyOf(curve: 'k256' | 'p256') {
  const keypair = await keypairs[curve].create({ exportable: true })
  return { curve, secret: await keypair.export(), didKey: keypair.did() }
}

const messages = (count: number) => Array.from({ length: count }, () => randomBytes(200))

describe('signing many labels at once', () => {
  it.each([
    'k256',
    'p256',
  ] as const)('makes the signature of each message in a thread, with %s', async (curve) => {
    const key = await keyOf(curve)
    let madeHere = 0
    const sign = signInThread(async () => {
      madeHere += 1
      return new Uint8Array(64)
    }, key)
    const asked = messages(100)
    const signatures = await Promise.all(asked.map(sign))
    expect(madeHere).toBe(4)
    for (const [i, signature] of signatures.entries()) {
      if (i < 4) expect(signature).toEqual(new Uint8Array(64))
      else expect(await verifySignature(key.didKey, asked[i] as Uint8Array, signature)).toBe(true)
    }
  })

  it('makes those that come one after another here, without a thread', async () => {
    const key = await keyOf('k256')
    let madeHere = 0
    const sign = signInThread(async () => new Uint8Array([(madeHere += 1)]), key)
    for (const bytes of messages(20)) {
      await sign(bytes)
      await new Promise(setImmediate)
    }
    expect(madeHere).toBe(20)
  })

  it('rejects what a thread that fails was asked for, and starts another for the next', async () => {
    const key = await keyOf('k256')
    const other = await keyOf('k256')
    const data = { ...key, didKey: other.didKey }
    const sign = signInThread(async () => new Uint8Array(64), data)
    const asked = messages(40)
    // No signer passes the check against the public half of another key.
    const results = await Promise.allSettled(asked.map(sign))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(4)
    expect(results.at(-1)).toMatchObject({
      reason: { message: expect.stringContaining('signer that works') },
    })
    data.didKey = key.didKey
    const signatures = await Promise.all(asked.map(sign))
    expect(await verifySignature(key.didKey, asked[39] as Uint8Array, signatures[39] as Uint8Array)).toBe(
      true,
    )
  })
})
