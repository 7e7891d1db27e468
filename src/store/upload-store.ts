import { type Kysely, sql } from 'kysely'
import type { Cid, Did } from '../model/ids.ts'
import type { LookReason, UnjudgedUpload, UploadRecheck } from '../model/upload.ts'
import type { Schema } from './schema.ts'

/** States of a row in `uploads`. */
export const uploadStates = ['pending', 'done', 'dead'] as const

/** One member of `uploadStates`. */
export type UploadState = (typeof uploadStates)[number]

/** Uploads that the gate passed without a verdict, and blobs that apps announced and that match, a row for each blob of an account. Times are epoch milliseconds. */
export interface UploadStore {
  /**
   * Remembers an upload that is to be looked for from `runAfter` on; one that was looked for before is looked for again.
   * One of nobody that is known cannot be: it is dead at once, for a person.
   */
  add(
    upload: Omit<UnjudgedUpload, 'reason'> & { readonly reason: LookReason },
    receivedAt: string,
    runAfter: number,
  ): Promise<void>
  /** Returns uploads that are due, each of another account and none of `busy`, and counts the attempt. */
  claim(now: number, limit: number, busy: readonly Did[]): Promise<UploadRecheck[]>
  /** Ends an upload as done, or as dead when a person should look at how it ended. */
  end(id: number, state: 'done' | 'dead', outcome: string, doneAt: string): Promise<void>
  /** Puts an upload back until `runAfter`. */
  retry(id: number, outcome: string, runAfter: number): Promise<void>
  /** Returns how many uploads are in each state. */
  counts(): Promise<Readonly<Record<UploadState, number>>>
}

/** Returns the upload table's functions over a connection or a transaction. */
export function createUploadStore(db: Kysely<Schema>): UploadStore {
  return {
    async add({ did, cid, size, reason }, receivedAt, runAfter) {
      const known =
        did === undefined
          ? { state: 'dead' as const, outcome: 'no-account', done_at: receivedAt }
          : { state: 'pending' as const, outcome: null, done_at: null }
      const row = { size, reason, received_at: receivedAt, run_after: runAfter, attempts: 0, ...known }
      await db
        .insertInto('uploads')
        .values({ did: did ?? '', blob_cid: cid, ...row })
        .onConflict((conflict) => conflict.columns(['did', 'blob_cid']).doUpdateSet(row))
        .execute()
    },

    async claim(now, limit, busy) {
      const due = await db
        .selectFrom('uploads')
        .select((select) => select.fn.min('id').as('id'))
        .where('state', '=', 'pending')
        .where('run_after', '<=', now)
        .where(sql<boolean>`did NOT IN (SELECT value FROM json_each(${JSON.stringify(busy)}))`)
        .groupBy('did')
        .orderBy(sql`min(run_after)`)
        .limit(limit)
        .execute()
      if (due.length === 0) return []
      const rows = await db
        .updateTable('uploads')
        .set((set) => ({ attempts: set('attempts', '+', 1) }))
        .where(
          'id',
          'in',
          due.map(({ id }) => id),
        )
        .returningAll()
        .execute()
      return rows.map((row) => ({
        id: row.id,
        did: row.did as Did,
        cid: row.blob_cid as Cid,
        size: row.size,
        reason: row.reason as LookReason,
        attempts: row.attempts,
      }))
    },

    async end(id, state, outcome, doneAt) {
      await db.updateTable('uploads').set({ state, outcome, done_at: doneAt }).where('id', '=', id).execute()
    },

    async retry(id, outcome, runAfter) {
      await db.updateTable('uploads').set({ outcome, run_after: runAfter }).where('id', '=', id).execute()
    },

    async counts() {
      const rows = await db
        .selectFrom('uploads')
        .select(['state', (select) => select.fn.countAll<number>().as('n')])
        .groupBy('state')
        .execute()
      return { pending: 0, done: 0, dead: 0, ...Object.fromEntries(rows.map(({ state, n }) => [state, n])) }
    },
  }
}
