import { type Kysely, sql } from 'kysely'
import { type Emission, type Priority, priorities, type QueueLength } from '../model/emission.ts'
import type { Cid, Did, SubjectUri } from '../model/ids.ts'
import type { WantedLabel } from '../model/label.ts'
import { putEmission } from './put-emission.ts'
import type { Row, Schema } from './schema.ts'

/** Who asked for a label, and when (epoch milliseconds). */
export type EmissionOrigin = {
  /** As in the audit: `harrier`, `cli`. */
  readonly actor: string
  readonly jobId: number | undefined
  readonly atMs: number
}

/** A label that waits to be published. */
export type QueuedEmission = Emission & EmissionOrigin & { readonly id: number }

/** What putting a label into the queue came to; see `EmissionStore.put`. */
export type PutOutcome = 'queued' | 'cancelled' | 'unchanged'

/**
 * The queue of labels that are to be published when the budget lets them. It holds at most one for each subject and value,
 * the newest that was asked for: what comes later can neither overtake nor be overtaken by what it takes the place of.
 */
export interface EmissionStore {
  /**
   * Asks for a label or a withdrawal. `queued`: it waits now, in the place of what waited before, as soon as the sooner
   * of the two. `cancelled`: it undoes what waited, so that nothing is to be published. `unchanged`: that is wanted or
   * published already. A withdrawal of what never was published is remembered, so that it can be told from nothing.
   * Belongs in a transaction.
   */
  put(src: Did, emission: Emission, origin: EmissionOrigin): Promise<PutOutcome>
  /** Returns the first `limit` labels that wait, or withdrawals alone, in the order in which they are to be published. */
  due(src: Did, limit: number, isWithdrawals?: boolean): Promise<QueuedEmission[]>
  /** Tells whether a label or a withdrawal of a value waits for a subject. */
  isWaiting(src: Did, uri: string, val: string): Promise<boolean>
  /** Takes one out that was published, or cannot be. */
  settle(id: number): Promise<void>
  /** Takes out what waits for these subjects and values, since something newer was published past the queue. */
  forget(src: Did, labels: readonly Pick<WantedLabel, 'uri' | 'val'>[]): Promise<void>
  /** Returns how many wait, for each priority in their order. */
  lengths(): Promise<QueueLength[]>
}

/** Returns the queue's functions over a connection or a transaction. */
export function createEmissionStore(db: Kysely<Schema>): EmissionStore {
  return {
    put: (src, emission, origin) => putEmission(db, src, emission, origin),

    async due(src, limit, isWithdrawals = false) {
      const rows = await db
        .selectFrom('emissions')
        .selectAll()
        .where('is_queued', '=', sql.lit(1))
        .where('src', '=', src)
        .$if(isWithdrawals, (query) => query.where('neg', '=', 1))
        .orderBy('priority')
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(emissionOfRow)
    },

    async isWaiting(src, uri, val) {
      const rows = db.selectFrom('emissions').select('id').where('uri', '=', uri).where('val', '=', val)
      const waiting = rows.where('src', '=', src).where('is_queued', '=', sql.lit(1))
      return (await waiting.executeTakeFirst()) !== undefined
    },

    async settle(id) {
      await db.deleteFrom('emissions').where('id', '=', id).execute()
    },

    async forget(src, labels) {
      for (const { uri, val } of labels) {
        const rows = db.deleteFrom('emissions').where('uri', '=', uri).where('val', '=', val)
        await rows.where('src', '=', src).execute()
      }
    },

    async lengths() {
      const rows = await db
        .selectFrom('emissions')
        .select((select) => [
          'priority',
          select.fn.countAll<number>().as('n'),
          select.fn.min('queued_at').as('oldest'),
        ])
        .where('is_queued', '=', sql.lit(1))
        .groupBy('priority')
        .execute()
      return priorities.map((priority, place) => {
        const row = rows.find((candidate) => candidate.priority === place)
        return { priority, count: row?.n ?? 0, oldestMs: row?.oldest }
      })
    },
  }
}

function emissionOfRow(row: Row<'emissions'>): QueuedEmission {
  return {
    id: row.id,
    uri: row.uri as SubjectUri,
    val: row.val,
    ...(row.cid === null ? {} : { cid: row.cid as Cid }),
    ...(row.neg === 1 ? { neg: true as const } : {}),
    ...(row.exp === null ? {} : { exp: row.exp }),
    priority: priorities[row.priority] as Priority,
    actor: row.actor,
    jobId: row.job_id ?? undefined,
    atMs: row.queued_at,
  }
}
