import { type Kysely, sql } from 'kysely'
import type { AtUri, Cid, Did } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import type { CancelReason } from '../model/job.ts'
import { type BlobPlaces, createBlobPlaces } from './blob-places.ts'
import { createJobClaims, type JobClaims } from './job-claims.ts'
import type { JobState, Schema } from './schema.ts'

/** The queue of images to look at. One row per image of a record version, whatever the stream repeats. */
export interface JobStore extends BlobPlaces, JobClaims {
  /**
   * Adds images in order. One that waits, is done or is dead already is left as it is, but one that waits for a rescan is
   * the stream's from now on; one that was cancelled is pending again, since a record can come back as it was. Returns how
   * many are pending, or go sooner, because of this call.
   */
  enqueue(images: readonly ImageRef[], seenAt: string, now: number): Promise<number>
  /**
   * Adds images of a reported subject ahead of the stream's, in order. One that was looked at before is looked at again,
   * since the banks may hold more by now; one that waits already goes first.
   */
  enqueueReported(images: readonly ImageRef[], seenAt: string, now: number): Promise<void>
  /**
   * Adds images of a rescan, in order, behind the stream's. One that has ended, however, is looked at again; one that waits
   * or is being looked at is left as it is. Returns how many wait because of this call.
   */
  enqueueRescan(images: readonly ImageRef[], seenAt: string, now: number): Promise<number>
  /**
   * Ends a job as done, or as dead when a person should look at how it ended. Resolves to false, having written
   * nothing, when it was cancelled or ended meanwhile.
   */
  end(id: number, state: 'done' | 'dead', outcome: string, doneAt: string): Promise<boolean>
  /** Puts a job back until `runAfter` (epoch milliseconds), with the error that made it so. */
  retry(id: number, error: string, runAfter: number): Promise<void>
  /** Cancels the pending jobs of a record, except those of version `keep`. */
  cancelRecord(uri: AtUri, keep: Cid | undefined, reason: CancelReason, doneAt: string): Promise<void>
  /** Cancels the pending jobs of an account. */
  cancelAccount(did: Did, doneAt: string): Promise<void>
  /** Revives the jobs that `cancelAccount` cancelled. */
  reviveAccount(did: Did, now: number): Promise<void>
  /** Returns how many jobs are in each state. */
  counts(): Promise<Readonly<Record<JobState, number>>>
  /** Deletes done and cancelled jobs that ended before a time (ISO 8601); dead ones stay. Returns how many. */
  prune(before: string, limit: number): Promise<number>
}

