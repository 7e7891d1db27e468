/**
 * The front door for bytes that others send us: hashes and matches them, and lets what they call for happen.
 *
 * Owns: what is known of the bytes, and that a report or a match is durable before its sender hears of it. Leaves to
 * others: who may send (the listener has checked that), the effects of a match (the record is fetched, and its images go
 * through the pipeline like the stream's, which finds the hashes by CID and does not fetch the blob again).
 * Invariants: no bytes are kept; a report is never refused for what its bytes are, or because the decoder is unwell.
 */
import { createDeadline } from '../lib/deadline.ts'
import { AppError } from '../lib/errors.ts'
import { shareOf } from '../lib/share.ts'
import type { ImageHash } from '../model/hash.ts'
import { blobCidOfSha256, type Cid } from '../model/ids.ts'
import type { Findings } from '../model/match.ts'
import type { NewBlob, ReceivedBlob } from '../model/received-blob.ts'
import { type HashedScan, outcomeOf, type UnscannableScan } from '../model/scan.ts'
import type { Database } from '../store/database.ts'
import type { Proof } from '../store/match-store.ts'
import { digest, oldDigests } from './digests.ts'
import { rememberBlob } from './remember-blob.ts'

/** What receiving needs. */
export type ReceiveBlobDeps = {
  readonly database: Pick<Database, 'sharedTransaction'>
  readonly hashBytes: (
    cid: Cid,
    bytes: Uint8Array,
    signal: AbortSignal,
  ) => Promise<HashedScan | UnscannableScan>
  readonly matchHashes: (
    hashes: readonly ImageHash[],
    options: { readonly coin: number },
  ) => Promise<Findings>
  /** The digest of the policy, and how far the indexes have followed the banks. */
  readonly versions: () => Omit<Proof, 'hashes'>
  /** Called after a record was queued to be fetched; must not throw. */
  readonly onRecord: () => void
  readonly now: () => Date
}

/** `timeoutMs` is the longest that hashing may take, the wait for a decoder included. */
export type ReceiveBlobOptions = { readonly timeoutMs: number }

/** Receives a blob. @throws an `AppError` that may be retried when a blob that was not reported could not be looked at. */
export type ReceiveBlob = (blob: NewBlob) => Promise<ReceivedBlob>

/** Returns the function that receives blobs. */
export function createReceiveBlob(deps: ReceiveBlobDeps, options: ReceiveBlobOptions): ReceiveBlob {
  return async (blob) => {
    const sha256 = digest('sha256', blob.bytes)
    const cid = blobCidOfSha256(sha256.value)
    const scan = await scanBytes(deps, options, cid, blob.bytes)
    const hashes = scan.kind === 'hashed' ? scan.hashes : [...oldDigests(blob.bytes), sha256]
    // As the pipeline has it, so that both say the same of an image.
    const { matches, suppressed } = await deps.matchHashes(hashes, { coin: shareOf(sha256.value) })
    if (scan.kind === 'unhashed' && blob.kind === 'scan' && matches.length === 0) throw scan.error
    const outcome = scan.kind === 'unhashed' ? `unhashed:${scan.error.name}` : outcomeOf(scan)
    const known = scan.kind === 'unhashed' ? undefined : scan
    const { reviewId, hasRecord } = await rememberBlob(deps.database, deps.now(), {
      blob,
      cid,
      scan: known,
      outcome,
      proof: { hashes, ...deps.versions() },
      matches,
      suppressed,
    })
    if (hasRecord) deps.onRecord()
    return { cid, outcome, hashes, matches, reviewId }
  }
}

type Unhashed = { readonly kind: 'unhashed'; readonly error: AppError }

async function scanBytes(
  { hashBytes }: ReceiveBlobDeps,
  { timeoutMs }: ReceiveBlobOptions,
  cid: Cid,
  bytes: Uint8Array,
): Promise<HashedScan | UnscannableScan | Unhashed> {
  const deadline = createDeadline(timeoutMs)
  try {
    return await hashBytes(cid, bytes, deadline)
  } catch (cause) {
    if (cause instanceof AppError && cause.shouldRetry()) return { kind: 'unhashed', error: cause }
    if (!deadline.aborted) throw cause
    const message = `Expected the picture to be hashed within ${timeoutMs} ms`
    return { kind: 'unhashed', error: new HashWaitError('timeout', message, { cause }) }
  }
}

/** The picture waited for a decoder for too long. */
class HashWaitError extends AppError {
  override readonly name = 'HashWaitError'
}
