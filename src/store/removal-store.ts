import { type Kysely, sql } from 'kysely'
import type { Bank } from '../model/bank.ts'
import {
  type CuratedContent,
  enabledContent,
  type RemovedBank,
  type RemovedContent,
  type Restoring,
} from '../model/curation.ts'
import { bankOfRow, selectEveryBank } from './bank-rows.ts'
import { loadCurated } from './curated-contents.ts'
import { hashTypeCodes } from './hash-type-code.ts'
import type { Schema } from './schema.ts'

/** Contents that are purged at a time. */
const pieceContents = 1_000

/** What was removed and can be restored, until it is purged. Everything but reading belongs in a transaction. */
export interface RemovalStore {
  /** Removes one content, which can be restored. Resolves to false when the bank has none of that id. */
  removeContent(bankId: number, contentId: number, removedAt: string): Promise<boolean>
  /** Puts a content back as it was, under its id, with the hashes that the bank does not hold meanwhile. */
  restoreContent(bankId: number, contentId: number): Promise<Restoring>
  /** Returns removed contents of a bank after an id, by id. */
  contents(bankId: number, afterId: number, limit: number): Promise<RemovedContent[]>
  /** Removes a bank with all that it holds, which can be restored; its name is free. False when there was none. */
  removeBank(bankId: number, removedAt: string): Promise<boolean>
  /** Returns the removed banks, the last one first. */
  banks(): Promise<RemovedBank[]>
  /** Puts a bank back under a name, which must be free. */
  restoreBank(bankId: number, name: string): Promise<Bank | undefined>
  /** Deletes up to 1,000 of what a bank holds, and returns how many. */
  purgeSome(bankId: number): Promise<number>
  /** Deletes contents for good that were not removed before: what others have withdrawn. */
  deleteContents(contentIds: readonly number[]): Promise<void>
  /** Deletes the removed contents of a bank, and returns how many. */
  purgeContents(bankId: number): Promise<number>
}

/** Returns the functions over a connection or a transaction. */
export function createRemovalStore(db: Kysely<Schema>): RemovalStore {
  return {
    async removeContent(bankId, contentId, removedAt) {
      const [content] = await loadCurated(db, [contentId])
      if (content?.bankId !== bankId) return false
      const row = { content_id: contentId, bank_id: bankId, removed_at: removedAt }
      await db
        .insertInto('removed_contents')
        .values({ ...row, content: JSON.stringify(content) })
        .execute()
      await deleteContents(db, [contentId])
      return true
    },

    async restoreContent(bankId, contentId) {
      const [known] = await loadCurated(db, [contentId])
      if (known) return known.bankId === bankId ? 'there' : 'unknown'
      const row = await db
        .selectFrom('removed_contents')
        .selectAll()
        .where('content_id', '=', contentId)
        .where('bank_id', '=', bankId)
        .executeTakeFirst()
      if (!row) return 'unknown'
      if (!(await insertContent(db, JSON.parse(row.content) as CuratedContent))) return 'held'
      await db.deleteFrom('removed_contents').where('content_id', '=', contentId).execute()
      return 'restored'
    },

    async contents(bankId, afterId, limit) {
      const rows = await db
        .selectFrom('removed_contents')
        .selectAll()
        .where('bank_id', '=', bankId)
        .where('content_id', '>', afterId)
        .orderBy('content_id')
        .limit(limit)
        .execute()
      return rows.map((row) => ({
        ...(JSON.parse(row.content) as CuratedContent),
        removedAt: row.removed_at,
      }))
    },

    async removeBank(bankId, removedAt) {
      const { numUpdatedRows } = await db
        .updateTable('banks')
        // No bank can be made with such a name.
        .set((set) => ({ removed_at: removedAt, removed_name: set.ref('name'), name: `~${bankId}` }))
        .where('id', '=', bankId)
        .where('removed_at', 'is', null)
        .executeTakeFirst()
      // Whoever imports into it finds that it is gone.
      await db.deleteFrom('bank_imports').where('bank_id', '=', bankId).execute()
      return numUpdatedRows > 0n
    },

    async banks() {
      const rows = await db
        .selectFrom('banks')
        .select(['id', 'removed_name', 'removed_at'])
        .where('removed_at', 'is not', null)
        .orderBy('removed_at', 'desc')
        .orderBy('id', 'desc')
        .execute()
      return rows.map((row) => ({
        id: row.id,
        name: row.removed_name ?? '',
        removedAt: row.removed_at ?? '',
      }))
    },

    async restoreBank(bankId, name) {
      await db
        .updateTable('banks')
        .set({ removed_at: null, removed_name: null, name })
        .where('id', '=', bankId)
        .where('removed_at', 'is not', null)
        .execute()
      const row = await selectEveryBank(db).where('id', '=', bankId).executeTakeFirst()
      return row && bankOfRow(row)
    },

    async purgeSome(bankId) {
      const contents = db.selectFrom('bank_contents').select('id').where('bank_id', '=', bankId)
      const rows = await contents.orderBy('id').limit(pieceContents).execute()
      await deleteContents(
        db,
        rows.map(({ id }) => id),
      )
      return rows.length
    },

    deleteContents: (contentIds) => deleteContents(db, contentIds),

    async purgeContents(bankId) {
      const result = await db.deleteFrom('removed_contents').where('bank_id', '=', bankId).executeTakeFirst()
      return Number(result.numDeletedRows)
    },
  }
}

async function deleteContents(db: Kysely<Schema>, contentIds: readonly number[]): Promise<void> {
  const ids = sql`(SELECT value FROM json_each(${JSON.stringify(contentIds)}))`
  await sql`DELETE FROM bank_hashes WHERE content_id IN ${ids}`.execute(db)
  await sql`DELETE FROM content_switches WHERE content_id IN ${ids}`.execute(db)
  await sql`DELETE FROM bank_contents WHERE id IN ${ids}`.execute(db)
}

/** False, and nothing is written, when the bank holds every hash of it in other contents. */
async function insertContent(db: Kysely<Schema>, content: CuratedContent): Promise<boolean> {
  const { id, bankId, hashes, disableUntil } = content
  let isAny = false
  for (const { type, value, quality } of hashes) {
    const bytes = Buffer.from(value, 'hex')
    const { numInsertedOrUpdatedRows: rows } = await db
      .insertInto('bank_hashes')
      .values({ bank_id: bankId, content_id: id, type: hashTypeCodes[type], value: bytes, quality })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow()
    isAny ||= (rows ?? 0n) > 0n
  }
  if (!isAny) return false
  await db
    .insertInto('bank_contents')
    .values({
      id,
      bank_id: bankId,
      label: content.label,
      note: content.note,
      source_id: content.sourceId,
      created_at: Date.parse(content.createdAt),
      media_uri: content.mediaUri ?? null,
      content_uri: content.contentUri ?? null,
      metadata: content.metadata === undefined ? null : JSON.stringify(content.metadata),
    })
    .execute()
  if (disableUntil !== enabledContent)
    await sql`INSERT OR REPLACE INTO content_switches (content_id, disable_until)
      VALUES (${id}, ${disableUntil})`.execute(db)
  return true
}
