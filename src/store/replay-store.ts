import { type Kysely, type SqlBool, sql } from 'kysely'
import { type StoredEffect, standingStates } from '../model/effect.ts'
import type { Cid, Did } from '../model/ids.ts'
import type { ScanJob } from '../model/job.ts'
import type { HashedScan, UnscannableScan } from '../model/scan.ts'
import { effectOfRow } from './effect-row.ts'
import { scanOfRow } from './image-store.ts'
import { jobOfRow } from './job-row.ts'
import type { Schema } from './schema.ts'

/** A job that was done, and when (ISO 8601). */
export type DoneJob = ScanJob & { readonly doneAt: string }

/** What looking again at many images takes: nothing here writes. */
export interface ReplayStore {
  /**
   * Returns jobs that were done since a time (ISO 8601), by account, record, version and blob, after one of them: what is about one
   * account comes together, whenever it was.
   */
  done(since: string, after: DoneJob | undefined, limit: number): Promise<DoneJob[]>
  countDone(since: string): Promise<number>
  /** Returns what is known of the bytes of blobs; those that were never scanned are left out. */
  scans(cids: readonly Cid[]): Promise<ReadonlyMap<Cid, HashedScan | UnscannableScan>>
  /** Returns up to `limit` effects in an account that matches called for and that stand, after an id, by id. */
  standing(did: Did, afterId: number, limit: number): Promise<StoredEffect[]>
  /** Returns how many there are in all accounts. */
  countStanding(): Promise<number>
}

/** Returns the functions over a connection. */
export function createReplayStore(db: Kysely<Schema>): ReplayStore {
  return {
    async done(since, after, limit) {
      const rows = await db
        .selectFrom('jobs')
        .selectAll()
        .$if(after !== undefined, (query) => query.where(comesAfter(after as DoneJob)))
        .where(doneSince(since))
        .orderBy('uri')
        .orderBy('record_cid')
        .orderBy('blob_cid')
        .limit(limit)
        .execute()
      return rows.map((row) => ({ ...jobOfRow(row), doneAt: row.done_at ?? since }))
    },

    async countDone(since) {
      const { n } = await db
        .selectFrom('jobs')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .where(doneSince(since))
        .executeTakeFirstOrThrow()
      return n
    },

    async scans(cids) {
      const rows = await db
        .selectFrom('images')
        .selectAll()
        .where(sql<SqlBool>`cid IN (SELECT value FROM json_each(${JSON.stringify(cids)}))`)
        .execute()
      return new Map(rows.map((row) => [row.cid as Cid, scanOfRow(row)]))
    },

    async standing(did, afterId, limit) {
      const found = await db
        .selectFrom('effects')
        .selectAll()
        .where('did', '=', did)
        .where('id', '>', afterId)
        .where('content_id', 'is not', null)
        .where('state', 'in', standingStates)
        .orderBy('id')
        .limit(limit)
        .execute()
      return found.map(effectOfRow)
    },

    async countStanding() {
      const { n } = await db
        .selectFrom('effects')
        .select(({ fn }) => fn.countAll<number>().as('n'))
        .where('content_id', 'is not', null)
        .where('state', 'in', standingStates)
        .executeTakeFirstOrThrow()
      return n
    },
  }
}

function comesAfter({ image }: DoneJob) {
  return sql<SqlBool>`(uri, record_cid, blob_cid) > (${image.uri}, ${image.recordCid}, ${image.cid})`
}

/** The index by time would have all of it sorted anew for every page. */
function doneSince(since: string) {
  return sql<SqlBool>`+state = 'done' AND +done_at >= ${since}`
}
