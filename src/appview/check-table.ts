import { type Kysely, sql } from 'kysely'
import { DatabaseRefusedError } from './appview-store.ts'
import type { AppviewTables } from './tables.ts'

/** What is worth a warning before the first label, each with what it means and how to mend it. */
export const tableNotices = {
  'not-utc': {
    means:
      'the database’s time zone is not UTC, so the AppView ends labels that expire too early or too late',
    fix: "ALTER DATABASE <name> SET timezone TO 'UTC', then restart the AppView",
  },
} as const

/** One key of `tableNotices`. */
export type TableNotice = keyof typeof tableNotices

const columns = ['src', 'uri', 'cid', 'val', 'neg', 'cts', 'exp'] as const
const rights = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const

/**
 * Checks that the label table is there, with the columns that @atproto/bsky gives it, and that we may write it.
 * @throws {DatabaseRefusedError} saying what is missing.
 */
export async function checkTable(
  db: Kysely<AppviewTables>,
  schema: string,
  { isDryRun }: { readonly isDryRun: boolean },
): Promise<readonly TableNotice[]> {
  const found = await selectTables(db)
  const table = found.find((candidate) => candidate.schema === schema)
  if (!table) {
    const elsewhere = found.map((candidate) => candidate.schema).join(', ')
    throw refusal(
      `a table label in schema ${schema} but ${elsewhere ? `received one in ${elsewhere}; set HARRIER_APPVIEW_SCHEMA` : 'received none; let the AppView make its tables first'}`,
    )
  }
  const missing = columns.filter((column) => !table.columns.includes(column))
  if (missing.length > 0)
    throw refusal(
      `the label table of @atproto/bsky but received one without ${missing.join(', ')}; let the AppView migrate it first`,
    )
  const denied = (isDryRun ? ['SELECT' as const] : rights).filter((right) => !table.rights.includes(right))
  if (denied.length > 0)
    throw refusal(
      `the right to write ${schema}.label but received none to ${denied.join(', ')}; GRANT it to this role`,
    )
  return await checkSettings(db)
}

async function checkSettings(db: Kysely<AppviewTables>): Promise<TableNotice[]> {
  const { rows } = await sql<{ encoding: string; offset: number }>`
    SELECT current_setting('server_encoding') AS encoding, extract(timezone FROM now())::int AS offset`.execute(
    db,
  )
  const [row] = rows
  if (row?.encoding !== 'UTF8') throw refusal(`a database in UTF8 but received ${row?.encoding}`)
  return row.offset === 0 ? [] : ['not-utc']
}

type FoundTable = {
  readonly schema: string
  readonly columns: readonly string[]
  readonly rights: readonly string[]
}

async function selectTables(db: Kysely<AppviewTables>): Promise<readonly FoundTable[]> {
  const { rows } = await sql<FoundTable>`
    SELECT nspname AS schema,
      array(SELECT attname::text FROM pg_attribute WHERE attrelid = pg_class.oid AND attnum > 0) AS columns,
      array(SELECT name FROM unnest(${[...rights]}::text[]) AS name
        WHERE has_schema_privilege(pg_namespace.oid, 'USAGE') AND has_table_privilege(pg_class.oid, name)) AS rights
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relname = 'label' AND relkind IN ('r', 'p') ORDER BY nspname`.execute(db)
  return rows
}

function refusal(expected: string): DatabaseRefusedError {
  return new DatabaseRefusedError('invalid', `Expected ${expected}`)
}
