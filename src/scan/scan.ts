/*
 * Looks at one image: finds its host, downloads it, hashes it.
 *
 * Owns: fetching blobs, decoding, hashing, and the processes that decoding happens in.
 * Leaves to others: what a hash means (match/), where results are kept (the caller hands in `loadScan` and stores what
 * comes out), when to try again (every error says whether it may pass), who asks and how often.
 * Invariants: it stores nothing, so it can be repeated freely; bytes are hashed only when they are those of the CID;
 * hostile bytes are decoded only in a confined child process; no image bytes outlive the call.
 *
 * hash-bytes.ts   the same for bytes that were sent to us, without the download
 * fetch-blob.ts   one download: bounded, verified, fair between hosts
 * hash-pool.ts    the queue and its processes; hash-child.ts one of them; confine-child.ts what it may do;
 *                 watch-memory.ts what it may hold; hash-message.ts what it may say; hash-pipe.ts what carries it
 * hash-process.ts the child's entry; serve-images.ts its loop; then hash-image.ts: sniff-format.ts, decode-image.ts
 *                 (memory-estimate.ts, trim-webp.ts, pick-frames.ts), looks.ts (orient-view.ts, has-transparency.ts)
 * pdq-kernel.ts   PDQ in WebAssembly (pdq-wasm, pdq-staging; sources in src/kernels/assembly); pdq.ts is the plain
 *                 reference beside it (pdq-luma, pdq-blur, pdq-dct, pdq-turns), bit for bit the same
 */
import { createCoalescer } from '../lib/coalesce.ts'
import { RefusedAddressError, type SafeFetch, TooManyRedirectsError } from '../lib/safe-fetch.ts'
import type { HashPlan } from '../model/hash-plan.ts'
import type { Cid, Did } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import {
  type HashedScan,
  noTimings,
  type ScanResult,
  type ScanTimings,
  type UnavailableReason,
  type UnscannableScan,
} from '../model/scan.ts'
import { createFetchBlob, type FetchBlobOptions } from './fetch-blob.ts'
import { isEnough } from './hash-bytes.ts'
import type { HashPool } from './hash-pool.ts'

/** What a scan needs. */
export type ScanDeps = {
  /** Returns the origin of the account's host, or undefined when there is none. */
  readonly resolvePds: (did: Did, signal: AbortSignal) => Promise<string | undefined>
  /** Returns what is known of a blob from an earlier scan, on whatever account. */
  readonly loadScan: (cid: Cid) => Promise<HashedScan | UnscannableScan | undefined>
  /** Which looks at an image are wanted now; an image that is known by fewer is looked at anew. */
  readonly plan: () => HashPlan
  readonly fetch: SafeFetch
  readonly pool: Pick<HashPool, 'hash'>
}

/** Limits of a scan. */
export type ScanOptions = FetchBlobOptions

/** Looks at one image. Rejects only with errors that may be retried, or with the signal's reason. */
export type ScanImage = (image: Pick<ImageRef, 'did' | 'cid'>, signal: AbortSignal) => Promise<ScanResult>

/** Returns the scanner. Concurrent scans of one blob of one account share a download. */
export function createScanImage(deps: ScanDeps, options: ScanOptions): ScanImage {
  const fetchBlob = createFetchBlob(deps.fetch, options)
  const share = createCoalescer<ScanResult>()

  return async (image, signal) => {
    const plan = deps.plan()
    const known = await deps.loadScan(image.cid)
    if (known && isEnough(known, plan)) return { ...known, timings: noTimings, isCached: true }
    const key = `${image.did} ${image.cid} ${JSON.stringify(plan)}`
    return await share(key, signal, async (shared) => await scanAnew(image, plan, shared))
  }

  async function scanAnew(
    image: Pick<ImageRef, 'did' | 'cid'>,
    plan: HashPlan,
    signal: AbortSignal,
  ): Promise<ScanResult> {
    const startedAt = performance.now()
    let timings: ScanTimings = noTimings
    try {
      const pds = await deps.resolvePds(image.did, signal)
      timings = { ...timings, resolveMs: performance.now() - startedAt }
      if (pds === undefined) return { kind: 'unavailable', reason: 'no-account', timings }
      const blob = await fetchBlob({ pds, did: image.did, cid: image.cid }, signal)
      timings = { ...timings, fetchMs: performance.now() - startedAt - timings.resolveMs }
      if (blob.kind === 'unavailable') return { ...blob, timings }
      const { decodeMs, hashMs, ...outcome } = await deps.pool.hash(blob.bytes, plan, signal)
      const done = { timings: { ...timings, decodeMs, hashMs }, isCached: false }
      return outcome.kind === 'hashed' ? { ...outcome, ...done, plan } : { ...outcome, ...done }
    } catch (error) {
      const reason = refusalOf(error)
      if (reason) return { kind: 'unavailable', reason, timings }
      throw error
    }
  }
}

/** Translates the two errors that say where the host, or a redirect, wants to send us. */
function refusalOf(error: unknown): UnavailableReason | undefined {
  if (error instanceof RefusedAddressError) return 'refused-address'
  return error instanceof TooManyRedirectsError ? 'too-many-redirects' : undefined
}
