import type { Generated, Insertable, Selectable } from 'kysely'
import type { ApiActionType } from '../model/api-action.ts'
import type { ActingTables } from './acting-tables.ts'
import type { AuditTable, RecordedSettingTable } from './audit-tables.ts'
import type { ExchangeTables } from './exchange-tables.ts'
import type { RescanTables } from './rescan-tables.ts'
import type { ReviewTables } from './review-tables.ts'
import type { AnnouncedImageTable, OutboxTable } from './webhook-tables.ts'

/*
 * The tables, a type each, in one list: queries are typed over all of them, and every migration changes it beside the others.
 * Those of acting are in `acting-tables.ts`, of the audit in `audit-tables.ts`, of exchanges in `exchange-tables.ts`, of rescans in
 * `rescan-tables.ts`, of reviews and matches in `review-tables.ts`, of webhooks in `webhook-tables.ts`.
 */

/** States of a row in `jobs`. `pending` waits or runs; the others are final, though `dead` and `cancelled` can be revived. */
export const jobStates = ['pending', 'done', 'cancelled', 'dead'] as const

/** One member of `jobStates`. */
export type JobState = (typeof jobStates)[number]

/** `jobs`: one row per image of a record version; unique on (uri, record_cid, blob_cid). Times are epoch milliseconds. */
export type JobTable = {
  id: Generated<number>
  did: string
  uri: string
  record_cid: string
  blob_cid: string
  /** One of `imageUses`. */
  shown_as: Generated<string>
  mime_type: string
  size: number | null
  state: Generated<JobState>
  attempts: Generated<number>
  run_after: number
  /** Higher goes first: 0 for the stream's, 1 for what was reported, -1 for a rescan's, which have a place of their own. */
  priority: Generated<number>
  claimed_until: Generated<number>
  /** How it ended: a scan outcome, a cancel reason, or the last error. */
  outcome: string | null
  seen_at: string
  done_at: string | null
}

/** `cursors`: our place in each event stream. */
export type CursorTable = {
  stream: string
  host: string
  time_us: number
  seq: number | null
}

/** `images`: what is known of a blob's bytes, by CID; true on every account. */
export type ImageTable = {
  cid: string
  outcome: 'hashed' | 'unscannable'
  reason: string | null
  format: string | null
  width: number | null
  height: number | null
  size: number | null
  /** JSON: `ImageHash[]`. */
  hashes: string
  /** JSON: `HashPlan`; null where there are no hashes. */
  plan: string | null
  scanned_at: string
}

/** `banks`. */
export type BankTable = {
  id: Generated<number>
  name: string
  threshold: number
  min_quality: number
  profile: string
  /** 0 to 1. */
  enabled_ratio: Generated<number>
  created_at: string
  /** JSON: the ids of the banks that it suppresses, or `"all"`; null unless it is negative. */
  suppresses: Generated<string | null>
  /** JSON: `BankTier[]`. */
  tiers: Generated<string>
  /** When it was removed, and as what; it is kept until it is purged. */
  removed_at: Generated<string | null>
  removed_name: Generated<string | null>
}

/** `removed_contents`: contents that were removed, until they are restored or purged. */
export type RemovedContentTable = {
  content_id: number
  bank_id: number
  removed_at: string
  /** JSON: `CuratedContent`. */
  content: string
}

/** `bank_contents`: known content; its hashes are in `bank_hashes`. */
export type BankContentTable = {
  id: Generated<number>
  bank_id: number
  note: string
  label: string
  source_id: string
  /** Epoch milliseconds. */
  created_at: number
  media_uri: Generated<string | null>
  content_uri: Generated<string | null>
  /** JSON: an object. */
  metadata: Generated<string | null>
}

/** `content_switches`: contents that were switched off or on again, one row each; a change gives it a new id. */
export type ContentSwitchTable = {
  id: Generated<number>
  content_id: number
  /** 0 disabled, 1 enabled, otherwise the Unix second from which on it is enabled. */
  disable_until: number
}

/** `hash_type_ratios`: hash types that are not matched for all images. */
export type HashTypeRatioTable = {
  /** One of `hashTypeCodes`. */
  type: number
  /** 0 to 1. */
  enabled_ratio: number
}

/** `bank_hashes`: unique on (bank_id, type, value) and on (content_id, type). */
export type BankHashTable = {
  id: Generated<number>
  bank_id: number
  content_id: number
  /** One of `hashTypeCodes`. */
  type: number
  /** The hash itself: 16 bytes of MD5, 20 of SHA-1, 32 of PDQ and SHA-256. */
  value: Buffer
  quality: number
}

/** `bank_hash_removals`: hashes that were removed, written by a trigger, until the service has taken note of them. */
export type BankHashRemovalTable = Omit<BankHashTable, 'quality'>

