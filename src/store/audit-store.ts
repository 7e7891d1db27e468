import type { Kysely } from 'kysely'
import type { Schema } from './schema.ts'

/** One thing that was done, by whom, to what. */
export type AuditEntry = {
  /** ISO 8601. */
  readonly at: string
  /** `harrier` for the machine, `cli` for the operator's command line, `hma` for the HTTP API of Hasher-Matcher-Actioner. */
  readonly actor: string
  /** Dotted, such as `label.published`. */
  readonly action: string
  /** A DID, a record's URI, a blob's CID, or a bank's name. */
  readonly subject: string
  readonly details: Readonly<Record<string, unknown>>
}

/** The record of everything that was decided or changed. Rows are only ever added. */
export interface AuditStore {
  append(entries: readonly AuditEntry[]): Promise<void>
  /** Returns the newest entries about a subject, newest first. */
  list(subject: string, limit: number): Promise<AuditEntry[]>
}

/** Returns the audit table's functions over a connection or a transaction. */
export function createAuditStore(db: Kysely<Schema>): AuditStore {
  return {
    async append(entries) {
      if (entries.length === 0) return
      const rows = entries.map((entry) => ({ ...entry, details: JSON.stringify(entry.details) }))
      await db.insertInto('audit').values(rows).execute()
    },

    async list(subject, limit) {
      const rows = await db
        .selectFrom('audit')
        .selectAll()
        .where('subject', '=', subject)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(({ at, actor, action, subject, details }) => ({
        at,
        actor,
        action,
        subject,
        details: JSON.parse(details) as Record<string, unknown>,
      }))
    },
  }
}
