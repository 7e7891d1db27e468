import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { P256Keypair, Secp256k1Keypair, verifySignature } from '@atproto/crypto'
import { describe, expect, it } from 'vitest'
import { signInThread } from './signing-thread.ts'

const keypairs = { k256: Secp256k1Keypair, p256: P256Keypair }

async function keyOf(curve: 'k256' | 'p256') {
  const keypair = await keypairs[curve].create({ exportable: true })
  return { curve, secret: await keypair.export(), didKey: keypair.did() }
}

const messages = (count: number) => Array.from({ length: count }, () => randomBytes(200))

const madeAtOnce = 2
/** What `sign` gives here, so that it is told from what the thread makes. */
const madeHere = new Uint8Array(64)

/** Asks for a hundred at once until a thread makes some of them. */
async function untilInThread(sign: (bytes: Uint8Array) => Promise<Uint8Array>) {
  for (;;) {
    const asked = messages(100)
    const signatures = await Promise.all(asked.map(sign))
    if (signatures.some((signature) => signature !== madeHere)) return { asked, signatures }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

describe('signing many labels at once', () => {
  it.each([
    'k256',
    'p256',
  ] as const)('leaves all but the first to a thread once it is ready, with %s', async (curve) => {
    const key = await keyOf(curve)
    const sign = signInThread(async () => madeHere, key)
    const { asked, signatures } = await untilInThread(sign)
    expect(signatures.slice(0, madeAtOnce).every((signature) => signature === madeHere)).toBe(true)
    for (const [i, signature] of signatures.entries()) {
      if (i < madeAtOnce) continue
      expect(await verifySignature(key.didKey, asked[i] as Uint8Array, signature)).toBe(true)
    }
  })

  it('makes those that come one after another at once', async () => {
    const sign = signInThread(async () => madeHere, await keyOf('k256'))
    await untilInThread(sign)
    for (const bytes of messages(40)) {
      expect(await sign(bytes)).toBe(madeHere)
      await new Promise(setImmediate)
    }
  })

  it('goes on without a thread that cannot start, warns, and tries again', async () => {
    const key = await keyOf('k256')
    // No signer passes the check against the public half of another key.
    const data = { ...key, didKey: (await keyOf('k256')).didKey }
    const sign = signInThread(async () => madeHere, data)
    const warned = once(process, 'warning')
    const signatures = await Promise.all(messages(40).map(sign))
    expect(signatures.every((signature) => signature === madeHere)).toBe(true)
    expect(await warned).toMatchObject([{ message: expect.stringContaining('signer that works') }])
    data.didKey = key.didKey
    const { asked, signatures: later } = await untilInThread(sign)
    expect(await verifySignature(key.didKey, asked[99] as Uint8Array, later[99] as Uint8Array)).toBe(true)
  })
})
