import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { P256_JWT_ALG, parseDidKey } from '@atproto/crypto'
import { encodeDagCbor } from './dag-cbor.ts'

/** A label as it came over the wire: the fields that were there, and `sig` as bytes. */
export type WireLabel = {
  readonly ver?: number
  readonly src: string
  readonly uri: string
  readonly cid?: string
  readonly val: string
  readonly neg?: boolean
  readonly cts: string
  readonly exp?: string
  readonly sig?: Uint8Array
}

/** Why a label's signature does not hold, each with a sentence. Closed: `valid` is the only other verdict. */
export const signatureFaults = {
  unsigned: 'it has no signature',
  'unusable-key': 'the key is no P-256 or K-256 key',
  'not-64-bytes': 'the signature is not 64 bytes, r then s',
  'high-s': 'the signature is right but malleable: its s is in the upper half of the order',
  'signed-with-neg-false': 'the signature covers neg: false, and the label was sent without it',
  'signed-without-neg-false': 'the signature covers no neg, and the label was sent with neg: false',
  'wrong-signature': 'the signature is not of this key over these fields',
} as const

/** One key of `signatureFaults`. */
export type SignatureFault = keyof typeof signatureFaults

/**
 * Returns `valid` when the signature is the key's over the label's canonical DAG-CBOR, or why it is not.
 *
 * What is signed are the fields of the specification that came, `neg: false` included if it came, and nothing else.
 * ECDSA over their SHA-256 with K-256 or P-256, 64 bytes, low-S, as `@atproto/crypto` demands by default; by
 * `node:crypto`, which verifies four times as fast. `didKey` is `did:key:z…`. At most two verifications. Never throws.
 */
export function verifyLabel(label: WireLabel, didKey: string): 'valid' | SignatureFault {
  const { sig } = label
  if (sig === undefined) return 'unsigned'
  const key = publicKeyOf(didKey)
  if (key === undefined) return 'unusable-key'
  if (sig.length !== 64) return 'not-64-bytes'
  const isSignedAs = (neg: boolean | undefined): boolean =>
    verify('sha256', signedBytes(label, neg), { key: key.key, dsaEncoding: 'ieee-p1363' }, sig)
  if (isSignedAs(label.neg)) return isLowS(sig, key.order) ? 'valid' : 'high-s'
  if (label.neg === undefined && isSignedAs(false)) return 'signed-with-neg-false'
  if (label.neg === false && isSignedAs(undefined)) return 'signed-without-neg-false'
  return 'wrong-signature'
}

type VerifyingKey = { readonly key: KeyObject; readonly order: bigint }

/** The orders of the groups (SEC 2, sections 2.4.1 and 2.4.2). */
const orders = {
  'P-256': 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  secp256k1: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
} as const

/** The key that was asked for last: labels come in runs by one labeler, and reading a key costs as much as a signature. */
let latest: { readonly didKey: string; readonly key: VerifyingKey | undefined } | undefined

function publicKeyOf(didKey: string): VerifyingKey | undefined {
  if (latest?.didKey !== didKey) latest = { didKey, key: readPublicKey(didKey) }
  return latest.key
}

function readPublicKey(didKey: string): VerifyingKey | undefined {
  try {
    // 65 bytes: 4, then x and y.
    const { jwtAlg, keyBytes } = parseDidKey(didKey)
    const crv = jwtAlg === P256_JWT_ALG ? 'P-256' : 'secp256k1'
    const [x, y] = [keyBytes.subarray(1, 33), keyBytes.subarray(33, 65)].map((part) =>
      Buffer.from(part).toString('base64url'),
    ) as [string, string]
    return { key: createPublicKey({ key: { kty: 'EC', crv, x, y }, format: 'jwk' }), order: orders[crv] }
  } catch {
    return undefined
  }
}

function signedBytes(label: WireLabel, neg: boolean | undefined): Uint8Array {
  const { ver, src, uri, cid, val, cts, exp } = label
  return encodeDagCbor({ ver, src, uri, cid, val, neg, cts, exp })
}

function isLowS(sig: Uint8Array, order: bigint): boolean {
  return BigInt(`0x${Buffer.from(sig.subarray(32)).toString('hex')}`) <= order / 2n
}
