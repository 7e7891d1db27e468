import type { Kysely } from 'kysely'
import type { Did } from '../model/ids.ts'
import type { Schema } from './schema.ts'

/** A DID document as last resolved. */
export type StoredDidDoc = {
  /** The document's JSON text. */
  readonly doc: string
  /** When it was resolved, epoch milliseconds. */
  readonly updatedAt: number
}

/** DID documents, so that a restart does not ask the directory for every account again. */
export interface DidStore {
  /** Returns the stored document, however old, or undefined. */
  load(did: Did): Promise<StoredDidDoc | undefined>
  /** Stores a document; overwrites the earlier one. */
  save(did: Did, doc: StoredDidDoc): Promise<void>
  /** Forgets documents, so that the next use resolves them anew; unknown DIDs are no error. */
  forget(dids: readonly Did[]): Promise<void>
}

/** Returns the DID document table's functions over a connection or a transaction. */
export function createDidStore(db: Kysely<Schema>): DidStore {
  return {
    async load(did) {
      const row = await db.selectFrom('did_docs').selectAll().where('did', '=', did).executeTakeFirst()
      return row && { doc: row.doc, updatedAt: row.updated_at }
    },

    async save(did, { doc, updatedAt }) {
      await db
        .insertInto('did_docs')
        .values({ did, doc, updated_at: updatedAt })
        .onConflict((conflict) => conflict.column('did').doUpdateSet({ doc, updated_at: updatedAt }))
        .execute()
    },

    async forget(dids) {
      for (const did of dids) await db.deleteFrom('did_docs').where('did', '=', did).execute()
    },
  }
}