/** Returns the job table's functions over a connection or a transaction. */
export function createJobStore(db: Kysely<Schema>): JobStore {
  return {
    ...createBlobPlaces(db),
    ...createJobClaims(db),

    async enqueue(images, seenAt, now) {
      let added = 0
      for (let from = 0; from < images.length; from += rowsAtOnce) {
        const rows = images
          .slice(from, from + rowsAtOnce)
          .map((image) => ({ ...rowOfImage(image), seen_at: seenAt, run_after: now }))
        const result = await db
          .insertInto('jobs')
          .values(rows)
          .onConflict((conflict) =>
            conflict
              .columns(['uri', 'record_cid', 'blob_cid'])
              .doUpdateSet({
                state: 'pending',
                attempts: attemptsAnew,
                run_after: now,
                priority: sql<number>`max(jobs.priority, 0)`,
                outcome: null,
                done_at: null,
              })
              .where((where) =>
                where.or([
                  where('jobs.state', '=', 'cancelled'),
                  where.and([where('jobs.state', '=', 'pending'), where('jobs.priority', '<', 0)]),
                ]),
              ),
          )
          .executeTakeFirst()
        added += Number(result.numInsertedOrUpdatedRows ?? 0)
      }
      return added
    },

    async enqueueReported(images, seenAt, now) {
      for (const image of images) {
        await db
          .insertInto('jobs')
          .values({ ...rowOfImage(image), priority: 1, seen_at: seenAt, run_after: now })
          .onConflict((conflict) =>
            conflict.columns(['uri', 'record_cid', 'blob_cid']).doUpdateSet({
              priority: 1,
              run_after: now,
              seen_at: seenAt,
              attempts: attemptsAnew,
              state: 'pending',
              outcome: null,
              done_at: null,
            }),
          )
          .execute()
      }
    },

    async enqueueRescan(images, seenAt, now) {
      let added = 0
      for (let from = 0; from < images.length; from += rowsAtOnce) {
        const rows = images
          .slice(from, from + rowsAtOnce)
          .map((image) => ({ ...rowOfImage(image), priority: -1, seen_at: seenAt, run_after: now }))
        const result = await db
          .insertInto('jobs')
          .values(rows)
          .onConflict((conflict) =>
            conflict
              .columns(['uri', 'record_cid', 'blob_cid'])
              .doUpdateSet({
                state: 'pending',
                attempts: 0,
                run_after: now,
                seen_at: seenAt,
                priority: -1,
                outcome: null,
                done_at: null,
              })
              .where('jobs.state', '!=', 'pending'),
          )
          .executeTakeFirst()
        added += Number(result.numInsertedOrUpdatedRows ?? 0)
      }
      return added
    },

    async end(id, state, outcome, doneAt) {
      const result = await db
        .updateTable('jobs')
        .set({ state, outcome, done_at: doneAt, claimed_until: 0 })
        .where('id', '=', id)
        .where('state', '=', 'pending')
        .executeTakeFirst()
      return result.numUpdatedRows === 1n
    },

    async retry(id, error, runAfter) {
      await db
        .updateTable('jobs')
        .set({ run_after: runAfter, claimed_until: 0, outcome: error })
        .where('id', '=', id)
        .where('state', '=', 'pending')
        .execute()
    },

    async cancelRecord(uri, keep, reason, doneAt) {
      await db
        .updateTable('jobs')
        .set({ state: 'cancelled', claimed_until: 0, outcome: reason, done_at: doneAt })
        .where('uri', '=', uri)
        .where('state', '=', 'pending')
        .$if(keep !== undefined, (query) => query.where('record_cid', '!=', keep as string))
        .execute()
    },

    async cancelAccount(did, doneAt) {
      const reason: CancelReason = 'account-inactive'
      await db
        .updateTable('jobs')
        .set({ state: 'cancelled', claimed_until: 0, outcome: reason, done_at: doneAt })
        .where('did', '=', did)
        .where('state', '=', 'pending')
        .execute()
    },

    async reviveAccount(did, now) {
      const reason: CancelReason = 'account-inactive'
      await db
        .updateTable('jobs')
        .set({ state: 'pending', run_after: now, attempts: 0, outcome: null, done_at: null })
        .where('did', '=', did)
        .where('state', '=', 'cancelled')
        .where('outcome', '=', reason)
        .execute()
    },

    async counts() {
      const rows = await db
        .selectFrom('jobs')
        .select(['state', (select) => select.fn.countAll<number>().as('n')])
        .groupBy('state')
        .execute()
      return {
        pending: 0,
        done: 0,
        cancelled: 0,
        dead: 0,
        ...Object.fromEntries(rows.map((row) => [row.state, row.n])),
      }
    },

    async prune(before, limit) {
      const result = await sql`DELETE FROM jobs WHERE id IN (SELECT id FROM jobs
        WHERE state IN ('done', 'cancelled') AND done_at < ${before} LIMIT ${limit})`.execute(db)
      return Number(result.numAffectedRows ?? 0)
    },
  }
}

/** The most rows of one statement, which a writer in another process may have to wait for. */
const rowsAtOnce = 100

/** A job that has ended begins its attempts anew. */
const attemptsAnew = sql<number>`CASE jobs.state WHEN 'pending' THEN jobs.attempts ELSE 0 END`

function rowOfImage(image: ImageRef) {
  return {
    did: image.did,
    uri: image.uri,
    record_cid: image.recordCid,
    blob_cid: image.cid,
    shown_as: image.use,
    mime_type: image.mimeType,
    size: image.size ?? null,
  }
}
