import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** What the last start of the service had. */
export interface RecordedSettingStore {
  /** Returns every value by its name: JSON; of a secret, a digest. */
  load(): Promise<ReadonlyMap<string, string>>
  /** Keeps these values in the place of all that were kept. Belongs in a transaction. */
  replace(values: ReadonlyMap<string, string>): Promise<void>
}

/** Returns the table's functions over a connection or a transaction. */
export function createRecordedSettingStore(db: Kysely<Schema>): RecordedSettingStore {
  return {
    async load() {
      const rows = await db.selectFrom('recorded_settings').selectAll().execute()
      return new Map(rows.map(({ name, value }) => [name, value]))
    },

    async replace(values) {
      await db.deleteFrom('recorded_settings').execute()
      const rows = [...values].map(([name, value]) => ({ name, value }))
      if (rows.length > 0) await db.insertInto('recorded_settings').values(rows).execute()
    },
  }
}
