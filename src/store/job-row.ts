import type { AtUri, Cid, Did } from '../model/ids.ts'
import type { ImageUse } from '../model/image.ts'
import type { ScanJob } from '../model/job.ts'
import type { Row } from './schema.ts'

/** Returns the job that a row stands for. */
export function jobOfRow(row: Row<'jobs'>): ScanJob {
  return {
    id: row.id,
    image: {
      did: row.did as Did,
      uri: row.uri as AtUri,
      recordCid: row.record_cid as Cid,
      cid: row.blob_cid as Cid,
      use: row.shown_as as ImageUse,
      mimeType: row.mime_type,
      size: row.size ?? undefined,
    },
    attempts: row.attempts,
    seenAt: row.seen_at,
    isRescan: row.priority < 0,
  }
}
