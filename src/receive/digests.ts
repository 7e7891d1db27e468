import { hash } from 'node:crypto'
import type { DigestHash } from '../model/hash.ts'

/** Returns a digest of bytes, as hashing them would. */
export function digest(type: DigestHash['type'], bytes: Uint8Array): DigestHash {
  return { type, value: hash(type, bytes), quality: 100 }
}

/** Returns the digests beside the SHA-256 that banks may hold, for bytes that could not be hashed; a hashed scan has its own. */
export function oldDigests(bytes: Uint8Array): DigestHash[] {
  return [digest('md5', bytes), digest('sha1', bytes)]
}
