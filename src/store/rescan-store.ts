import { type Kysely, sql } from 'kysely'
import { AppError } from '../lib/errors.ts'
import type { SubjectUri } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import type { CollectionCounts, Rescan, RescanPlace, RescanScans } from '../model/rescan.ts'
import type { Row, Schema } from './schema.ts'

/** The rescan that was going on is no longer ours: another process goes on with it, or has ended it. */
class RescanTakenError extends AppError {
  override readonly name = 'RescanTakenError'
  constructor() {
    super(
      'conflict',
      'Expected to be the only rescan of this subject, but another process has gone on with it; ' +
        'see that one runs at a time, then run the same command again',
    )
  }
}

/** Looking again at the images of accounts and records: how far each rescan has got, and which jobs are its own. */
export interface RescanStore {
  /** Returns the rescan of the subject that has not ended, or undefined. */
  open(subject: SubjectUri): Promise<Rescan | undefined>
  /** Begins one. */
  begin(subject: SubjectUri, place: RescanPlace, startedAt: string): Promise<Rescan>
  /** Makes the jobs of images, which are there, belong to a rescan: those that waited already too. */
  addImages(id: number, images: readonly ImageRef[]): Promise<void>
  /** Moves a rescan on and returns it. @throws {RescanTakenError} when it is no longer where `from` says. */
  advance(from: Rescan, to: RescanPlace & { readonly queued: number }): Promise<Rescan>
  /** Ends a rescan; false when it has ended. */
  end(id: number, endedAt: string): Promise<boolean>
  /** Returns what became of the images of one that has not ended. */
  scans(rescan: Pick<Rescan, 'id' | 'startedAt'>): Promise<RescanScans>
}

/** Returns the functions of the tables of rescans over a connection or a transaction. */
export function createRescanStore(db: Kysely<Schema>): RescanStore {
  return {
    async open(subject) {
      const row = await db
        .selectFrom('rescans')
        .selectAll()
        .where('subject', '=', subject)
        .where('ended_at', 'is', null)
        .executeTakeFirst()
      return row && rescanOfRow(row)
    },

    async begin(subject, place, startedAt) {
      const row = await db
        .insertInto('rescans')
        .values({ subject, started_at: startedAt, ended_at: null, ...columnsOf(place) })
        .returningAll()
        .executeTakeFirstOrThrow()
      return rescanOfRow(row)
    },

    async addImages(id, images) {
      const keys = JSON.stringify(images.map(({ uri, recordCid, cid }) => [uri, recordCid, cid]))
      await sql`INSERT OR IGNORE INTO rescan_jobs (rescan_id, job_id)
        SELECT ${id}, jobs.id FROM json_each(${keys}) AS wanted CROSS JOIN jobs
        WHERE jobs.uri = wanted.value ->> 0 AND jobs.record_cid = wanted.value ->> 1
          AND jobs.blob_cid = wanted.value ->> 2`.execute(db)
    },

    async advance(from, to) {
      const row = await db
        .updateTable('rescans')
        .set({ ...columnsOf(to), queued: to.queued, step: from.step + 1 })
        .where('id', '=', from.id)
        .where('step', '=', from.step)
        .where('ended_at', 'is', null)
        .returningAll()
        .executeTakeFirst()
      if (!row) throw new RescanTakenError()
      return rescanOfRow(row)
    },

    async end(id, endedAt) {
      const result = await db
        .updateTable('rescans')
        .set({ ended_at: endedAt })
        .where('id', '=', id)
        .where('ended_at', 'is', null)
        .executeTakeFirst()
      await db.deleteFrom('rescan_jobs').where('rescan_id', '=', id).execute()
      return result.numUpdatedRows === 1n
    },

    async scans({ id, startedAt }) {
      const { rows } = await sql<RescanScans>`SELECT count(*) AS images,
          count(*) FILTER (WHERE jobs.state = 'pending') AS waiting,
          count(*) FILTER (WHERE jobs.state = 'dead') AS dead,
          count(*) FILTER (WHERE EXISTS (SELECT 1 FROM matches WHERE matches.job_id = own.job_id
            AND matches.suppressed_by IS NULL AND matches.created_at >= ${startedAt})) AS matched
        FROM rescan_jobs AS own LEFT JOIN jobs ON jobs.id = own.job_id WHERE own.rescan_id = ${id}`.execute(
        db,
      )
      return rows[0] as RescanScans
    },
  }
}

function columnsOf({ collections, index, cursor }: RescanPlace) {
  return {
    collections: JSON.stringify(collections),
    collection_index: index,
    cursor: cursor ?? null,
  }
}

function rescanOfRow(row: Row<'rescans'>): Rescan {
  return {
    id: row.id,
    subject: row.subject as SubjectUri,
    startedAt: row.started_at,
    collections: JSON.parse(row.collections) as CollectionCounts[],
    index: row.collection_index,
    cursor: row.cursor ?? undefined,
    step: row.step,
    queued: row.queued,
  }
}
