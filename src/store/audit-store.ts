import { CompiledQuery, type Kysely, sql } from 'kysely'
import type { AuditChainRow, AuditEntry, AuditPlace } from '../model/audit.ts'
import { auditGenesis, hashAuditRow } from '../model/audit-chain.ts'
import { loadDatabaseId } from './continue-sequence.ts'
import type { Row, Schema } from './schema.ts'

export type { AuditEntry } from '../model/audit.ts'

/** An entry with its number, which rises and has no gaps, and its hash. */
export type NumberedAuditEntry = AuditEntry & AuditPlace

/** The record of everything that was decided or changed: a chain of rows, which are only ever added. */
export interface AuditStore {
  /** Adds entries, in order, to the end of the chain; all of them or none. */
  append(entries: readonly AuditEntry[]): Promise<void>
  /** Returns the newest entries about a subject, newest first. */
  list(subject: string, limit: number): Promise<AuditEntry[]>
  /** Returns a page of the entries, or of those about one subject, newest first, and how many there are in all. */
  page(wanted: {
    readonly limit: number
    readonly offset: number
    readonly subject?: string
  }): Promise<{ readonly rows: NumberedAuditEntry[]; readonly total: number }>
  /** Returns up to `limit` rows after a number as they are chained, by number. */
  chain(afterId: number, limit: number): Promise<AuditChainRow[]>
  /** Returns the place with a number: before the first row for 0, undefined where there is no such row. */
  place(id: number): Promise<AuditPlace | undefined>
  /** Returns the number of the last row (0 where there is none), the last that was ever given, and what the chain begins with. */
  extent(): Promise<AuditExtent>
  /**
   * Returns the first and the last row of the time from `since` on and before `until` (ISO 8601), or undefined where none is of
   * that time. Those between them may be of another: clocks are set, and work that began early can end late.
   */
  span(since: string, until: string): Promise<{ readonly first: number; readonly last: number } | undefined>
}

/** How far the chain goes. */
export type AuditExtent = { readonly lastId: number; readonly lastGiven: number; readonly databaseId: string }

/**
 * The end of the chain. A number that was given is not given again, even where its row is gone: the gap stays to be seen.
 * Written out, as the next: every job that ends with a match comes by here.
 */
const findEnd = CompiledQuery.raw(`SELECT
  coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'audit'), 0) AS last_given,
  (SELECT max(id) FROM audit) AS last_id,
  (SELECT hash FROM audit ORDER BY id DESC LIMIT 1) AS hash`)
const insertRow = `INSERT INTO audit (id, at, actor, action, subject, details, hash) VALUES (?, ?, ?, ?, ?, ?, ?)`

type End = { readonly last_given: number; readonly last_id: number | null; readonly hash: string | null }

/** Returns the audit table's functions over a connection or a transaction. */
export function createAuditStore(db: Kysely<Schema>): AuditStore {
  return {
    async append(entries) {
      if (entries.length === 0) return
      // Nobody else may write between reading the end of the chain and adding to it.
      if (db.isTransaction) await appendRows(db, entries)
      else await db.transaction().execute((transaction) => appendRows(transaction, entries))
    },

    async list(subject, limit) {
      const rows = await db
        .selectFrom('audit')
        .selectAll()
        .where('subject', '=', subject)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map((row) => withoutPlace(entryOfRow(row)))
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

    chain: (afterId, limit) =>
      db.selectFrom('audit').selectAll().where('id', '>', afterId).orderBy('id').limit(limit).execute(),

    async place(id) {
      if (id === 0) return auditGenesis(await loadDatabaseId(db))
      return await db.selectFrom('audit').select(['id', 'hash']).where('id', '=', id).executeTakeFirst()
    },

    async extent() {
      const { lastId, lastGiven } = await loadEnd(db)
      return { lastId, lastGiven, databaseId: await loadDatabaseId(db) }
    },

    async span(since, until) {
      const { first, last } = await db
        .selectFrom('audit')
        .select([sql<number | null>`min(id)`.as('first'), sql<number | null>`max(id)`.as('last')])
        .where('at', '>=', since)
        .where('at', '<', until)
        .executeTakeFirstOrThrow()
      return first === null || last === null ? undefined : { first, last }
    },
  }
}

async function appendRows(db: Kysely<Schema>, entries: readonly AuditEntry[]): Promise<void> {
  const end = await loadEnd(db)
  let id = Math.max(end.lastGiven, end.lastId)
  let hash = end.hash ?? auditGenesis(await loadDatabaseId(db)).hash
  for (const entry of entries) {
    id += 1
    // What is hashed is what is stored: SQLite takes no half of a surrogate pair.
    const { at, actor, action } = entry
    const row = {
      id,
      at,
      actor,
      action,
      subject: entry.subject.toWellFormed(),
      details: JSON.stringify(entry.details),
    }
    hash = hashAuditRow(hash, row)
    await db.executeQuery(CompiledQuery.raw(insertRow, [...Object.values(row), hash]))
  }
}

async function loadEnd(
  db: Kysely<Schema>,
): Promise<{ readonly lastId: number; readonly lastGiven: number; readonly hash: string | null }> {
  const { rows } = await db.executeQuery<End>(findEnd)
  const { last_given: lastGiven, last_id: lastId, hash } = rows[0] as End
  return { lastId: lastId ?? 0, lastGiven, hash }
}

function entryOfRow({ details, ...row }: Row<'audit'>): NumberedAuditEntry {
  return { ...row, details: JSON.parse(details) as Record<string, unknown> }
}

function withoutPlace({ at, actor, action, subject, details }: NumberedAuditEntry): AuditEntry {
  return { at, actor, action, subject, details }
}
