import type { Kysely } from 'kysely'
import { AppError } from '../lib/errors.ts'
import type { Bank, BankContent, BankProfile } from '../model/bank.ts'
import { type HashType, hashTypes } from '../model/hash.ts'
import { contentHolding, insertContents, loadContents, type NewContent } from './bank-contents.ts'
import { bankOfRow, selectBanks, suppressesColumn } from './bank-rows.ts'
import { hashTypeCodes } from './hash-type-code.ts'
import type { Schema } from './schema.ts'

/** A bank of that name exists already. */
export class BankExistsError extends AppError {
  override readonly name = 'BankExistsError'
  constructor(bank: string) {
    super('conflict', `Expected a new bank name but received ${bank}, which exists`)
  }
}

/** What a new bank is made of; its ratio is 1, it has no tiers, and it is not negative unless told. */
export type NewBank = Pick<Bank, 'name' | 'threshold' | 'minQuality' | 'profile' | 'createdAt'> &
  Partial<Pick<Bank, 'enabledRatio' | 'tiers' | 'suppresses'>>

/** Banks of known content and their hashes. Enabled banks are what the indexes are built from. */
export interface BankStore {
  /** @throws {BankExistsError} when the name is taken; an `invalid` error when it is to suppress a bank that is not there. */
  create(bank: NewBank): Promise<Bank>
  /** Returns every bank with its number of contents, by name. */
  list(): Promise<(Bank & { readonly contentCount: number })[]>
  /** Returns every bank, by id; without counting, which takes its time with millions of contents. */
  settings(): Promise<Bank[]>
  /** Returns the profile of every bank, also of those that are removed and not purged. */
  profiles(): Promise<readonly Pick<Bank, 'id' | 'profile'>[]>
  /** Returns the bank of that name, or undefined. */
  find(name: string): Promise<Bank | undefined>
  /** Deletes a bank with all that there is of it, removed contents too. Resolves to false when there was none. */
  remove(bankId: number): Promise<boolean>
  /**
   * Adds one content. Hashes that the bank holds already are left out; when it holds all of them, the content that has
   * the first is returned and nothing is written.
   */
  addContent(
    bankId: number,
    content: NewContent,
    createdAt: string,
  ): Promise<{ readonly contentId: number; readonly isNew: boolean }>
  /**
   * Adds many contents, as `addContent` in the order given. Returns how many were new; of the others the bank held, or
   * the list had before, every hash. Takes a hundredth of the time that `addContent` takes for each.
   */
  addContents(bankId: number, contents: readonly NewContent[], createdAt: string): Promise<number>
  /** Returns the contents after an id, by id. */
  contents(bankId: number, afterId: number, limit: number): Promise<BankContent[]>
  /** Returns the types of which the bank has hashes, in the order of `hashTypes`. */
  typesHeld(bankId: number): Promise<HashType[]>
}

/** Returns the bank tables' functions over a connection or a transaction. The writing ones belong in a transaction. */
export function createBankStore(db: Kysely<Schema>): BankStore {
  return {
    async create(bank) {
      const { name, threshold, minQuality, profile, createdAt, enabledRatio = 1, tiers = [] } = bank
      const row = await db
        .insertInto('banks')
        .values({
          name,
          threshold,
          min_quality: minQuality,
          profile,
          enabled_ratio: enabledRatio,
          tiers: JSON.stringify(tiers),
          suppresses: await suppressesColumn(db, bank.suppresses),
          created_at: createdAt,
        })
        .onConflict((conflict) => conflict.doNothing())
        .returning('id')
        .executeTakeFirst()
      if (!row) throw new BankExistsError(name)
      return bankOfRow(await selectBanks(db).where('id', '=', row.id).executeTakeFirstOrThrow())
    },

    async list() {
      const rows = await selectBanks(db)
        .select((select) =>
          select
            .selectFrom('bank_contents')
            .whereRef('bank_contents.bank_id', '=', 'banks.id')
            .select((count) => count.fn.countAll<number>().as('n'))
            .as('content_count'),
        )
        .orderBy('name')
        .execute()
      return rows.map((row) => ({ ...bankOfRow(row), contentCount: row.content_count ?? 0 }))
    },

    async settings() {
      return (await selectBanks(db).orderBy('id').execute()).map(bankOfRow)
    },

    async profiles() {
      const rows = await db.selectFrom('banks').select(['id', 'profile']).execute()
      return rows.map(({ id, profile }) => ({ id, profile: profile as BankProfile }))
    },

    async find(name) {
      const row = await selectBanks(db).where('name', '=', name).executeTakeFirst()
      return row && bankOfRow(row)
    },

    async remove(bankId) {
      const contents = db.selectFrom('bank_contents').select('id').where('bank_id', '=', bankId)
      await db.deleteFrom('content_switches').where('content_id', 'in', contents).execute()
      await db.deleteFrom('bank_hashes').where('bank_id', '=', bankId).execute()
      await db.deleteFrom('bank_contents').where('bank_id', '=', bankId).execute()
      await db.deleteFrom('bank_imports').where('bank_id', '=', bankId).execute()
      await db.deleteFrom('removed_contents').where('bank_id', '=', bankId).execute()
      const result = await db.deleteFrom('banks').where('id', '=', bankId).executeTakeFirst()
      return result.numDeletedRows > 0n
    },

    async addContent(bankId, content, createdAt) {
      const [contentId] = await insertContents(db, bankId, [content], createdAt)
      if (contentId !== undefined) return { contentId, isNew: true }
      return { contentId: await contentHolding(db, bankId, content.hashes), isNew: false }
    },

    async addContents(bankId, contents, createdAt) {
      return (await insertContents(db, bankId, contents, createdAt)).length
    },

    contents: (bankId, afterId, limit) => loadContents(db, bankId, afterId, limit),

    async typesHeld(bankId) {
      const held: HashType[] = []
      for (const type of hashTypes) {
        const hashes = db.selectFrom('bank_hashes').select('id').where('bank_id', '=', bankId)
        const row = await hashes.where('type', '=', hashTypeCodes[type]).limit(1).executeTakeFirst()
        if (row) held.push(type)
      }
      return held
    },
  }
}
