import { P256Keypair, Secp256k1Keypair } from '@atproto/crypto'
import { AppError } from '../lib/errors.ts'
import { type ChosenSigner, chooseSigner, type PassedOverSigner } from './choose-signer.ts'
import type { KeyCurve } from './signers.ts'
import { signInThread } from './signing-thread.ts'

/** A private key that signs, and that never leaves this folder. */
export interface SigningKey {
  /** The public half, as `did:key:z…`; its prefix tells the curve. */
  did(): string
  /** The public half as a DID document's `publicKeyMultibase` has it: `z…`. */
  publicKeyMultibase(): string
  /**
   * Returns ECDSA over the bytes' SHA-256: 64 bytes, r then s, low-S. On K-256 the same bytes give the same signature;
   * on P-256 they need not.
   */
  sign(bytes: Uint8Array): Promise<Uint8Array>
  /** The package that signs, and the faster ones that were left for it. */
  readonly signer: Pick<ChosenSigner, 'name'> & { readonly passedOver: readonly PassedOverSigner[] }
}

/** A key just made, whose secret can still be written down. */
export interface NewSigningKey extends SigningKey {
  /** The private half, 64 lower-case hex digits. */
  exportHex(): string
}

/** Returns a new K-256 key from the system's randomness. */
export async function generateSigningKey(): Promise<NewSigningKey> {
  const keypair = await Secp256k1Keypair.create({ exportable: true })
  const secret = await keypair.export()
  const hex = Buffer.from(secret).toString('hex')
  return { ...(await signingKeyOf('k256', secret, keypair.did())), exportHex: () => hex }
}

const keyPattern = /^(?:(?<curve>k256|p256):)?(?<hex>[0-9a-f]{64})$/i

/**
 * Returns the key with this private half, in hex of either case: of K-256, or of the curve that `k256:` or `p256:` before
 * it names.
 * @throws {AppError} `invalid` when it has not that form, or is not in the curve's range; the text is never repeated.
 */
export async function importSigningKey(text: string): Promise<SigningKey> {
  const { curve: named, hex } = keyPattern.exec(text.trim())?.groups ?? {}
  if (hex === undefined) throw invalidKey('something else')
  const curve: KeyCurve = named?.toLowerCase() === 'p256' ? 'p256' : 'k256'
  const secret = Buffer.from(hex, 'hex')
  return signingKeyOf(curve, secret, await didOf(curve, secret))
}

async function didOf(curve: KeyCurve, secret: Uint8Array): Promise<string> {
  const keypairs = { k256: Secp256k1Keypair, p256: P256Keypair }
  try {
    return (await keypairs[curve].import(secret)).did()
  } catch {
    // The library's message may repeat the key, so its error is not kept as the cause.
    throw invalidKey('a number that the curve does not have')
  }
}

async function signingKeyOf(curve: KeyCurve, secret: Uint8Array, did: string): Promise<SigningKey> {
  const { name, sign, passedOver } = await chooseSigner(curve, secret, did)
  return {
    did: () => did,
    publicKeyMultibase: () => did.slice('did:key:'.length),
    sign: signInThread(sign, { curve, secret, didKey: did }),
    signer: { name, passedOver },
  }
}

function invalidKey(found: string): AppError {
  return new AppError(
    'invalid',
    `Expected 64 hex digits (a private key, with p256: before it when it is of P-256) for the signing key but received ${found}`,
  )
}
