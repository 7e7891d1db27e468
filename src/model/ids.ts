import { cidForRawHash, isRawCid, parseCidSafe } from '@atproto/lex-data'
import { ensureValidAtUri, isValidDid } from '@atproto/syntax'

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** A decentralised identifier, such as `did:plc:…`. Minted only by `parseDid`. */
export type Did = Branded<'Did'>
/** A record's address, `at://<did>/<collection>/<rkey>`, whose authority is a DID. Minted only by `parseAtUri`. */
export type AtUri = Branded<'AtUri'>
/** A content identifier in its string form. Minted only by `parseCid` and `parseBlobCid`. */
export type Cid = Branded<'Cid'>

/** What a label judges: an account (its DID) or a record (its URI). */
export type SubjectUri = Did | AtUri

/** Returns the DID, or undefined when the text is not one (at most 2,048 characters, per the DID syntax). */
export function parseDid(text: unknown): Did | undefined {
  return typeof text === 'string' && isValidDid(text) ? (text as Did) : undefined
}

/** Returns the record address, or undefined when the text is not `at://<did>/<collection>/<rkey>`. */
export function parseAtUri(text: unknown): AtUri | undefined {
  if (typeof text !== 'string' || !isRecordUri(text)) return undefined
  return text as AtUri
}

/** Returns the CID, or undefined when the text is not one of at most 128 characters. */
export function parseCid(text: unknown): Cid | undefined {
  return typeof text === 'string' && parseCidSafe(text) ? (text as Cid) : undefined
}

/**
 * Returns the CID of a blob, or undefined unless it is CIDv1, raw codec, SHA-256: the only form the network uses for
 * blobs, and the one whose digest is the SHA-256 of the bytes.
 */
export function parseBlobCid(text: unknown): Cid | undefined {
  if (typeof text !== 'string') return undefined
  const cid = parseCidSafe(text, { flavor: 'raw' })
  return cid && isRawCid(cid) ? (text as Cid) : undefined
}

/** Returns the CID of a blob whose bytes have this SHA-256. */
export function blobCidOf(sha256: Uint8Array): Cid {
  return cidForRawHash(sha256).toString() as Cid
}

/** The SHA-256 of a blob's bytes, 64 lower-case hex digits, read from its CID without fetching anything. */
export function sha256OfBlobCid(cid: Cid): string {
  const parsed = parseCidSafe(cid, { flavor: 'raw' })
  if (!parsed) throw new Error(`Expected a raw SHA-256 CID but received ${cid}`)
  return Buffer.from(parsed.multihash.digest).toString('hex')
}

/** Returns the CID of a blob from the SHA-256 of its bytes, 64 hex digits. */
export function blobCidOfSha256(sha256: string): Cid {
  return cidForRawHash(Buffer.from(sha256, 'hex')).toString() as Cid
}

function isRecordUri(text: string): boolean {
  try {
    ensureValidAtUri(text)
  } catch {
    return false
  }
  const parts = text.slice('at://'.length).split('/')
  return parts.length === 3 && isValidDid(parts[0] ?? '') && parts[2] !== ''
}
