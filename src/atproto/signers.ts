import { createPrivateKey, hash, sign as signWithOpenssl } from 'node:crypto'
import { createRequire } from 'node:module'
import { P256Keypair, Secp256k1Keypair } from '@atproto/crypto'

/** The curves that a label key can be on: secp256k1 and NIST P-256. */
export const keyCurves = ['k256', 'p256'] as const

/** One member of `keyCurves`. */
export type KeyCurve = (typeof keyCurves)[number]

/** Returns ECDSA over the bytes' SHA-256: 64 bytes, r then s, low-S. */
export type Sign = (bytes: Uint8Array) => Promise<Uint8Array>

/** One implementation of signing on one curve. */
export type SignerOpener = {
  /** The package that does the work. */
  readonly name: string
  readonly curve: KeyCurve
  /**
   * Returns the function that signs with this private half (32 bytes, big-endian).
   * @throws when the package is not installed, or has no binary for this machine.
   */
  readonly open: (secret: Uint8Array) => Promise<Sign>
}

/**
 * Every implementation, the fastest of each curve first. `@atproto/crypto` is the reference that the others are checked
 * against, and is always there. All are deterministic (RFC 6979) but OpenSSL, which draws a nonce for each signature.
 */
export const signerOpeners: readonly SignerOpener[] = [
  { name: 'secp256k1', curve: 'k256', open: openNativeSecp256k1 },
  { name: 'tiny-secp256k1', curve: 'k256', open: openWasmSecp256k1 },
  {
    name: '@atproto/crypto',
    curve: 'k256',
    open: async (secret) => signOf(await Secp256k1Keypair.import(secret)),
  },
  { name: 'node:crypto', curve: 'p256', open: openOpensslP256 },
  {
    name: '@atproto/crypto',
    curve: 'p256',
    open: async (secret) => signOf(await P256Keypair.import(secret)),
  },
]

function signOf(keypair: { sign(bytes: Uint8Array): Promise<Uint8Array> }): Sign {
  return (bytes) => keypair.sign(bytes)
}

/** What we use of the native package, which has no types of its own. */
type NativeSecp256k1 = {
  ecdsaSign(digest: Uint8Array, secret: Uint8Array): { readonly signature: Uint8Array }
}

/**
 * libsecp256k1, from an optional package. Its own entry falls back without a word to JavaScript that is slower than ours,
 * so its binding is asked for by name.
 */
async function openNativeSecp256k1(secret: Uint8Array): Promise<Sign> {
  const native = createRequire(import.meta.url)('secp256k1/bindings.js') as NativeSecp256k1
  return async (bytes) => native.ecdsaSign(digestOf(bytes), secret).signature
}

/** libsecp256k1 as WebAssembly. */
async function openWasmSecp256k1(secret: Uint8Array): Promise<Sign> {
  const wasm = await import('tiny-secp256k1')
  return async (bytes) => wasm.sign(digestOf(bytes), secret)
}

/** The fixed part of a PKCS #8 document with a P-256 key (RFC 5208, RFC 5915); the private half follows it. */
const pkcs8Prefix = Buffer.from(
  '3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420',
  'hex',
)
/** The order of P-256's group (FIPS 186-5). */
const p256Order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** OpenSSL has P-256 in assembly; half of its signatures have the high s, which the protocol refuses. */
async function openOpensslP256(secret: Uint8Array): Promise<Sign> {
  const document = Buffer.concat([pkcs8Prefix, secret])
  const key = createPrivateKey({ key: document, format: 'der', type: 'pkcs8' })
  return async (bytes) => withLowS(signWithOpenssl('sha256', bytes, { key, dsaEncoding: 'ieee-p1363' }))
}

function withLowS(sig: Buffer): Uint8Array {
  const s = BigInt(`0x${sig.toString('hex', 32)}`)
  if (s > p256Order / 2n) sig.write((p256Order - s).toString(16).padStart(64, '0'), 32, 'hex')
  return sig
}

function digestOf(bytes: Uint8Array): Uint8Array {
  return hash('sha256', bytes, 'buffer')
}
