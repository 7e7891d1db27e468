import { auditOfFindings } from '../model/audit-of-findings.ts'
import type { Cid } from '../model/ids.ts'
import type { Findings } from '../model/match.ts'
import type { BlobPlace, NewBlob } from '../model/received-blob.ts'
import { type HashedScan, isLasting, type UnscannableScan } from '../model/scan.ts'
import type { Database, Stores } from '../store/database.ts'
import type { Proof } from '../store/match-store.ts'

/** A blob that was sent to us, with all that was found out about it. */
type FoundBlob = Findings & {
  readonly blob: NewBlob
  readonly cid: Cid
  /** Undefined when the decoder was unwell. */
  readonly scan: HashedScan | UnscannableScan | undefined
  readonly outcome: string
  readonly proof: Proof
}

/** What was written: the review of a reported blob, and whether a record is to be fetched. */
type Remembered = { readonly reviewId: number | undefined; readonly hasRecord: boolean }

/**
 * Makes durable what follows from a blob, all of it or nothing: its hashes, so that the pipeline need not fetch it; the
 * review of one that was reported, with its matches; the fetch of its record; the audit rows. One that was not reported
 * and matches nothing calls for nothing, so that only its hashes are kept; a match that is suppressed is one to remember.
 */
export async function rememberBlob(
  database: Pick<Database, 'sharedTransaction'>,
  now: Date,
  found: FoundBlob,
): Promise<Remembered> {
  const { blob, scan, matches, suppressed } = found
  const isFound = matches.length + suppressed.length > 0
  const place = blob.kind === 'report' || isFound ? blob.place : undefined
  const isNew = scan !== undefined && isWorthKeeping(scan)
  if (!isNew && !place) return { reviewId: undefined, hasRecord: false }
  return await database.sharedTransaction(async (stores) => {
    if (isNew) await stores.images.save(found.cid, scan, now.toISOString())
    if (!place) return { reviewId: undefined, hasRecord: false }
    const reviewId =
      blob.kind === 'report' ? await review(stores, place, found, now.toISOString()) : undefined
    await stores.subjectFetches.add(reviewId, place.uri, undefined, now.getTime())
    const action = blob.kind === 'report' ? 'blob.reported' : 'blob.received'
    await stores.audit.append([
      ...auditOfFindings(found, { at: now.toISOString(), subject: place.uri, blob: found.cid }),
      {
        at: now.toISOString(),
        actor: blob.sender,
        action,
        subject: place.uri,
        details: facts(found, reviewId),
      },
    ])
    return { reviewId, hasRecord: true }
  })
}

async function review(
  stores: Stores,
  { uri, did }: BlobPlace,
  { cid, outcome, proof, matches, suppressed }: FoundBlob,
  at: string,
): Promise<number> {
  const { id, isNew } = await stores.reviews.open(uri, did, at)
  if (isNew) {
    await stores.evidence.adopt(id)
    const details = { review: id }
    await stores.audit.append([{ at, actor: 'harrier', action: 'review.opened', subject: uri, details }])
  }
  await stores.evidence.keep(id, { uri, cid, outcome, proof, matches, suppressed }, at)
  return id
}

function facts({ cid, outcome, matches, suppressed }: FoundBlob, reviewId: number | undefined) {
  const nearest = matches[0] && { bank: matches[0].bank, distance: matches[0].distance }
  return {
    cid,
    outcome,
    matches: matches.length,
    ...(suppressed.length > 0 && { suppressed: suppressed.length }),
    ...(nearest ? { nearest } : {}),
    ...(reviewId === undefined ? {} : { review: reviewId }),
  }
}

function isWorthKeeping(scan: HashedScan | UnscannableScan): boolean {
  return !scan.isCached && (scan.kind === 'hashed' || isLasting(scan.reason))
}
