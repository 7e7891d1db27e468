import type { Kysely } from 'kysely'
import type { ImageHash } from '../model/hash.ts'
import type { HashPlan } from '../model/hash-plan.ts'
import type { Cid } from '../model/ids.ts'
import type { ImageFormat } from '../model/image.ts'
import { type HashedScan, noTimings, type UnscannableReason, type UnscannableScan } from '../model/scan.ts'
import type { NewRow, Row, Schema } from './schema.ts'

/** What is known of a blob's bytes, by CID: the same bytes anywhere on the network are hashed once. */
export interface ImageStore {
  /** Returns the stored outcome, marked as cached, or undefined when the CID was never scanned. */
  load(cid: Cid): Promise<HashedScan | UnscannableScan | undefined>
  /** Stores an outcome in place of an earlier one, which had fewer looks at the same bytes. */
  save(cid: Cid, scan: HashedScan | UnscannableScan, scannedAt: string): Promise<void>
}

/** Returns the image table's functions over a connection or a transaction. */
export function createImageStore(db: Kysely<Schema>): ImageStore {
  return {
    async load(cid) {
      const row = await db.selectFrom('images').selectAll().where('cid', '=', cid).executeTakeFirst()
      return row && scanOfRow(row)
    },

    async save(cid, scan, scannedAt) {
      const row = rowOfScan(cid, scan, scannedAt)
      await db
        .insertInto('images')
        .values(row)
        .onConflict((conflict) => conflict.column('cid').doUpdateSet(row))
        .execute()
    },
  }
}

/** Returns the outcome that a row holds, marked as cached. */
export function scanOfRow(row: Row<'images'>): HashedScan | UnscannableScan {
  if (row.outcome === 'unscannable') {
    return {
      kind: 'unscannable',
      reason: row.reason as UnscannableReason,
      timings: noTimings,
      isCached: true,
    }
  }
  return {
    kind: 'hashed',
    facts: {
      format: row.format as ImageFormat,
      width: row.width ?? 0,
      height: row.height ?? 0,
      size: row.size ?? 0,
    },
    hashes: JSON.parse(row.hashes) as ImageHash[],
    plan: JSON.parse(row.plan ?? 'null') as HashPlan,
    timings: noTimings,
    isCached: true,
  }
}

function rowOfScan(cid: Cid, scan: HashedScan | UnscannableScan, scannedAt: string): NewRow<'images'> {
  const facts = scan.kind === 'hashed' ? scan.facts : undefined
  return {
    cid,
    outcome: scan.kind,
    reason: scan.kind === 'unscannable' ? scan.reason : null,
    format: facts?.format ?? null,
    width: facts?.width ?? null,
    height: facts?.height ?? null,
    size: facts?.size ?? null,
    hashes: JSON.stringify(scan.kind === 'hashed' ? scan.hashes : []),
    plan: scan.kind === 'hashed' ? JSON.stringify(scan.plan) : null,
    scanned_at: scannedAt,
  }
}
