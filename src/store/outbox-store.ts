import { type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely'
import {
  type ClaimedMessage,
  type NewOutboxMessage,
  type OutboxEnd,
  type OutboxMessage,
  type OutboxState,
  type OutboxWanted,
} from '../model/outbox.ts'
import { type TargetKind, targetKinds } from '../model/target.ts'
import type { Row, Schema } from './schema.ts'

/** Which messages are claimed. `now` is epoch milliseconds. */
export type OutboxClaim = {
  readonly kind: TargetKind
  readonly target: string
  readonly now: number
  readonly limit: number
  /** Subjects of which a message is on its way. */
  readonly busy: readonly string[]
  /** Only messages that say this: the others are held, and one of these overtakes those that are about other records. */
  readonly only?: string | undefined
}

/** Who messages go to. */
export type OutboxAddress = { readonly kind: TargetKind; readonly target: string }

/** Which messages are counted. */
export type OutboxCounted = { readonly kinds?: readonly TargetKind[]; readonly target?: string }

/**
 * What is to be sent to others. A message is added in the transaction that causes it, so that neither is without the other.
 * Times of `runAfter` are epoch milliseconds.
 */
export interface OutboxStore {
  add(messages: readonly NewOutboxMessage[]): Promise<void>
  /**
   * Returns messages to one target that are due, each the oldest of its subject, counts the attempt and forgets how the last
   * one ended: a message without an end is on its way, or was cut off. One that waits for a retry holds back the later ones
   * about its subject.
   */
  claim(claim: OutboxClaim): Promise<ClaimedMessage[]>
  /**
   * Ends a message that was tried, also one that a person has dropped while it was on its way: what became of it is what
   * counts. False when it has ended otherwise meanwhile, and then nothing is changed.
   */
  end(id: number, end: OutboxEnd, at: string): Promise<boolean>
  /** Puts a message back until `runAfter`. */
  retry(id: number, outcome: string, runAfter: number): Promise<void>
  /** Returns up to `limit` messages that wait for none of the known targets, the oldest first. */
  strays(known: readonly OutboxAddress[], limit: number): Promise<OutboxMessage[]>
  list(wanted: OutboxWanted): Promise<OutboxMessage[]>
  find(id: number): Promise<OutboxMessage | undefined>
  /** Has a message sent again from now on, whatever became of it, with all its attempts; false when there is none of that number. */
  revive(id: number, now: number): Promise<boolean>
  /** Gives a message up that was not delivered; false when there is none of that number. */
  drop(id: number, at: string): Promise<boolean>
  /** Gives up a message to a target that was never tried; false when there is none such. */
  dropUnsent(target: string, messageId: string, at: string): Promise<boolean>
  /** Returns what became of a message to a target; undefined when there is none of that id. */
  stateOf(target: string, messageId: string): Promise<OutboxState | undefined>
  /** Returns how many messages are in each state: all, those of some kinds, or those to one target. */
  counts(of?: OutboxCounted): Promise<Readonly<Record<OutboxState, number>>>
  /** Returns the oldest message that waits for a target. */
  oldestOf(address: OutboxAddress): Promise<OutboxMessage | undefined>
  /** Returns when the oldest message that waits was added; ISO 8601. */
  oldest(): Promise<string | undefined>
  /** Deletes delivered and dropped messages that ended before a time (ISO 8601); dead ones stay. Returns how many. */
  prune(before: string, limit: number): Promise<number>
}

/** Returns the outbox's functions over a connection or a transaction. */
export function createOutboxStore(db: Kysely<Schema>): OutboxStore {
  return {
    async add(messages) {
      for (const { messageId, createdAt, ...message } of messages) {
        await db
          .insertInto('outbox')
          .values({
            ...message,
            message_id: messageId,
            created_at: createdAt,
            state: 'pending',
            attempts: 0,
            run_after: Date.parse(createdAt),
            outcome: null,
            done_at: null,
          })
          .execute()
      }
    },

    async claim({ kind, target, now, limit, busy, only }) {
      const due = await db
        .selectFrom('outbox')
        .select(['id', 'attempts', 'outcome'])
        // Written out, for the index of those that wait: with a bound value the statement would be planned anew each time.
        .where('state', '=', sql.lit('pending'))
        .where('kind', '=', kind)
        .where('target', '=', target)
        .where('run_after', '<=', now)
        .where(sql<SqlBool>`subject NOT IN (SELECT value FROM json_each(${JSON.stringify(busy)}))`)
        .$if(only !== undefined, (query) => query.where('event', '=', only as string))
        .where(
          sql<SqlBool>`NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.state = 'pending'
            AND earlier.kind = outbox.kind AND earlier.target = outbox.target
            AND earlier.subject = outbox.subject AND earlier.id < outbox.id
            AND NOT ${only === undefined ? sql`FALSE` : isOvertaken(only)})`,
        )
        .orderBy('run_after')
        .orderBy('id')
        .limit(limit)
        .execute()
      if (due.length === 0) return []
      const cutOff = new Set(due.flatMap(({ id, attempts, outcome }) => (attempts > 0 && !outcome ? id : [])))
      const rows = await db
        .updateTable('outbox')
        .set((set) => ({ attempts: set('attempts', '+', 1), outcome: null }))
        .where(
          'id',
          'in',
          due.map(({ id }) => id),
        )
        .returningAll()
        .execute()
      return rows.map((row) => ({ ...messageOfRow(row), wasCutOff: cutOff.has(row.id) }))
    },

    async end(id, { state, words }, at) {
      const result = await db
        .updateTable('outbox')
        .set({ state, outcome: words, done_at: at })
        .where('id', '=', id)
        .where('state', 'in', ['pending', 'dropped'])
        .executeTakeFirst()
      return result.numUpdatedRows > 0n
    },

    async retry(id, outcome, runAfter) {
      await db.updateTable('outbox').set({ outcome, run_after: runAfter }).where('id', '=', id).execute()
    },

    async strays(known, limit) {
      const lines = JSON.stringify(known.map(({ kind, target }) => `${kind} ${target}`))
      const rows = await db
        .selectFrom('outbox')
        .selectAll()
        .where('state', '=', 'pending')
        .where(sql<SqlBool>`kind || ' ' || target NOT IN (SELECT value FROM json_each(${lines}))`)
        .orderBy('id')
        .limit(limit)
        .execute()
      return rows.map(messageOfRow)
    },

    async list({ states, kinds = targetKinds, target, limit, before = Number.MAX_SAFE_INTEGER }) {
      const rows = db
        .selectFrom('outbox')
        .selectAll()
        .where('state', 'in', states)
        .where('kind', 'in', kinds)
        .$if(target !== undefined, (query) => query.where('target', '=', target as string))
        .where('id', '<', before)
      return (await rows.orderBy('id', 'desc').limit(limit).execute()).map(messageOfRow)
    },

    async find(id) {
      const row = await db.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirst()
      return row && messageOfRow(row)
    },

    async revive(id, now) {
      const result = await db
        .updateTable('outbox')
        .set({ state: 'pending', attempts: 0, run_after: now, done_at: null })
        .where('id', '=', id)
        .executeTakeFirst()
      return result.numUpdatedRows > 0n
    },

    async drop(id, at) {
      const result = await db
        .updateTable('outbox')
        .set({ state: 'dropped', done_at: at })
        .where('id', '=', id)
        .where('state', 'in', ['pending', 'dead'])
        .executeTakeFirst()
      return result.numUpdatedRows > 0n
    },

    async dropUnsent(target, messageId, at) {
      const result = await db
        .updateTable('outbox')
        .set({ state: 'dropped', done_at: at })
        .where('target', '=', target)
        .where('message_id', '=', messageId)
        .where('state', '=', 'pending')
        .where('attempts', '=', 0)
        .executeTakeFirst()
      return result.numUpdatedRows > 0n
    },

    async stateOf(target, messageId) {
      const row = await db
        .selectFrom('outbox')
        .select('state')
        .where('target', '=', target)
        .where('message_id', '=', messageId)
        .executeTakeFirst()
      return row?.state
    },

    async counts({ kinds = targetKinds, target } = {}) {
      const rows = await db
        .selectFrom('outbox')
        .select(['state', (select) => select.fn.countAll<number>().as('n')])
        .where('kind', 'in', kinds)
        .$if(target !== undefined, (query) => query.where('target', '=', target as string))
        .groupBy('state')
        .execute()
      const none = { pending: 0, done: 0, dead: 0, dropped: 0 }
      return { ...none, ...Object.fromEntries(rows.map(({ state, n }) => [state, n])) }
    },

    async oldestOf({ kind, target }) {
      const row = await db
        .selectFrom('outbox')
        .selectAll()
        .where('state', '=', 'pending')
        .where('kind', '=', kind)
        .where('target', '=', target)
        .orderBy('id')
        .limit(1)
        .executeTakeFirst()
      return row && messageOfRow(row)
    },

    async oldest() {
      const row = await db
        .selectFrom('outbox')
        .select('created_at')
        .where('state', '=', 'pending')
        .orderBy('id')
        .limit(1)
        .executeTakeFirst()
      return row?.created_at
    },

    async prune(before, limit) {
      const result = await sql`DELETE FROM outbox WHERE id IN (SELECT id FROM outbox
        WHERE state IN ('done', 'dropped') AND done_at < ${before} LIMIT ${limit})`.execute(db)
      return Number(result.numAffectedRows ?? 0)
    },
  }
}

/**
 * True for an `earlier` message that is held and about another record than the row: what the row says of one record does not
 * depend on what is said of another.
 */
function isOvertaken(only: string): RawBuilder<SqlBool> {
  return sql`(earlier.event <> ${only} AND ifnull(json_extract(earlier.payload, '$.subject.uri')
    <> json_extract(outbox.payload, '$.subject.uri'), FALSE))`
}

function messageOfRow(row: Row<'outbox'>): OutboxMessage {
  return {
    id: row.id,
    kind: row.kind,
    target: row.target,
    messageId: row.message_id,
    event: row.event,
    subject: row.subject,
    payload: row.payload,
    createdAt: row.created_at,
    state: row.state,
    attempts: row.attempts,
    runAfter: row.run_after,
    outcome: row.outcome ?? undefined,
    doneAt: row.done_at ?? undefined,
  }
}
