import { Kysely, PostgresDialect } from 'kysely'
import { DatabaseError, Pool, types } from 'pg'
import { AppError } from '../lib/errors.ts'
import { DatabaseRefusedError, DatabaseUnavailableError } from './appview-store.ts'

/** A pool of connections. Disposal closes it. */
export interface Postgres<Tables> extends AsyncDisposable {
  readonly db: Kysely<Tables>
}

/** How long a statement, or a transaction between two of them, may take before the server ends it, in milliseconds. */
const statementTimeoutMs = 60_000
const bigintOid = 20

/**
 * Opens a pool on a `postgres://` URL; nothing is connected yet. The only file that knows the driver: `pg`, since Kysely,
 * which writes our SQL, brings a dialect for it, and the AppView itself uses it.
 */
export function openPostgres<Tables>(url: string, maxConnections: number): Postgres<Tables> {
  const pool = new Pool({
    connectionString: url,
    max: maxConnections,
    application_name: 'harrier appview-sync',
    connectionTimeoutMillis: 10_000,
    statement_timeout: statementTimeoutMs,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // A seq is a whole number below 2^53; the driver would make a string of it.
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === bigintOid ? Number : (types.getTypeParser(oid, format) as (text: string) => unknown),
    },
  })
  // A connection may break while it is idle (the pool is told), or between two statements (its user is not): the next
  // statement fails or gets another. Unheard, either error would end the process.
  pool.on('error', () => {}).on('connect', (client) => client.on('error', () => {}))
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  return { db, [Symbol.asyncDispose]: () => db.destroy() }
}

/**
 * Returns what an error of the database means: it may pass (`DatabaseUnavailableError`), or somebody has to mend something
 * (`DatabaseRefusedError`, with the server's own words, and without the row that it was about).
 */
export function translatePostgresError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (!(error instanceof DatabaseError)) return new DatabaseUnavailableError(error)
  const { code = '', message } = error
  if (passingClasses.has(code.slice(0, 2))) return new DatabaseUnavailableError(error)
  return new DatabaseRefusedError(
    'internal',
    `Expected the AppView’s database to do its part but received: ${message} (SQLSTATE ${code})`,
  )
}

/**
 * SQLSTATE classes that pass: connections, serialization and deadlocks, resources, locks, shutdowns, disks (PostgreSQL
 * manual, appendix A).
 */
const passingClasses: ReadonlySet<string> = new Set(['08', '40', '53', '55', '57', '58'])
