import { Secp256k1Keypair } from '@atproto/crypto'
import { AppError } from '../lib/errors.ts'

/** A private key that signs, and that never leaves this file. */
export interface SigningKey {
  /** The public half, as `did:key:z…`. */
  did(): string
  /** The public half as a DID document's `publicKeyMultibase` has it: `z…`. */
  publicKeyMultibase(): string
  /** Returns ECDSA over the bytes' SHA-256: 64 bytes, r then s, low-S. The same bytes give the same signature. */
  sign(bytes: Uint8Array): Promise<Uint8Array>
}

/** A key just made, whose secret can still be written down. */
export interface NewSigningKey extends SigningKey {
  /** The private half, 64 lower-case hex digits. */
  exportHex(): string
}

/** Returns a new K-256 key from the system's randomness. */
export async function generateSigningKey(): Promise<NewSigningKey> {
  const keypair = await Secp256k1Keypair.create({ exportable: true })
  const secret = Buffer.from(await keypair.export()).toString('hex')
  return { ...signingKeyOf(keypair), exportHex: () => secret }
}

/**
 * Returns the K-256 key with this private half, in hex of either case.
 * @throws {AppError} `invalid` when it is not 64 hex digits, or not in the curve's range; the text is never repeated.
 */
export async function importSigningKey(hex: string): Promise<SigningKey> {
  const text = hex.trim().toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(text)) throw invalidKey('something else')
  try {
    return signingKeyOf(await Secp256k1Keypair.import(text))
  } catch {
    // The library's message may repeat the key, so its error is not kept as the cause.
    throw invalidKey('a number that the curve does not have')
  }
}

function signingKeyOf(keypair: Secp256k1Keypair): SigningKey {
  const did = keypair.did()
  return {
    did: () => did,
    publicKeyMultibase: () => did.slice('did:key:'.length),
    sign: (bytes) => keypair.sign(bytes),
  }
}

function invalidKey(found: string): AppError {
  return new AppError(
    'invalid',
    `Expected 64 hex digits (a K-256 private key) for the signing key but received ${found}`,
  )
}
