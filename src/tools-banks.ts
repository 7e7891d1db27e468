/**
 * The part of `tools.ts` with which the operator keeps banks: making them, filling them, and reading and writing their files.
 */

import { recordExport } from './audit/record-export.ts'
import { type ExportOptions, type ExportPage, exportBank } from './bank-file/export-bank.ts'
import {
  type ImportOptions,
  type ImportResult,
  type ImportSource,
  importFile,
} from './bank-file/import-file.ts'
import type { Curation } from './curate/curate.ts'
import { AppError } from './lib/errors.ts'
import type { Bank, BankContent } from './model/bank.ts'
import { hashesForBank } from './model/bank-hashes.ts'
import type { WantedBank } from './model/curation.ts'
import type { ImageHash, PdqImageHash } from './model/hash.ts'
import type { Database, Stores } from './store/database.ts'

/** What became of content that was to be added. */
export type AddedContent = {
  readonly contentId: number
  /** False when the bank held all of it already. */
  readonly isNew: boolean
  /** The PDQ hash that was left out for its quality. */
  readonly leftOut: PdqImageHash | undefined
}

/** What the commands do with banks. Every change is one transaction with its audit row. */
export interface BankTools {
  /** @throws `BankExistsError` when the name is taken; an `invalid` error when it is to suppress a bank that is not there. */
  create(bank: WantedBank): Promise<Bank>
  list(): Promise<(Bank & { readonly contentCount: number })[]>
  find(name: string): Promise<Bank | undefined>
  /** Returns up to `limit` contents after an id, by id. */
  contents(bank: Bank, afterId: number, limit: number): Promise<BankContent[]>
  /**
   * Adds known content: the digests, and the PDQ hash of the stored pixels in the bank's profile. Hashes that the bank
   * holds already are not added twice. A PDQ hash below the bank's least quality says too little and is left out.
   */
  add(bank: Bank, hashes: readonly ImageHash[], note: string): Promise<AddedContent>
  /** Imports a file of known content, or goes on with it; see `importFile`. Leaves an audit row at its start and end. */
  import(bank: Bank, source: ImportSource, options: ImportOptions, signal: AbortSignal): Promise<ImportResult>
  /** Yields the file that the bank is written as; see `exportBank`. Leaves an audit row. */
  export(bank: Bank, options: ExportOptions): AsyncIterable<ExportPage>
  /** Removes one content; false when the bank has none of that id. */
  removeContent(bank: Bank, contentId: number): Promise<boolean>
  /** Removes the bank with all its contents. */
  remove(bank: Bank): Promise<boolean>
}

/** What keeping banks needs. */
export type BankToolsDeps = {
  readonly database: Database
  readonly curation: Curation
  readonly now: () => Date
}

/** Returns what the commands do with banks. */
export function createBankTools({ database, curation, now }: BankToolsDeps): BankTools {
  return {
    list: () => database.banks.list(),
    find: (name) => database.banks.find(name),
    contents: (bank, afterId, limit) => database.banks.contents(bank.id, afterId, limit),
    create: curation.createBank,
    async add(bank, hashes, note) {
      const { kept, leftOut } = hashesForBank(bank, hashes)
      if (kept.length === 0) throw new AppError('invalid', `Expected content that bank ${bank.name} can hold`)
      return { ...(await curation.addContent(bank, { hashes: kept, note })), leftOut }
    },
    import(bank, source, options, signal) {
      const audit = (
        stores: Stores,
        action: string,
        subject: string,
        details: Record<string, unknown>,
      ): Promise<void> =>
        stores.audit.append([{ at: now().toISOString(), actor: 'cli', action, subject, details }])
      return importFile({ database, audit, now }, bank, source, options, signal)
    },
    export: (bank, options) =>
      recordExport(database, exportBank(database.banks, bank, options), {
        subject: bank.name,
        actor: 'cli',
        at: now().toISOString(),
      }),
    removeContent: curation.removeContent,
    remove: curation.removeBank,
  }
}
