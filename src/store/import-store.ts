import type { Kysely } from 'kysely'
import { AppError } from '../lib/errors.ts'
import type { ImportPlace } from '../model/bank-file.ts'
import type { Schema } from './schema.ts'

/** The import that was going on is no longer ours: its bank was removed, or another process imports the same file. */
class ImportTakenError extends AppError {
  override readonly name = 'ImportTakenError'
  constructor() {
    super(
      'conflict',
      'Expected to be the only import of this file into the bank, but another process has gone on with it, ' +
        'or the bank was removed; see that one run at a time, then run the same command again',
    )
  }
}

/** Where the import of a file into a bank has got to, committed with the contents that it stands for. */
export interface ImportStore {
  /** Returns the place of the unfinished import of that file into the bank, or undefined. */
  load(bankId: number, path: string): Promise<ImportPlace | undefined>
  /**
   * Moves an import on: from its start when `from` is undefined, in place of whatever was there.
   * @throws {ImportTakenError} when it is no longer where `from` says.
   */
  save(bankId: number, path: string, place: ImportPlace, from: ImportPlace | undefined): Promise<void>
  /** Ends an import. @throws {ImportTakenError} as `save`. */
  finish(bankId: number, path: string, from: ImportPlace): Promise<void>
}

/** Returns the functions of the table of imports over a connection or a transaction. */
export function createImportStore(db: Kysely<Schema>): ImportStore {
  return {
    async load(bankId, path) {
      const row = await db
        .selectFrom('bank_imports')
        .selectAll()
        .where('bank_id', '=', bankId)
        .where('path', '=', path)
        .executeTakeFirst()
      if (!row) return undefined
      const { format, offset, line, digest, counts } = row
      return {
        format: format as ImportPlace['format'],
        offset,
        line,
        digest,
        counts: JSON.parse(counts) as ImportPlace['counts'],
      }
    },

    async save(bankId, path, place, from) {
      const values = { ...place, counts: JSON.stringify(place.counts) }
      if (from === undefined) {
        await db
          .insertInto('bank_imports')
          .values({ ...values, bank_id: bankId, path })
          .onConflict((conflict) => conflict.columns(['bank_id', 'path']).doUpdateSet(values))
          .execute()
        return
      }
      const result = await db
        .updateTable('bank_imports')
        .set(values)
        .where('bank_id', '=', bankId)
        .where('path', '=', path)
        .where('offset', '=', from.offset)
        .where('digest', '=', from.digest)
        .executeTakeFirst()
      if (result.numUpdatedRows === 0n) throw new ImportTakenError()
    },

    async finish(bankId, path, from) {
      const result = await db
        .deleteFrom('bank_imports')
        .where('bank_id', '=', bankId)
        .where('path', '=', path)
        .where('offset', '=', from.offset)
        .where('digest', '=', from.digest)
        .executeTakeFirst()
      if (result.numDeletedRows === 0n) throw new ImportTakenError()
    },
  }
}