/** `bank_imports`: files that are being read into a bank, unique on (bank_id, path); a finished one has no row. */
export type BankImportTable = {
  id: Generated<number>
  bank_id: number
  path: string
  format: string
  /** Bytes and lines that are done, and the SHA-256 of those bytes. */
  offset: number
  line: number
  digest: string
  /** JSON: `ImportCounts`. */
  counts: string
}

/**
 * `labels`: every label ever published, in stream order. `is_current` marks the newest of its (src, uri, val);
 * `is_standing` one that was superseded by a label on another version, and by none on its own.
 */
export type LabelTable = {
  seq: Generated<number>
  src: string
  uri: string
  cid: string | null
  val: string
  neg: number
  cts: string
  exp: string | null
  sig: Buffer
  bytes: Buffer
  /** The key that signed it, in `signing_keys`; 0 when that is not known. */
  key_id: number
  is_current: number
  is_standing: Generated<number>
}

/** States of a row in `signing_keys`: `switching` is a `next` key whose place in the DID document is being made. */
export const keyStates = ['next', 'switching', 'live', 'retired'] as const

/** `signing_keys`: the public halves of the label keys, at most one of them live and one next. */
export type SigningKeyTable = {
  id: Generated<number>
  did_key: string
  state: (typeof keyStates)[number]
  changed_at: string
}

/**
 * `emissions`: the state that is wanted of a subject and value where it is not the published one; unique on
 * (src, uri, val). `is_queued` is 0 for a withdrawal of what never was published, which is kept and not published either.
 */
export type EmissionTable = {
  id: Generated<number>
  src: string
  uri: string
  val: string
  cid: string | null
  neg: number
  exp: string | null
  /** The place in `priorities`. */
  priority: number
  is_queued: number
  /** Who asked for it, as in `audit`. */
  actor: string
  job_id: number | null
  /** Epoch milliseconds. */
  queued_at: number
}

/** `label_stream`: one row. `floor` is the seq up to which labels may be missing, because a database was lost. */
export type LabelStreamTable = {
  id: number
  /** 32 hex digits, made with the database. */
  database_id: string
  floor: number
}

/** `subscriptions`: who followed the labels. `ended_at` and `end` are null while it goes on, as of `seen_at`. */
export type SubscriptionTable = {
  id: string
  user_agent: string | null
  address: string
  started_at: string
  seen_at: string
  ended_at: string | null
  end: string | null
  cursor: number | null
  position: number | null
  labels: number
}

/** `did_docs`: DID documents as last resolved. `updated_at` is epoch milliseconds. */
export type DidDocTable = {
  did: string
  doc: string
  updated_at: number
}

/** `used_tokens`: tokens between services that are no longer good. `until` is epoch milliseconds. */
export type UsedTokenTable = { digest: string; until: number }

/** `api_keys`: keys of the REST API. */
export type ApiKeyTable = {
  id: Generated<number>
  /** The SHA-256 of the secret, in hex. */
  digest: string
  name: string
  /** Separated by spaces. */
  scopes: string
  requests_per_minute: number
  created_at: string
  last_used_at: string | null
  revoked_at: string | null
}

/** `uploads`: what the upload gate passed without a verdict. `run_after` is epoch milliseconds. */
export type UploadTable = {
  id: Generated<number>
  /** Empty where it is not known. */
  did: string
  blob_cid: string
  size: number
  reason: string
  received_at: string
  state: 'pending' | 'done' | 'dead'
  attempts: number
  run_after: number
  outcome: string | null
  done_at: string | null
}

/** `api_actions`: what callers of the REST API had done; unique on (key_id, action_id). `key_id` is 0 without a key. */
export type ApiActionTable = {
  id: Generated<number>
  key_id: number
  action_id: string
  type: ApiActionType
  content_id: string
  details: string
  at: string
  /** The review that it opened or joined. */
  review_id: number | null
}

/** Every table. */
export type Schema = ActingTables &
  ExchangeTables &
  RescanTables &
  ReviewTables & {
    jobs: JobTable
    cursors: CursorTable
    images: ImageTable
    banks: BankTable
    bank_contents: BankContentTable
    bank_hashes: BankHashTable
    bank_hash_removals: BankHashRemovalTable
    bank_imports: BankImportTable
    removed_contents: RemovedContentTable
    content_switches: ContentSwitchTable
    hash_type_ratios: HashTypeRatioTable
    labels: LabelTable
    signing_keys: SigningKeyTable
    emissions: EmissionTable
    label_stream: LabelStreamTable
    subscriptions: SubscriptionTable
    audit: AuditTable
    recorded_settings: RecordedSettingTable
    did_docs: DidDocTable
    used_tokens: UsedTokenTable
    api_keys: ApiKeyTable
    uploads: UploadTable
    api_actions: ApiActionTable
    outbox: OutboxTable
    announced_images: AnnouncedImageTable
  }

/** A row of `T` as read. */
export type Row<T extends keyof Schema> = Selectable<Schema[T]>
/** A row of `T` to be written. */
export type NewRow<T extends keyof Schema> = Insertable<Schema[T]>
