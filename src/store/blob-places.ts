import { type Kysely, sql } from 'kysely'
import type { AtUri, Cid } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import { jobOfRow } from './job-row.ts'
import type { Schema } from './schema.ts'

/** Where blobs were seen, as the queue of images knows it. */
export interface BlobPlaces {
  /** Returns the images of a version of a record that were ever queued: the first 100. */
  blobsOf(uri: AtUri, recordCid: Cid): Promise<Cid[]>
  /** Returns the version of a record that was queued last; undefined when it was never seen. */
  lastVersionOf(uri: AtUri): Promise<Cid | undefined>
  /** Returns where a blob was seen, an image of each account, the one that was seen last. */
  placesOf(cid: Cid, limit: number): Promise<ImageRef[]>
  /**
   * Has the other records that show a blob looked at again, where that ended and did not find this content: a hash that is known
   * now was not when they were looked at. They go before the stream's. Returns how many; at most 1,000 a call.
   */
  lookAgain(cid: Cid, contentId: number, now: number): Promise<number>
}

/** Returns the functions over a connection or a transaction. */
export function createBlobPlaces(db: Kysely<Schema>): BlobPlaces {
  return {
    async blobsOf(uri, recordCid) {
      const rows = await db
        .selectFrom('jobs')
        .select('blob_cid')
        .where('uri', '=', uri)
        .where('record_cid', '=', recordCid)
        .orderBy('id')
        .limit(100)
        .execute()
      return rows.map((row) => row.blob_cid as Cid)
    },

    async lastVersionOf(uri) {
      const row = await db
        .selectFrom('jobs')
        .select('record_cid')
        .where('uri', '=', uri)
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row?.record_cid as Cid | undefined
    },

    async placesOf(cid, limit) {
      const rows = await db
        .selectFrom('jobs')
        .selectAll()
        .where('blob_cid', '=', cid)
        .where('id', 'in', (select) =>
          select
            .selectFrom('jobs')
            .select(({ fn }) => fn.max('id').as('id'))
            .where('blob_cid', '=', cid)
            .groupBy('did'),
        )
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map((row) => jobOfRow(row).image)
    },

    async lookAgain(cid, contentId, now) {
      const result = await sql`UPDATE jobs
        SET state = 'pending', attempts = 0, run_after = ${now}, priority = 1, outcome = NULL, done_at = NULL
        WHERE id IN (SELECT id FROM jobs WHERE blob_cid = ${cid} AND state = 'done' AND NOT EXISTS (
          SELECT 1 FROM matches WHERE matches.job_id = jobs.id AND matches.content_id = ${contentId}) LIMIT 1000)`.execute(
        db,
      )
      return Number(result.numAffectedRows ?? 0)
    },
  }
}
