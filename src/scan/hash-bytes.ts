import { coversPlan, type HashPlan } from '../model/hash-plan.ts'
import type { Cid } from '../model/ids.ts'
import { type HashedScan, noTimings, type UnscannableScan } from '../model/scan.ts'
import type { HashPool } from './hash-pool.ts'

/** What hashing bytes that were sent to us needs, as `ScanDeps`. */
export type HashBytesDeps = {
  readonly loadScan: (cid: Cid) => Promise<HashedScan | UnscannableScan | undefined>
  readonly plan: () => HashPlan
  readonly pool: Pick<HashPool, 'hash'>
}

/** Looks at bytes whose CID is known. Rejects as `HashPool.hash` does. */
export type HashBytes = (
  cid: Cid,
  bytes: Uint8Array,
  signal: AbortSignal,
) => Promise<HashedScan | UnscannableScan>

/** Returns the scanner of bytes that are in hand already: what is known of their CID is not hashed again. */
export function createHashBytes({ loadScan, plan: planNow, pool }: HashBytesDeps): HashBytes {
  return async (cid, bytes, signal) => {
    const plan = planNow()
    const known = await loadScan(cid)
    if (known && isEnough(known, plan)) return { ...known, timings: noTimings, isCached: true }
    const { decodeMs, hashMs, ...outcome } = await pool.hash(bytes, plan, signal)
    const done = { timings: { ...noTimings, decodeMs, hashMs }, isCached: false }
    return outcome.kind === 'hashed' ? { ...outcome, ...done, plan } : { ...outcome, ...done }
  }
}

/** Tells whether what is known of a blob holds all that a plan asks for. */
export function isEnough(known: HashedScan | UnscannableScan, plan: HashPlan): boolean {
  return known.kind === 'unscannable' || coversPlan(known.plan, plan)
}
