import type { Kysely } from 'kysely'
import type { StreamCursor } from '../model/stream-event.ts'
import type { Schema } from './schema.ts'

/** Our place in each event stream. */
export interface CursorStore {
  /** Returns the place of a stream, or undefined when it was never read. */
  load(stream: string): Promise<StreamCursor | undefined>
  /** Remembers the place; overwrites the earlier one. */
  save(stream: string, cursor: StreamCursor): Promise<void>
}

/** Returns the cursor table's functions over a connection or a transaction. */
export function createCursorStore(db: Kysely<Schema>): CursorStore {
  return {
    async load(stream) {
      const row = await db.selectFrom('cursors').selectAll().where('stream', '=', stream).executeTakeFirst()
      return row && { host: row.host, timeUs: row.time_us, seq: row.seq ?? undefined }
    },

    async save(stream, { host, timeUs, seq }) {
      const place = { host, time_us: timeUs, seq: seq ?? null }
      await db
        .insertInto('cursors')
        .values({ stream, ...place })
        .onConflict((conflict) => conflict.column('stream').doUpdateSet(place))
        .execute()
    },
  }
}
