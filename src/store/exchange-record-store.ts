import { type Kysely, sql } from 'kysely'
import type { ExchangeValues } from '../model/exchange.ts'
import type { Schema } from './schema.ts'

/** What exchanges sent, and which contents stem from it. Writes belong in a transaction. */
export interface ExchangeRecordStore {
  /** Writes a record over the one that was there under its key, and drops the links of that. True when there was none. */
  put(bankId: number, key: string, record: ExchangeValues, generation: number): Promise<boolean>
  /** Removes a record with its links. False when there was none. */
  remove(bankId: number, key: string): Promise<boolean>
  /** Returns the contents that a record stands behind. */
  contentsOf(bankId: number, key: string): Promise<number[]>
  /** Says that a record stands behind a content, and whether the content exists because of that. */
  link(bankId: number, key: string, contentId: number, isMade: boolean): Promise<void>
  /** Returns which of these contents were made by an exchange and have no record behind them any more. */
  orphansAmong(contentIds: readonly number[]): Promise<number[]>
  /** Returns the keys of up to `limit` records of an older generation. */
  olderKeys(bankId: number, generation: number, limit: number): Promise<string[]>
}

/** Returns the functions of the tables of records over a connection or a transaction. */
export function createExchangeRecordStore(db: Kysely<Schema>): ExchangeRecordStore {
  return {
    async put(bankId, key, record, generation) {
      const links = db.deleteFrom('exchange_links').where('bank_id', '=', bankId).where('key', '=', key)
      await links.execute()
      const values = { record: JSON.stringify(record), generation }
      const known = db.updateTable('exchange_records').set(values)
      const result = await known.where('bank_id', '=', bankId).where('key', '=', key).executeTakeFirst()
      if (result.numUpdatedRows > 0n) return false
      await db
        .insertInto('exchange_records')
        .values({ bank_id: bankId, key, ...values })
        .execute()
      return true
    },

    async remove(bankId, key) {
      const result = await db
        .deleteFrom('exchange_records')
        .where('bank_id', '=', bankId)
        .where('key', '=', key)
        .executeTakeFirst()
      return result.numDeletedRows > 0n
    },

    async contentsOf(bankId, key) {
      const links = db.selectFrom('exchange_links').select('content_id')
      const rows = await links.where('bank_id', '=', bankId).where('key', '=', key).execute()
      return rows.map((row) => row.content_id)
    },

    async link(bankId, key, contentId, isMade) {
      await db
        .insertInto('exchange_links')
        .values({ bank_id: bankId, key, content_id: contentId })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      if (isMade) await db.insertInto('exchange_contents').values({ content_id: contentId }).execute()
    },

    async orphansAmong(contentIds) {
      const { rows } = await sql<{ content_id: number }>`
        SELECT content_id FROM exchange_contents
        WHERE content_id IN (SELECT value FROM json_each(${JSON.stringify(contentIds)}))
        AND NOT EXISTS (SELECT 1 FROM exchange_links WHERE exchange_links.content_id = exchange_contents.content_id)
        ORDER BY content_id`.execute(db)
      return rows.map((row) => row.content_id)
    },

    async olderKeys(bankId, generation, limit) {
      const records = db.selectFrom('exchange_records').select('key').where('bank_id', '=', bankId)
      const rows = await records.where('generation', '<', generation).limit(limit).execute()
      return rows.map(({ key }) => key)
    },
  }
}
