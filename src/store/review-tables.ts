import type { Generated } from 'kysely'
import type { ReviewState } from '../model/review.ts'

/** `matches`: every match found, also one that was suppressed, with the job that found it. */
type MatchTable = {
  id: Generated<number>
  job_id: number
  bank_id: number
  bank: string
  content_id: number
  hash_type: string
  profile: string | null
  variant: string | null
  distance: number
  tier: string | null
  /** JSON: the `Match` of a negative bank that suppresses it; null where it acts. */
  suppressed_by: string | null
  /** One of `opinions`; null for `none`. */
  opinion: string | null
  /** Both null where a match is of before they were kept, or a hash was gone. */
  image_hash: Buffer | null
  bank_hash: Buffer | null
  /** The digest of the policy, and how far the indexes had followed the banks. */
  policy: string | null
  banks_version: string | null
  /** The image; null where its job was gone when these columns came. */
  did: string | null
  uri: string | null
  record_cid: string | null
  blob_cid: string | null
  shown_as: string | null
  /** When somebody judged it to be none. */
  reversed_at: Generated<string | null>
  created_at: string
}

/** `reviews`: what a person is to judge. At most one row of a subject is not closed. */
type ReviewTable = {
  id: Generated<number>
  /** A DID or a record's URI. */
  subject: string
  did: string
  state: ReviewState
  created_at: string
  updated_at: string
  /** What a person is asked to do beside judging: `cybertip`. */
  requested: Generated<string | null>
  /** Who has it for the time being, and until when; ISO 8601. */
  claimed_by: Generated<string | null>
  claimed_until: Generated<string | null>
  closed_at: Generated<string | null>
}

/** `reports`: what users reported, each attached to a review; without `uri` and `cid` the account is meant. */
type ReportTable = {
  id: Generated<number>
  review_id: number
  reported_by: string
  reason_type: string
  reason: string | null
  did: string
  uri: string | null
  cid: string | null
  /** JSON: `ModTool`. */
  mod_tool: string | null
  created_at: string
}

/** `subject_fetches`: records that are to be fetched for their images. `run_after` is epoch milliseconds. */
type SubjectFetchTable = {
  id: Generated<number>
  /** Null where no review wants it, but a blob of the record matches that was sent to us. */
  review_id: number | null
  uri: string
  /** The version that was reported; null where none was named. */
  cid: string | null
  state: Generated<'pending' | 'done' | 'dead'>
  attempts: Generated<number>
  run_after: number
  outcome: string | null
  done_at: string | null
}

/** `review_images`: the images of a review's subject; without `outcome` it was not looked at yet. */
type ReviewImageTable = {
  review_id: number
  uri: string
  /** Empty while the version of the record is not known: its image was sent to us. */
  record_cid: string
  blob_cid: string
  outcome: string | null
  looked_at: string | null
}

/** `review_matches`: the evidence of a review. */
type ReviewMatchTable = Omit<
  MatchTable,
  'job_id' | 'created_at' | 'did' | 'uri' | 'record_cid' | 'blob_cid' | 'shown_as' | 'reversed_at'
> & {
  review_id: number
  uri: string
  /** Empty as in `review_images`. */
  record_cid: string
  blob_cid: string
  found_at: string
}

/** The tables of matches and reviews. */
export type ReviewTables = {
  matches: MatchTable
  reviews: ReviewTable
  reports: ReportTable
  subject_fetches: SubjectFetchTable
  review_images: ReviewImageTable
  review_matches: ReviewMatchTable
}
