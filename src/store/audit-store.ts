import type { Kysely } from 'kysely'
import type { Row, Schema } from './schema.ts'

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

/** An entry with its number, which rises and has no gaps. */
export type NumberedAuditEntry = AuditEntry & { readonly id: number }

/** The record of everything that was decided or changed. Rows are only ever added. */
export interface AuditStore {
  append(entries: readonly AuditEntry[]): Promise<void>
  /** Returns the newest entries about a subject, newest first. */
  list(subject: string, limit: number): Promise<AuditEntry[]>
  /** Returns a page of the entries, or of those about one subject, newest first, and how many there are in all. */
  page(wanted: {
    readonly limit: number
    readonly offset: number
    readonly subject?: string
  }): Promise<{ readonly rows: NumberedAuditEntry[]; readonly total: number }>
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
      return rows.map((row) => withoutId(entryOfRow(row)))
    },

    async page({ limit, offset, subject }) {
      if (subject === undefined) {
        // Rows are never deleted, so that a place in the list is a number.
        const last = await db
          .selectFrom('audit')
          .select((select) => select.fn.max('id').as('id'))
          .executeTakeFirst()
        const total = last?.id ?? 0
        const rows = db
          .selectFrom('audit')
          .selectAll()
          .where('id', '<=', total - offset)
        return { rows: (await rows.orderBy('id', 'desc').limit(limit).execute()).map(entryOfRow), total }
      }
      const about = db.selectFrom('audit').where('subject', '=', subject)
      const { total } = await about
        .select((select) => select.fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      const rows = about.selectAll().orderBy('id', 'desc').limit(limit).offset(offset)
      return { rows: (await rows.execute()).map(entryOfRow), total }
    },
  }
}

function entryOfRow({ details, ...row }: Row<'audit'>): NumberedAuditEntry {
  return { ...row, details: JSON.parse(details) as Record<string, unknown> }
}

function withoutId({ at, actor, action, subject, details }: NumberedAuditEntry): AuditEntry {
  return { at, actor, action, subject, details }
}
