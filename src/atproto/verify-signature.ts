import { verifySignature as verify } from '@atproto/crypto'

/**
 * Tells whether 64 bytes, r then s, are a low-S ECDSA signature over the bytes' SHA-256 by a key, `did:key:z…` of P-256 or K-256.
 * False also where the key is no such key.
 */
export async function verifySignature(didKey: string, bytes: Uint8Array, sig: Uint8Array): Promise<boolean> {
  try {
    return await verify(didKey, bytes, sig)
  } catch {
    // The library throws for a key that it cannot read, and for bytes that are no signature.
    return false
  }
}
