import type { Generated } from 'kysely'

/** `rescans`: accounts and records whose images are looked at again; a subject has at most one that has not ended. */
type RescanTable = {
  id: Generated<number>
  subject: string
  started_at: string
  ended_at: string | null
  /** JSON: `CollectionCounts[]`. */
  collections: string
  collection_index: number
  cursor: string | null
  step: Generated<number>
  queued: Generated<number>
}

/** `rescan_jobs`: the jobs of a rescan that has not ended. */
type RescanJobTable = { rescan_id: number; job_id: number }

/** The tables of rescans. */
export type RescanTables = { rescans: RescanTable; rescan_jobs: RescanJobTable }
