import { type Kysely, sql } from 'kysely'
import type { HashType } from '../model/hash.ts'
import { hashTypeOfCode } from './hash-type-code.ts'
import type { Schema } from './schema.ts'

/** Some hashes of all banks, enabled or not, column by column, in the order in which they were added or removed. */
export type HashPage = {
  readonly count: number
  /** Where the next page starts. */
  readonly lastId: number
  readonly bankIds: readonly number[]
  readonly contentIds: readonly number[]
  readonly types: readonly HashType[]
  /** One hash after the other, most significant byte first, each as long as its type is. */
  readonly values: Buffer
}

/** The banks' hashes as a log that an index follows: what was added and what was removed, each in its own order. */
export interface BankChangeStore {
  /** Returns up to `limit` hashes that were added after an id, and are there still. */
  added(afterId: number, limit: number): Promise<HashPage>
  /** Returns up to `limit` hashes that were removed after an id. */
  removed(afterId: number, limit: number): Promise<HashPage>
  /** Returns the id of the newest removal ever, 0 when there was none. */
  lastRemoval(): Promise<number>
  /** Forgets removals up to an id. Only the service does: it is the one that follows the log. */
  forgetRemovals(upTo: number): Promise<void>
  /** Returns how many hashes of each type every bank has. */
  counts(): Promise<readonly { readonly bankId: number; readonly type: HashType; readonly count: number }[]>
}

/** Returns the change log's functions over a connection or a transaction. */
export function createBankChangeStore(db: Kysely<Schema>): BankChangeStore {
  return {
    added: (afterId, limit) => loadPage(db, 'bank_hashes', afterId, limit),
    removed: (afterId, limit) => loadPage(db, 'bank_hash_removals', afterId, limit),

    async lastRemoval() {
      const { rows } = await sql<{ seq: number }>`
        SELECT seq FROM sqlite_sequence WHERE name = 'bank_hash_removals'`.execute(db)
      return rows[0]?.seq ?? 0
    },

    async forgetRemovals(upTo) {
      // Looked at first, for a writer in another process may have to be waited for.
      const any = db.selectFrom('bank_hash_removals').select('id').where('id', '<=', upTo).limit(1)
      if ((await any.executeTakeFirst()) === undefined) return
      await db.deleteFrom('bank_hash_removals').where('id', '<=', upTo).execute()
    },

    async counts() {
      const rows = await db
        .selectFrom('bank_hashes')
        .select(['bank_id', 'type', (count) => count.fn.countAll<number>().as('count')])
        .groupBy(['bank_id', 'type'])
        .execute()
      return rows.map((row) => ({ bankId: row.bank_id, type: hashTypeOfCode(row.type), count: row.count }))
    },
  }
}

/** One row for the whole page: ten million rows one by one take 13 seconds to hand over, and this way 5. */
async function loadPage(
  db: Kysely<Schema>,
  table: 'bank_hashes' | 'bank_hash_removals',
  afterId: number,
  limit: number,
): Promise<HashPage> {
  const { rows } = await sql<{
    lastId: number | null
    banks: string
    contents: string
    types: string
    hex: string
  }>`
    SELECT max(id) AS lastId, json_group_array(bank_id) AS banks, json_group_array(content_id) AS contents,
      json_group_array(type) AS types, group_concat(hex(value), '') AS hex
    FROM (SELECT * FROM ${sql.table(table)} WHERE id > ${afterId} ORDER BY id LIMIT ${limit})`.execute(db)
  const row = rows[0]
  if (row?.lastId == null) {
    return { count: 0, lastId: afterId, bankIds: [], contentIds: [], types: [], values: Buffer.alloc(0) }
  }
  const bankIds = JSON.parse(row.banks) as number[]
  return {
    count: bankIds.length,
    lastId: row.lastId,
    bankIds,
    contentIds: JSON.parse(row.contents) as number[],
    types: (JSON.parse(row.types) as number[]).map(hashTypeOfCode),
    values: Buffer.from(row.hex, 'hex'),
  }
}
