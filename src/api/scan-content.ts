import { hash } from 'node:crypto'
import type { CallerScan, CallerSearch, ScannedForCaller } from '../model/caller-scan.ts'
import type { DigestHash } from '../model/hash.ts'
import { blobCidOfSha256, type Cid, type Did, sha256OfBlobCid } from '../model/ids.ts'
import { type HashedScan, isLasting, type ScanResult, type UnscannableScan } from '../model/scan.ts'
import type { Database } from '../store/database.ts'
import type { LookUp } from './look-up.ts'

/** What looking at images for callers needs. */
export type ScanContentDeps = {
  readonly database: Pick<Database, 'sharedTransaction'>
  /** Looks at bytes that are in hand. */
  readonly hashBytes: (
    cid: Cid,
    bytes: Uint8Array,
    signal: AbortSignal,
  ) => Promise<HashedScan | UnscannableScan>
  /** Looks at a blob of an account, as the pipeline does. */
  readonly scanImage: (
    image: { readonly did: Did; readonly cid: Cid },
    signal: AbortSignal,
  ) => Promise<ScanResult>
  readonly lookUp: LookUp
  readonly now: () => Date
}

/** Looks at images for callers. Both reject with an `AppError` that may be retried, or with the signal's reason. */
export type ScanContent = {
  /** Looks at bytes that were sent. Nothing of them is kept. */
  readonly scanSent: (
    bytes: Uint8Array,
    search: CallerSearch,
    signal: AbortSignal,
  ) => Promise<ScannedForCaller>
  /**
   * Looks at a blob: by its CID when a bank has that, by what is known of it, or else by what the account's host sends.
   * What is found out then is kept, as for any blob of the network.
   */
  readonly scanBlob: (
    place: { readonly did: Did; readonly cid: Cid },
    search: CallerSearch,
    signal: AbortSignal,
  ) => Promise<CallerScan>
}

/** Returns the functions that look at images for callers. */
export function createScanContent(deps: ScanContentDeps): ScanContent {
  const { database, hashBytes, scanImage, lookUp, now } = deps

  return {
    async scanSent(bytes, search, signal) {
      const sha256 = digest('sha256', bytes)
      const cid = blobCidOfSha256(sha256.value)
      const scan = await hashBytes(cid, bytes, signal)
      // What cannot be decoded may be known all the same.
      const hashes =
        scan.kind === 'hashed' ? scan.hashes : [digest('md5', bytes), digest('sha1', bytes), sha256]
      return { ...resultOf(cid, scan), hashes, matches: await lookUp.matchImage(hashes, search) }
    },

    async scanBlob({ did, cid }, search, signal) {
      const sha256: DigestHash = { type: 'sha256', value: sha256OfBlobCid(cid), quality: 100 }
      const known = await lookUp.matchImage([sha256], search)
      if (known.length > 0) {
        const nothing = { facts: undefined, reason: undefined }
        return { kind: 'scanned', cid, isKnown: true, ...nothing, hashes: [sha256], matches: known }
      }
      const scan = await scanImage({ did, cid }, signal)
      if (scan.kind === 'unavailable') return { kind: 'unavailable', reason: scan.reason }
      if (scan.kind === 'digest-only') throw new Error('Expected a scan that looked at the bytes')
      if (isWorthKeeping(scan))
        await database.sharedTransaction(({ images }) => images.save(cid, scan, now().toISOString()))
      const hashes = scan.kind === 'hashed' ? scan.hashes : [sha256]
      const matches = scan.kind === 'hashed' ? await lookUp.matchImage(hashes, search) : known
      return { ...resultOf(cid, scan), hashes, matches }
    },
  }
}

function resultOf(
  cid: Cid,
  scan: HashedScan | UnscannableScan,
): Omit<ScannedForCaller, 'hashes' | 'matches'> {
  const facts = scan.kind === 'hashed' ? scan.facts : undefined
  const reason = scan.kind === 'unscannable' ? scan.reason : undefined
  return { kind: 'scanned', cid, isKnown: scan.isCached, facts, reason }
}

function isWorthKeeping(scan: HashedScan | UnscannableScan): boolean {
  return !scan.isCached && (scan.kind === 'hashed' || isLasting(scan.reason))
}

function digest(type: DigestHash['type'], bytes: Uint8Array): DigestHash {
  return { type, value: hash(type, bytes), quality: 100 }
}
