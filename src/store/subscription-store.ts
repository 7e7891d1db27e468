import { type Kysely, sql } from 'kysely'
import type { AddressClass, PastSubscription, SubscriptionEnd } from '../model/subscription.ts'
import type { NewRow, Row, Schema } from './schema.ts'

/** Who followed the labels, and how it ended. */
export interface SubscriptionStore {
  /** Adds subscriptions, or brings them up to date, as they stand at a time (ISO 8601). One that has ended stays as it is. */
  save(subscriptions: readonly PastSubscription[], at: string): Promise<void>
  /** Ends those that go on: for the start of the only process that serves them. Each ended when it was last seen. */
  endLost(): Promise<void>
  /** Returns subscriptions that have ended, newest end first. */
  list(limit: number): Promise<PastSubscription[]>
  /** Deletes those that ended before a time (ISO 8601), and all but the newest `most`. */
  prune(before: string, most: number): Promise<void>
}

/** Returns the subscription table's functions over a connection or a transaction. */
export function createSubscriptionStore(db: Kysely<Schema>): SubscriptionStore {
  return {
    async save(subscriptions, at) {
      for (const subscription of subscriptions) {
        const { id: _, ...changes } = rowOf(subscription, at)
        await db
          .insertInto('subscriptions')
          .values({ ...changes, id: subscription.id })
          .onConflict((conflict) =>
            conflict.column('id').doUpdateSet(changes).where('subscriptions.ended_at', 'is', null),
          )
          .execute()
      }
    },

    async endLost() {
      const open = await db
        .selectFrom('subscriptions')
        .select('id')
        .where('ended_at', 'is', null)
        .limit(1)
        .execute()
      if (open.length === 0) return
      const end: SubscriptionEnd = 'lost'
      await db
        .updateTable('subscriptions')
        .set((set) => ({ end, ended_at: set.ref('seen_at') }))
        .where('ended_at', 'is', null)
        .execute()
    },

    async list(limit) {
      const rows = await db
        .selectFrom('subscriptions')
        .selectAll()
        .where('ended_at', 'is not', null)
        .orderBy('ended_at', 'desc')
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(subscriptionOfRow)
    },

    async prune(before, most) {
      const beyond = sql<string>`(SELECT ended_at FROM subscriptions ORDER BY ended_at DESC LIMIT 1 OFFSET ${most})`
      await db
        .deleteFrom('subscriptions')
        .where((where) => where.or([where('ended_at', '<', before), where('ended_at', '<=', beyond)]))
        .execute()
    },
  }
}

function rowOf(subscription: PastSubscription, at: string): NewRow<'subscriptions'> {
  const { id, userAgent, address, startedAt, endedAt, end, cursor, position, labels } = subscription
  return {
    id,
    user_agent: userAgent ?? null,
    address,
    started_at: startedAt,
    seen_at: at,
    ended_at: endedAt ?? null,
    end: end ?? null,
    cursor: cursor ?? null,
    position: position ?? null,
    labels,
  }
}

function subscriptionOfRow(row: Row<'subscriptions'>): PastSubscription {
  return {
    id: row.id,
    userAgent: row.user_agent ?? undefined,
    address: row.address as AddressClass,
    startedAt: row.started_at,
    endedAt: row.ended_at ?? undefined,
    end: (row.end ?? undefined) as SubscriptionEnd | undefined,
    cursor: row.cursor ?? undefined,
    position: row.position ?? undefined,
    labels: row.labels,
  }
}
