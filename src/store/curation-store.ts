import { type Kysely, sql } from 'kysely'
import type { Bank, ContentHash } from '../model/bank.ts'
import type {
  BankChange,
  ContentChange,
  ContentOrigin,
  ContentPage,
  ContentSearch,
  CuratedContent,
} from '../model/curation.ts'
import type { HashType } from '../model/hash.ts'
import { bankOfRow, selectBanks, suppressesColumn } from './bank-rows.ts'
import { BankExistsError } from './bank-store.ts'
import { loadCurated, searchContents } from './curated-contents.ts'
import { hashTypeCodes, hashTypeOfCode } from './hash-type-code.ts'
import type { Schema } from './schema.ts'

/** Contents that were switched off or on, in the order in which that happened: pairs of a content and its `disableUntil`. */
export type SwitchPage = {
  /** Where the next page starts. */
  readonly lastId: number
  readonly switches: readonly (readonly [contentId: number, disableUntil: number])[]
}

/** What a curator changes and reads of banks and contents, beyond what `BankStore` does. Writes belong in a transaction. */
export interface CurationStore {
  /** Changes a bank and returns it; undefined when there is none. @throws as `BankStore.create`. */
  updateBank(bankId: number, change: BankChange): Promise<Bank | undefined>
  /** Adds hashes to a content; those that the bank holds, and types that the content has, are left out. */
  addHashes(bankId: number, contentId: number, hashes: readonly ContentHash[]): Promise<void>
  /** Sets what is given of a content, and leaves the rest. */
  describe(
    contentId: number,
    texts: Omit<ContentChange, 'disableUntil'> & Pick<ContentOrigin, 'mediaUri'>,
  ): Promise<void>
  /** Switches a content off or on: see `CuratedContent`. */
  setDisableUntil(contentId: number, disableUntil: number): Promise<void>
  /** Returns one content of a bank, or undefined. */
  find(bankId: number, contentId: number): Promise<CuratedContent | undefined>
  /** Returns contents of any bank by their ids, by id; at most 1,000. */
  findMany(contentIds: readonly number[]): Promise<CuratedContent[]>
  /** Returns the content of a bank that has the hash, or undefined. */
  holding(bankId: number, hash: Pick<ContentHash, 'type' | 'value'>): Promise<number | undefined>
  /** Returns when the newest content was added, in epoch milliseconds; undefined when there is none. */
  lastAddedAt(): Promise<number | undefined>
  /** Returns a page of a bank's contents. A page may have fewer than `limit`, and still not be the last. */
  search(bankId: number, search: ContentSearch): Promise<ContentPage>
  /** Returns up to `limit` contents that were switched after an id of this log. */
  switches(afterId: number, limit: number): Promise<SwitchPage>
  /** Returns the ratio of each hash type that is not matched for all images. */
  typeRatios(): Promise<ReadonlyMap<HashType, number>>
  setTypeRatio(type: HashType, enabledRatio: number): Promise<void>
}

/** Returns the curator's functions over a connection or a transaction. */
export function createCurationStore(db: Kysely<Schema>): CurationStore {
  return {
    async updateBank(bankId, { name, enabledRatio, threshold, minQuality, tiers, suppresses }) {
      if (name !== undefined) await requireFreeName(db, bankId, name)
      const suppressed = suppresses === undefined ? undefined : await suppressesColumn(db, suppresses)
      await db
        .updateTable('banks')
        .set((set) => ({
          name: name ?? set.ref('name'),
          enabled_ratio: enabledRatio ?? set.ref('enabled_ratio'),
          threshold: threshold ?? set.ref('threshold'),
          min_quality: minQuality ?? set.ref('min_quality'),
          tiers: tiers === undefined ? set.ref('tiers') : JSON.stringify(tiers),
          suppresses: suppressed === undefined ? set.ref('suppresses') : suppressed,
        }))
        .where('id', '=', bankId)
        .execute()
      const row = await selectBanks(db).where('id', '=', bankId).executeTakeFirst()
      return row && bankOfRow(row)
    },

    async addHashes(bankId, contentId, hashes) {
      for (const { type, value, quality } of hashes) {
        const row = {
          bank_id: bankId,
          content_id: contentId,
          type: hashTypeCodes[type],
          value: Buffer.from(value, 'hex'),
          quality,
        }
        await db
          .insertInto('bank_hashes')
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .execute()
      }
    },

    async describe(contentId, { label, note, sourceId, mediaUri, contentUri, metadata }) {
      await db
        .updateTable('bank_contents')
        .set((set) => ({
          label: label ?? set.ref('label'),
          note: note ?? set.ref('note'),
          source_id: sourceId ?? set.ref('source_id'),
          media_uri: mediaUri ?? set.ref('media_uri'),
          content_uri: contentUri === undefined ? set.ref('content_uri') : contentUri || null,
          metadata: metadata === undefined ? set.ref('metadata') : metadata && JSON.stringify(metadata),
        }))
        .where('id', '=', contentId)
        .execute()
    },

    async setDisableUntil(contentId, disableUntil) {
      await sql`INSERT OR REPLACE INTO content_switches (content_id, disable_until)
        VALUES (${contentId}, ${disableUntil})`.execute(db)
    },

    async find(bankId, contentId) {
      const banks = db.selectFrom('banks').select('id').where('id', '=', bankId)
      if (!(await banks.where('removed_at', 'is', null).executeTakeFirst())) return undefined
      const [content] = await loadCurated(db, [contentId])
      return content?.bankId === bankId ? content : undefined
    },

    findMany: (contentIds) => loadCurated(db, contentIds),

    async holding(bankId, { type, value }) {
      const row = await db
        .selectFrom('bank_hashes')
        .select('content_id')
        .where('bank_id', '=', bankId)
        .where('type', '=', hashTypeCodes[type])
        .where('value', '=', Buffer.from(value, 'hex'))
        .executeTakeFirst()
      return row?.content_id
    },

    async lastAddedAt() {
      const newest = db.selectFrom('bank_contents').select('created_at').orderBy('id', 'desc').limit(1)
      return (await newest.executeTakeFirst())?.created_at
    },

    search: (bankId, search) => searchContents(db, bankId, search),

    async switches(afterId, limit) {
      const rows = await db
        .selectFrom('content_switches')
        .selectAll()
        .where('id', '>', afterId)
        .orderBy('id')
        .limit(limit)
        .execute()
      return {
        lastId: rows.at(-1)?.id ?? afterId,
        switches: rows.map((row) => [row.content_id, row.disable_until] as const),
      }
    },

    async typeRatios() {
      const rows = await db.selectFrom('hash_type_ratios').selectAll().execute()
      return new Map(rows.map((row) => [hashTypeOfCode(row.type), row.enabled_ratio]))
    },

    async setTypeRatio(type, enabledRatio) {
      await sql`INSERT OR REPLACE INTO hash_type_ratios (type, enabled_ratio)
        VALUES (${hashTypeCodes[type]}, ${enabledRatio})`.execute(db)
    },
  }
}

async function requireFreeName(db: Kysely<Schema>, bankId: number, name: string): Promise<void> {
  const taken = await db.selectFrom('banks').select('id').where('name', '=', name).executeTakeFirst()
  if (taken && taken.id !== bankId) throw new BankExistsError(name)
}
