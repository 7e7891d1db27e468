import { randomBytes } from 'node:crypto'
import { Client, Pool } from 'pg'
import { readEnv } from '../../src/config/env.ts'

/** A PostgreSQL server on which databases may be made, by a superuser; `.ci/run` starts one. Unset, its tests skip. */
export const postgresUrl: string | undefined = readEnv()['TEST_POSTGRES_URL'] || undefined

/** A database of a test's own; disposal drops it. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string
  /** Cuts the connections of appview-sync and refuses new ones, or takes them again. */
  setReachable(isReachable: boolean): Promise<void>
  /** Runs one statement, as the superuser, and returns its rows. */
  query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>
}

/** Makes an empty database on the server of `TEST_POSTGRES_URL`. */
export async function createDatabase(): Promise<TestDatabase> {
  if (postgresUrl === undefined)
    throw new Error('Expected TEST_POSTGRES_URL to name a server but it is not set')
  const server = new Client({ connectionString: postgresUrl })
  await server.connect()
  const name = `harrier_test_${randomBytes(6).toString('hex')}`
  await server.query(`CREATE DATABASE ${name}`)
  const url = postgresUrl.replace(/\/[^/?]*(\?|$)/, `/${name}$1`)
  const pool = new Pool({ connectionString: url, max: 2 })
  // Dropping the database by force may find a connection that is still saying goodbye.
  pool.on('error', () => {})
  return {
    url,
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await pool.query<Row>(text, [...values])).rows,
    async setReachable(isReachable) {
      await server.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS ${isReachable}`)
      const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = $1 AND application_name = 'harrier appview-sync'`
      if (!isReachable) await server.query(cut, [name])
    },
    async [Symbol.asyncDispose]() {
      await pool.end()
      await server.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await server.end()
    },
  }
}

/** Makes the label table as @atproto/bsky does, without the rest of an AppView. */
export async function createLabelTable(database: TestDatabase): Promise<void> {
  await database.query('CREATE SCHEMA bsky')
  await database.query(`CREATE TABLE bsky.label (
    src varchar NOT NULL, uri varchar NOT NULL, cid varchar NOT NULL, val varchar NOT NULL,
    neg boolean NOT NULL, cts varchar NOT NULL, exp varchar,
    CONSTRAINT label_pkey PRIMARY KEY (src, uri, cid, val))`)
}
