import { type Kysely, sql } from 'kysely'
import type { Pause, Quarantine, QuarantineDecision } from '../model/brake.ts'
import type { ActingKind } from '../model/effect.ts'
import type { Row, Schema } from './schema.ts'

/** The length of a span in which matches are counted, and how many make up the recent hour and the week before it. */
const bucketMs = 600_000
const recentBuckets = 6
const weekBuckets = 7 * 24 * recentBuckets

/** How often a content matched lately: in the last hour, to within ten minutes, and in the mean hour of the week before. */
export type MatchRate = { readonly recent: number; readonly baseline: number }

/** The brakes: pauses, what of the quotas is spent, and the contents that match too often. Writes belong in a transaction. */
export interface BrakeStore {
  /** Returns the pause that is on, if any. */
  pause(): Promise<Pause | undefined>
  /** Begins a pause; false when one is on. */
  beginPause(reason: string, actor: string, at: string): Promise<boolean>
  /** Ends the pause; undefined when none is on. */
  endPause(actor: string, at: string): Promise<Pause | undefined>
  /** Returns how many effects of each kind were spent on a day (`2026-01-31`). */
  spent(day: string): Promise<ReadonlyMap<ActingKind, number>>
  spend(day: string, kind: ActingKind, effects: number): Promise<void>
  /** Counts one match of a content, and returns its rate with it. `now` is epoch milliseconds. */
  countMatch(contentId: number, now: number): Promise<MatchRate>
  /** Returns which of the contents are in quarantine. */
  quarantined(contentIds: readonly number[]): Promise<ReadonlySet<number>>
  /** Returns the quarantine that a content is in. */
  quarantineOf(contentId: number): Promise<Quarantine | undefined>
  quarantine(quarantine: Omit<Quarantine, 'id' | 'endedAt' | 'endedBy' | 'decision'>): Promise<number>
  /** Returns quarantines, the newest first: those that are on, or all. */
  quarantines(hasEnded: boolean, limit: number): Promise<Quarantine[]>
  /** Returns how many contents are in quarantine. */
  countQuarantined(): Promise<number>
  /** Ends the quarantine of a content; undefined when it is in none. */
  endQuarantine(
    contentId: number,
    decision: QuarantineDecision,
    actor: string,
    at: string,
  ): Promise<Quarantine | undefined>
  /** Forgets rates and spent quotas of long ago. `now` is epoch milliseconds. */
  forget(now: number): Promise<void>
}

