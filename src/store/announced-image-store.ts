import { type Kysely, type SqlBool, sql } from 'kysely'
import type { AnnouncedImage, NewAnnouncedImage } from '../model/announced-image.ts'
import type { Cid } from '../model/ids.ts'
import type { Schema } from './schema.ts'

/** Images that apps announced by webhook, a row for each delivery. Times of `runAfter` are epoch milliseconds. */
export interface AnnouncedImageStore {
  /** Adds an image that is to be looked at; false when its delivery was taken before. */
  add(image: NewAnnouncedImage, receivedAt: string): Promise<boolean>
  /** Tells whether a delivery was taken before. */
  has(deliveryId: string): Promise<boolean>
  /** Returns images that are due, each of another content and none of `busy`, and counts the attempt. */
  claim(now: number, limit: number, busy: readonly string[]): Promise<AnnouncedImage[]>
  /** Keeps what was found out about an image that is still to be acted on. */
  saw(id: number, cid: Cid, isMatched: boolean): Promise<void>
  /** Ends an image; one that was looked at leaves no address. */
  end(id: number, state: 'done' | 'dead', outcome: string, doneAt: string): Promise<void>
  /** Puts an image back until `runAfter`. */
  retry(id: number, outcome: string, runAfter: number): Promise<void>
  /** Keeps a person's judgement that none of a content's images matches. Returns how many matched until then. */
  reverse(contentId: string): Promise<number>
  /** Tells whether a person judged that this image of this content matches nothing. */
  isReversed(contentId: string, cid: Cid): Promise<boolean>
  /** Tells whether any image of a content is known, and whether one has matched and nobody has reversed that. */
  ofContent(contentId: string): Promise<{ readonly isSeen: boolean; readonly isMatched: boolean }>
  counts(): Promise<Readonly<Record<'pending' | 'done' | 'dead', number>>>
}

/** Returns the announced images' functions over a connection or a transaction. */
export function createAnnouncedImageStore(db: Kysely<Schema>): AnnouncedImageStore {
  return {
    async add({ deliveryId, contentId, url }, receivedAt) {
      const result = await db
        .insertInto('announced_images')
        .values({
          delivery_id: deliveryId,
          content_id: contentId,
          url,
          received_at: receivedAt,
          run_after: Date.parse(receivedAt),
        })
        .onConflict((conflict) => conflict.column('delivery_id').doNothing())
        .executeTakeFirst()
      return (result.numInsertedOrUpdatedRows ?? 0n) > 0n
    },

    async has(deliveryId) {
      const rows = db.selectFrom('announced_images').select('id').where('delivery_id', '=', deliveryId)
      return (await rows.executeTakeFirst()) !== undefined
    },

    async claim(now, limit, busy) {
      const due = await db
        .selectFrom('announced_images')
        .select((select) => select.fn.min('id').as('id'))
        .where('state', '=', 'pending')
        .where('run_after', '<=', now)
        .where(sql<SqlBool>`content_id NOT IN (SELECT value FROM json_each(${JSON.stringify(busy)}))`)
        .groupBy('content_id')
        .orderBy(sql`min(run_after)`)
        .limit(limit)
        .execute()
      if (due.length === 0) return []
      const ids = due.map(({ id }) => id)
      const rows = await db
        .updateTable('announced_images')
        .set((set) => ({ attempts: set('attempts', '+', 1) }))
        .where('id', 'in', ids)
        .returningAll()
        .execute()
      return rows.map((row) => ({
        id: row.id,
        deliveryId: row.delivery_id,
        contentId: row.content_id,
        url: row.url,
        attempts: row.attempts,
        cid: (row.blob_cid ?? undefined) as Cid | undefined,
      }))
    },

    async saw(id, cid, isMatched) {
      const seen = { blob_cid: cid, is_matched: isMatched ? 1 : 0 }
      await db.updateTable('announced_images').set(seen).where('id', '=', id).execute()
    },

    async end(id, state, outcome, doneAt) {
      const ended = { state, outcome, done_at: doneAt, ...(state === 'done' ? { url: '' } : {}) }
      await db.updateTable('announced_images').set(ended).where('id', '=', id).execute()
    },

    async retry(id, outcome, runAfter) {
      const later = { outcome, run_after: runAfter }
      await db.updateTable('announced_images').set(later).where('id', '=', id).execute()
    },

    async reverse(contentId) {
      const result = await db
        .updateTable('announced_images')
        .set({ is_reversed: 1 })
        .where('content_id', '=', contentId)
        .where('is_matched', '=', 1)
        .where('is_reversed', '=', 0)
        .executeTakeFirst()
      return Number(result.numUpdatedRows)
    },

    async isReversed(contentId, cid) {
      const rows = db
        .selectFrom('announced_images')
        .select('id')
        .where('content_id', '=', contentId)
        .where('blob_cid', '=', cid)
        .where('is_reversed', '=', 1)
      return (await rows.limit(1).executeTakeFirst()) !== undefined
    },

    async ofContent(contentId) {
      const { seen, matched } = await db
        .selectFrom('announced_images')
        .select([
          sql<number>`count(*)`.as('seen'),
          sql<number | null>`max(is_matched AND NOT is_reversed)`.as('matched'),
        ])
        .where('content_id', '=', contentId)
        .executeTakeFirstOrThrow()
      return { isSeen: seen > 0, isMatched: matched === 1 }
    },

    async counts() {
      const rows = await db
        .selectFrom('announced_images')
        .select(['state', (select) => select.fn.countAll<number>().as('n')])
        .groupBy('state')
        .execute()
      return { pending: 0, done: 0, dead: 0, ...Object.fromEntries(rows.map(({ state, n }) => [state, n])) }
    },
  }
}
