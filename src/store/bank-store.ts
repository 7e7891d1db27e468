import type { Kysely } from 'kysely'
import { AppError } from '../lib/errors.ts'
import type { Bank, BankContent, BankHash, BankProfile } from '../model/bank.ts'
import type { HashType } from '../model/hash.ts'
import type { Row, Schema } from './schema.ts'

/** A bank of that name exists already. */
export class BankExistsError extends AppError {
  override readonly name = 'BankExistsError'
  constructor(bank: string) {
    super('conflict', `Expected a new bank name but received ${bank}, which exists`)
  }
}

/** What a new bank is made of. */
export type NewBank = Pick<Bank, 'name' | 'threshold' | 'minQuality' | 'profile' | 'createdAt'>

/** A hash of a new content; PDQ hashes are in the bank's profile. */
export type NewBankHash = { readonly type: HashType; readonly value: string; readonly quality: number }

/** Banks of known content and their hashes. Enabled banks are what the indexes are built from. */
export interface BankStore {
  /** @throws {BankExistsError} when the name is taken. */
  create(bank: NewBank): Promise<Bank>
  /** Returns every bank with its number of contents, by name. */
  list(): Promise<(Bank & { readonly contentCount: number })[]>
  /** Returns the bank of that name, or undefined. */
  find(name: string): Promise<Bank | undefined>
  /** Removes a bank with all its contents. Resolves to false when there was none. */
  remove(bankId: number): Promise<boolean>
  /**
   * Adds one content. Hashes that the bank holds already are left out; when it holds all of them, the content that has
   * the first is returned and nothing is written.
   */
  addContent(
    bankId: number,
    content: { readonly hashes: readonly NewBankHash[]; readonly note: string; readonly createdAt: string },
  ): Promise<{ readonly contentId: number; readonly isNew: boolean }>
  /** Removes one content with its hashes. Resolves to false when the bank has none of that id. */
  removeContent(bankId: number, contentId: number): Promise<boolean>
  /** Returns the contents after an id, by id. */
  contents(bankId: number, afterId: number, limit: number): Promise<BankContent[]>
  /** Returns every hash of every enabled bank, by id: what an index is built from. */
  enabledHashes(): Promise<BankHash[]>
}

/** Returns the bank tables' functions over a connection or a transaction. The writing ones belong in a transaction. */
export function createBankStore(db: Kysely<Schema>): BankStore {
  return {
    async create({ name, threshold, minQuality, profile, createdAt }) {
      const row = await db
        .insertInto('banks')
        .values({ name, threshold, min_quality: minQuality, profile, is_enabled: 1, created_at: createdAt })
        .onConflict((conflict) => conflict.doNothing())
        .returningAll()
        .executeTakeFirst()
      if (!row) throw new BankExistsError(name)
      return bankOfRow(row)
    },

    async list() {
      const rows = await db
        .selectFrom('banks')
        .selectAll('banks')
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

    async find(name) {
      const row = await db.selectFrom('banks').selectAll().where('name', '=', name).executeTakeFirst()
      return row && bankOfRow(row)
    },

    async remove(bankId) {
      await db.deleteFrom('bank_hashes').where('bank_id', '=', bankId).execute()
      await db.deleteFrom('bank_contents').where('bank_id', '=', bankId).execute()
      const result = await db.deleteFrom('banks').where('id', '=', bankId).executeTakeFirst()
      return result.numDeletedRows > 0n
    },

    async addContent(bankId, { hashes, note, createdAt }) {
      const held = await heldHashes(db, bankId, hashes)
      const fresh = hashes.filter(
        (hash) => !held.some((row) => row.type === hash.type && row.value === hash.value),
      )
      const first = held[0]
      if (first && fresh.length === 0) return { contentId: first.content_id, isNew: false }
      const { id: contentId } = await db
        .insertInto('bank_contents')
        .values({ bank_id: bankId, note, created_at: createdAt })
        .returning('id')
        .executeTakeFirstOrThrow()
      const rows = fresh.map(({ type, value, quality }) => ({
        type,
        value,
        quality,
        bank_id: bankId,
        content_id: contentId,
      }))
      await db.insertInto('bank_hashes').values(rows).execute()
      return { contentId, isNew: true }
    },

    async removeContent(bankId, contentId) {
      const result = await db
        .deleteFrom('bank_contents')
        .where('bank_id', '=', bankId)
        .where('id', '=', contentId)
        .executeTakeFirst()
      if (result.numDeletedRows === 0n) return false
      await db.deleteFrom('bank_hashes').where('content_id', '=', contentId).execute()
      return true
    },

    async contents(bankId, afterId, limit) {
      const contents = await db
        .selectFrom('bank_contents')
        .selectAll()
        .where('bank_id', '=', bankId)
        .where('id', '>', afterId)
        .orderBy('id')
        .limit(limit)
        .execute()
      const ids = contents.map((content) => content.id)
      const hashes =
        ids.length === 0
          ? []
          : await db.selectFrom('bank_hashes').selectAll().where('content_id', 'in', ids).execute()
      return contents.map((content) => ({
        id: content.id,
        bankId: content.bank_id,
        note: content.note,
        createdAt: content.created_at,
        hashes: hashes
          .filter((hash) => hash.content_id === content.id)
          .map(({ type, value, quality }) => ({ type: type as HashType, value, quality })),
      }))
    },

    async enabledHashes() {
      const rows = await db
        .selectFrom('bank_hashes')
        .innerJoin('banks', 'banks.id', 'bank_hashes.bank_id')
        .select(['bank_hashes.bank_id', 'content_id', 'type', 'value', 'profile'])
        .where('banks.is_enabled', '=', 1)
        .orderBy('bank_hashes.id')
        .execute()
      return rows.map((row) => ({
        bankId: row.bank_id,
        contentId: row.content_id,
        type: row.type as HashType,
        value: row.value,
        profile: row.profile as BankProfile,
      }))
    },
  }
}

function heldHashes(db: Kysely<Schema>, bankId: number, hashes: readonly NewBankHash[]) {
  return db
    .selectFrom('bank_hashes')
    .select(['content_id', 'type', 'value'])
    .where('bank_id', '=', bankId)
    .where((where) =>
      where.or(
        hashes.map(({ type, value }) => where.and([where('type', '=', type), where('value', '=', value)])),
      ),
    )
    .execute()
}

function bankOfRow(row: Row<'banks'>): Bank {
  return {
    id: row.id,
    name: row.name,
    threshold: row.threshold,
    minQuality: row.min_quality,
    profile: row.profile as BankProfile,
    isEnabled: row.is_enabled === 1,
    createdAt: row.created_at,
  }
}
