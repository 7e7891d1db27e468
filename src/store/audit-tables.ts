import type { Generated } from 'kysely'

/** `audit`: who did what to what, and why, as a chain; rows are only added. */
export type AuditTable = {
  /** Given by `append`: one more than the last one ever given. */
  id: Generated<number>
  at: string
  actor: string
  action: string
  subject: string
  /** JSON. */
  details: string
  /** 64 lower-case hex digits: see `model/audit-chain.ts`. */
  hash: string
}

/** `recorded_settings`: what the last start of the service had, for the next one to compare with. */
export type RecordedSettingTable = {
  /** A variable such as `HARRIER_DATA_DIR`, or `policy`. */
  name: string
  /** JSON; of a secret, a digest. */
  value: string
}
