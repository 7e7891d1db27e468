import { type Kysely, sql } from 'kysely'
import type { AtUri, Cid, Did } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import type { CancelReason, ScanJob } from '../model/job.ts'
import { type BlobPlaces, createBlobPlaces } from './blob-places.ts'
import { jobOfRow } from './job-row.ts'
import type { JobState, Schema } from './schema.ts'

/** Which jobs are wanted. Times are epoch milliseconds. */
export type DueJobs = {
  readonly now: number
  /** At most this many jobs, each of another account. */
  readonly limit: number
  /** Accounts that have a job running: none of theirs is wanted, so that an account's images run in order. */
  readonly busy: readonly Did[]
  /** How the images of rescans are taken; as the last, unless told. */
  readonly rescans?: DueRescans
}

/** How a claim is made. Epoch milliseconds. */
export type ClaimOptions = {
  readonly now: number
  /** How long the claim holds: a job of a process that died is free again after it. */
  readonly leaseMs: number
}

/** Which images of rescans are wanted. */
export type DueRescans = {
  /** True gives one of them a place though others wait. */
  readonly hasPlace: boolean
  /** Only those that were due by then, epoch milliseconds: matching knows all that the banks had at that time. */
  readonly dueBy: number
}

/** The queue of images to look at. One row per image of a record version, whatever the stream repeats. */
export interface JobStore extends BlobPlaces {
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
   * Returns the numbers of jobs that are due: reported ones first, then oldest first, then those of rescans. A rescan never goes
   * before another image of its account.
   */
  due(wanted: DueJobs): Promise<number[]>
  /** Claims those of these jobs that still wait, in the order of `due`, and counts the attempt before it starts. */
  claim(ids: readonly number[], options: ClaimOptions): Promise<ScanJob[]>
  /** Frees every claim: for the start of the only process that works on this store. Returns how many there were. */
  releaseClaims(): Promise<number>
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

    async due({ now, limit, busy, rescans = { hasPlace: false, dueBy: now } }) {
      // More rows than wanted, since several may be of one account and only its first is taken. Written out, since every job
      // that ends comes by here.
      const { rows: due } = await sql<{ id: number; did: string }>`SELECT id, did FROM jobs
        WHERE state = 'pending' AND priority >= 0 AND run_after <= ${now} AND claimed_until <= ${now}
          AND did NOT IN (SELECT value FROM json_each(${JSON.stringify(busy)}))
        ORDER BY priority DESC, run_after, id LIMIT ${limit * 8}`.execute(db)
      const others = firstOfEachAccount(due).slice(0, limit)
      const room = Math.max(limit - others.length, rescans.hasPlace ? 1 : 0)
      const rescanned = room > 0 ? await dueRescans(db, { now, busy, limit: room, dueBy: rescans.dueBy }) : []
      return [...others.slice(0, limit - rescanned.length), ...rescanned]
    },

    async claim(ids, { now, leaseMs }) {
      const rows = await db
        .updateTable('jobs')
        .set((set) => ({ claimed_until: now + leaseMs, attempts: set('attempts', '+', 1) }))
        .where('id', 'in', ids)
        .where('state', '=', 'pending')
        .where('claimed_until', '<=', now)
        .returningAll()
        .execute()
      return rows.sort((a, b) => b.priority - a.priority || a.id - b.id).map(jobOfRow)
    },

    async releaseClaims() {
      const result = await db
        .updateTable('jobs')
        .set({ claimed_until: 0 })
        .where('claimed_until', '>', 0)
        .executeTakeFirst()
      return Number(result.numUpdatedRows)
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

/**
 * Returns the first job that is due of each rescanned account that is not busy and has no other image that is due. An account
 * may have a hundred thousand of them: each is found by one step through the index, however many there are.
 */
async function dueRescans(
  db: Kysely<Schema>,
  { now, busy, limit, dueBy }: { now: number; busy: readonly Did[]; limit: number; dueBy: number },
): Promise<number[]> {
  // By name: another index on the accounts would be gone through for one that has a rescan, with all that ever ended in it.
  const { rows } = await sql<{ id: number | null }>`WITH RECURSIVE accounts (did) AS (
      SELECT min(did) FROM jobs INDEXED BY jobs_rescans WHERE state = 'pending' AND priority < 0
      UNION ALL
      SELECT (SELECT min(did) FROM jobs INDEXED BY jobs_rescans
        WHERE state = 'pending' AND priority < 0 AND did > accounts.did)
      FROM accounts WHERE accounts.did IS NOT NULL)
    SELECT (SELECT id FROM jobs WHERE did = accounts.did AND state = 'pending' AND priority < 0
      AND run_after <= ${Math.min(now, dueBy)} AND claimed_until <= ${now} ORDER BY run_after, id LIMIT 1) AS id
    FROM accounts
    WHERE did IS NOT NULL AND did NOT IN (SELECT value FROM json_each(${JSON.stringify(busy)}))
      AND NOT EXISTS (SELECT 1 FROM jobs WHERE did = accounts.did AND state = 'pending' AND priority >= 0
        AND run_after <= ${now})
    ORDER BY id LIMIT ${limit + busy.length}`.execute(db)
  return rows.flatMap(({ id }) => id ?? []).slice(0, limit)
}

function firstOfEachAccount(rows: readonly { readonly id: number; readonly did: string }[]): number[] {
  const seen = new Set<string>()
  return rows.filter(({ did }) => !seen.has(did) && seen.add(did)).map(({ id }) => id)
}

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
