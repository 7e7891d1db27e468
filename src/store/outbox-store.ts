import { type Kysely, type SqlBool, sql } from 'kysely'
import type {
  NewOutboxMessage,
  OutboxKind,
  OutboxMessage,
  OutboxState,
  OutboxWanted,
} from '../model/outbox.ts'
import type { Row, Schema } from './schema.ts'

/** Which messages are claimed. `now` is epoch milliseconds. */
export type OutboxClaim = {
  readonly kind: OutboxKind
  readonly target: string
  readonly now: number
  readonly limit: number
  /** Subjects of which a message is on its way. */
  readonly busy: readonly string[]
}

/**
 * What is to be sent to others. A message is added in the transaction that causes it, so that neither is without the other.
 * Times of `runAfter` are epoch milliseconds.
 */
export interface OutboxStore {
  add(messages: readonly NewOutboxMessage[]): Promise<void>
  /**
   * Returns messages to one target that are due, each the oldest of its subject, and counts the attempt. A message that
   * waits for a retry holds back the later ones about its subject.
   */
  claim(claim: OutboxClaim): Promise<OutboxMessage[]>
  /** Ends a message. */
  end(id: number, state: 'done' | 'dead', outcome: string, at: string): Promise<void>
  /** Puts a message back until `runAfter`. */
  retry(id: number, outcome: string, runAfter: number): Promise<void>
  /** Ends every message of a kind whose target is none of the known ones as dead. Returns how many. */
  buryOthers(kind: OutboxKind, targets: readonly string[], at: string): Promise<number>
  list(wanted: OutboxWanted): Promise<OutboxMessage[]>
  find(id: number): Promise<OutboxMessage | undefined>
  /** Has a message sent again from now on, whatever became of it, with all its attempts; false when there is none of that number. */
  revive(id: number, now: number): Promise<boolean>
  /** Gives a message up that was not delivered; false when there is none of that number. */
  drop(id: number, at: string): Promise<boolean>
  counts(): Promise<Readonly<Record<OutboxState, number>>>
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

    async claim({ kind, target, now, limit, busy }) {
      const due = await db
        .selectFrom('outbox')
        .select('id')
        .where('state', '=', 'pending')
        .where('kind', '=', kind)
        .where('target', '=', target)
        .where('run_after', '<=', now)
        .where(sql<SqlBool>`subject NOT IN (SELECT value FROM json_each(${JSON.stringify(busy)}))`)
        .where(
          sql<SqlBool>`NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.state = 'pending'
            AND earlier.kind = outbox.kind AND earlier.target = outbox.target
            AND earlier.subject = outbox.subject AND earlier.id < outbox.id)`,
        )
        .orderBy('run_after')
        .orderBy('id')
        .limit(limit)
        .execute()
      if (due.length === 0) return []
      const ids = due.map(({ id }) => id)
      const rows = await db
        .updateTable('outbox')
        .set((set) => ({ attempts: set('attempts', '+', 1) }))
        .where('id', 'in', ids)
        .returningAll()
        .execute()
      return rows.map(messageOfRow)
    },

    async end(id, state, outcome, at) {
      await db.updateTable('outbox').set({ state, outcome, done_at: at }).where('id', '=', id).execute()
    },

    async retry(id, outcome, runAfter) {
      await db.updateTable('outbox').set({ outcome, run_after: runAfter }).where('id', '=', id).execute()
    },

    async buryOthers(kind, targets, at) {
      const result = await db
        .updateTable('outbox')
        .set({ state: 'dead', outcome: 'no such target', done_at: at })
        .where('state', '=', 'pending')
        .where('kind', '=', kind)
        .where(sql<SqlBool>`target NOT IN (SELECT value FROM json_each(${JSON.stringify(targets)}))`)
        .executeTakeFirst()
      return Number(result.numUpdatedRows)
    },

    async list({ states, limit, before = Number.MAX_SAFE_INTEGER }) {
      const rows = db.selectFrom('outbox').selectAll().where('state', 'in', states).where('id', '<', before)
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

    async counts() {
      const rows = await db
        .selectFrom('outbox')
        .select(['state', (select) => select.fn.countAll<number>().as('n')])
        .groupBy('state')
        .execute()
      const none = { pending: 0, done: 0, dead: 0, dropped: 0 }
      return { ...none, ...Object.fromEntries(rows.map(({ state, n }) => [state, n])) }
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