/** Returns the brakes' functions over a connection or a transaction. */
export function createBrakeStore(db: Kysely<Schema>): BrakeStore {
  return {
    async pause() {
      const row = await db.selectFrom('pauses').selectAll().where('ended_at', 'is', null).executeTakeFirst()
      return row && pauseOfRow(row)
    },

    async beginPause(reason, actor, at) {
      const result = await db
        .insertInto('pauses')
        .values({ reason, actor, begun_at: at })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
    },

    async endPause(actor, at) {
      const row = await db
        .updateTable('pauses')
        .set({ ended_at: at, ended_by: actor })
        .where('ended_at', 'is', null)
        .returningAll()
        .executeTakeFirst()
      return row && pauseOfRow(row)
    },

    async spent(day) {
      const rows = await db
        .selectFrom('quota_spent')
        .select(['kind', 'spent'])
        .where('day', '=', day)
        .execute()
      return new Map(rows.map(({ kind, spent }) => [kind, spent]))
    },

    async spend(day, kind, effects) {
      await sql`INSERT INTO quota_spent (day, kind, spent) VALUES (${day}, ${kind}, ${effects})
        ON CONFLICT DO UPDATE SET spent = spent + excluded.spent`.execute(db)
    },

    async countMatch(contentId, now) {
      const bucket = Math.floor(now / bucketMs)
      await sql`INSERT INTO match_rates (content_id, bucket, matches) VALUES (${contentId}, ${bucket}, 1)
        ON CONFLICT DO UPDATE SET matches = matches + 1`.execute(db)
      const { rows } = await sql<{ recent: number | null; before: number | null }>`SELECT
        sum(matches) FILTER (WHERE bucket > ${bucket - recentBuckets}) AS recent,
        sum(matches) FILTER (WHERE bucket <= ${bucket - recentBuckets}) AS before
        FROM match_rates WHERE content_id = ${contentId} AND bucket > ${bucket - recentBuckets - weekBuckets}`.execute(
        db,
      )
      const [counts] = rows
      return { recent: counts?.recent ?? 0, baseline: (counts?.before ?? 0) / (weekBuckets / recentBuckets) }
    },

    async quarantined(contentIds) {
      const rows = await db
        .selectFrom('quarantines')
        .select('content_id')
        .where('content_id', 'in', contentIds)
        .where('ended_at', 'is', null)
        .execute()
      return new Set(rows.map((row) => row.content_id))
    },

    async quarantineOf(contentId) {
      const row = await db
        .selectFrom('quarantines')
        .selectAll()
        .where('content_id', '=', contentId)
        .where('ended_at', 'is', null)
        .executeTakeFirst()
      return row && quarantineOfRow(row)
    },

    async quarantine({ contentId, bankId, bank, recent, baseline, reviewId, begunAt }) {
      const { id } = await db
        .insertInto('quarantines')
        .values({
          content_id: contentId,
          bank_id: bankId,
          bank,
          recent,
          baseline,
          review_id: reviewId ?? null,
          begun_at: begunAt,
        })
        .returning('id')
        .executeTakeFirstOrThrow()
      return id
    },

    async quarantines(hasEnded, limit) {
      const rows = db
        .selectFrom('quarantines')
        .selectAll()
        .$if(!hasEnded, (query) => query.where('ended_at', 'is', null))
      return (await rows.orderBy('id', 'desc').limit(limit).execute()).map(quarantineOfRow)
    },

    async countQuarantined() {
      const { n } = await db
        .selectFrom('quarantines')
        .select((select) => select.fn.countAll<number>().as('n'))
        .where('ended_at', 'is', null)
        .executeTakeFirstOrThrow()
      return n
    },

    async endQuarantine(contentId, decision, actor, at) {
      const row = await db
        .updateTable('quarantines')
        .set({ ended_at: at, ended_by: actor, decision })
        .where('content_id', '=', contentId)
        .where('ended_at', 'is', null)
        .returningAll()
        .executeTakeFirst()
      // What it matched so far is known: it is not to be held again for that.
      if (row) await db.deleteFrom('match_rates').where('content_id', '=', contentId).execute()
      return row && quarantineOfRow(row)
    },

    async forget(now) {
      const bucket = Math.floor(now / bucketMs) - recentBuckets - weekBuckets
      await db.deleteFrom('match_rates').where('bucket', '<', bucket).execute()
      const day = new Date(now - 31 * 86_400_000).toISOString().slice(0, 10)
      await db.deleteFrom('quota_spent').where('day', '<', day).execute()
    },
  }
}

function pauseOfRow(row: Row<'pauses'>): Pause {
  return {
    reason: row.reason,
    actor: row.actor,
    begunAt: row.begun_at,
    endedAt: row.ended_at ?? undefined,
    endedBy: row.ended_by ?? undefined,
  }
}

function quarantineOfRow(row: Row<'quarantines'>): Quarantine {
  return {
    id: row.id,
    contentId: row.content_id,
    bankId: row.bank_id,
    bank: row.bank,
    recent: row.recent,
    baseline: row.baseline,
    reviewId: row.review_id ?? undefined,
    begunAt: row.begun_at,
    endedAt: row.ended_at ?? undefined,
    endedBy: row.ended_by ?? undefined,
    decision: row.decision ?? undefined,
  }
}
