import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import SqliteFile from 'better-sqlite3'
import { CompiledQuery, Kysely, SqliteDialect, SqliteDriver, type SqliteStatement } from 'kysely'
import { Migrator } from 'kysely/migration'
import { AppError } from '../lib/errors.ts'
import { createAuditStore } from './audit-store.ts'
import { createBankChangeStore } from './bank-change-store.ts'
import { createBankStore } from './bank-store.ts'
import { createCursorStore } from './cursor-store.ts'
import type { Database, Stores } from './database.ts'
import { createDidStore } from './did-store.ts'
import { createEmissionStore } from './emission-store.ts'
import { createEvidenceStore } from './evidence-store.ts'
import { createGroupCommit } from './group-commit.ts'
import { createImageStore } from './image-store.ts'
import { createImportStore } from './import-store.ts'
import { createJobStore } from './job-store.ts'
import { createKeyStore } from './key-store.ts'
import { createLabelStore } from './label-store.ts'
import { createMatchStore } from './match-store.ts'
import { migrations } from './migrations.ts'
import { createReviewStore } from './review-store.ts'
import type { Schema } from './schema.ts'
import { createSubjectFetchStore } from './subject-fetch-store.ts'
import { createTokenStore } from './token-store.ts'

/** The database file cannot be used as it is; the message says what to do. */
export class DatabaseUnusableError extends AppError {
  override readonly name = 'DatabaseUnusableError'
  constructor(path: string, cause: unknown) {
    super('internal', `Expected a usable SQLite database at ${path} but received: ${String(cause)}`, {
      cause,
    })
  }
}

/** Where the file is; `:memory:` keeps it in memory, for tests. */
export type SqliteOptions = { readonly path: string }

/**
 * Opens the SQLite database, creating the file, its folder and its tables as needed.
 *
 * Commits are durable against a crash of the process at once and against a loss of power with the WAL's next sync:
 * `synchronous` is FULL, so each commit waits for the disk. Several processes may open the same file.
 * @throws {DatabaseUnusableError} when the file is no database, is newer than this program, or cannot be written.
 */
export async function openSqlite({ path }: SqliteOptions): Promise<Database> {
  try {
    if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
    const file = new SqliteFile(path)
    file.pragma('journal_mode = WAL')
    file.pragma('synchronous = FULL')
    file.pragma('busy_timeout = 5000')
    tune(file, ordinary)
    file.pragma('foreign_keys = ON')
    const db = new Kysely<Schema>({ dialect: new ImmediateSqliteDialect(withStatementCache(file)) })
    await migrate(db)
    return databaseOver(db, file)
  } catch (error) {
    throw error instanceof AppError ? error : new DatabaseUnusableError(path, error)
  }
}

const ordinary = { cacheKibibytes: 16_384, logPages: 1_000 }
const bulk = { cacheKibibytes: 65_536, logPages: 65_536 }

function databaseOver(db: Kysely<Schema>, file: SqliteFile.Database): Database {
  return {
    ...storesOver(db),
    transaction: (work) => db.transaction().execute((transaction) => work(storesOver(transaction))),
    sharedTransaction: createGroupCommit({
      transaction: (run) => db.transaction().execute(run),
      storesOver,
    }),
    outsideVersion: async () => file.pragma('data_version', { simple: true }) as number,
    async prepareForBulk() {
      tune(file, bulk)
      return {
        async [Symbol.asyncDispose]() {
          tune(file, ordinary)
          file.pragma('wal_checkpoint(PASSIVE)')
        },
      }
    },
    [Symbol.asyncDispose]: () => db.destroy(),
  }
}

/**
 * Hashes fall on every page of their index: the more of it is in memory, and the later the log is copied back, the less
 * often a page is read and written.
 */
function tune(file: SqliteFile.Database, { cacheKibibytes, logPages }: typeof ordinary): void {
  file.pragma(`cache_size = ${-cacheKibibytes}`)
  file.pragma(`wal_autocheckpoint = ${logPages}`)
}

function storesOver(db: Kysely<Schema>): Stores {
  return {
    audit: createAuditStore(db),
    bankChanges: createBankChangeStore(db),
    banks: createBankStore(db),
    cursors: createCursorStore(db),
    dids: createDidStore(db),
    emissions: createEmissionStore(db),
    evidence: createEvidenceStore(db),
    images: createImageStore(db),
    imports: createImportStore(db),
    jobs: createJobStore(db),
    keys: createKeyStore(db),
    labels: createLabelStore(db),
    matches: createMatchStore(db),
    reviews: createReviewStore(db),
    subjectFetches: createSubjectFetchStore(db),
    tokens: createTokenStore(db),
  }
}

async function migrate(db: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => ({ ...migrations }) } })
  const { error } = await migrator.migrateToLatest()
  if (error) throw error
}

/** Takes the write lock when a transaction starts, so that it waits for other processes instead of failing midway. */
class ImmediateSqliteDialect extends SqliteDialect {
  readonly #database: ConstructorParameters<typeof SqliteDriver>[0]['database']

  constructor(database: ConstructorParameters<typeof SqliteDriver>[0]['database']) {
    super({ database })
    this.#database = database
  }

  override createDriver(): SqliteDriver {
    return new ImmediateSqliteDriver({ database: this.#database })
  }
}

class ImmediateSqliteDriver extends SqliteDriver {
  override async beginTransaction(
    connection: Parameters<SqliteDriver['beginTransaction']>[0],
  ): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}

/** Prepares each distinct statement once; at most 500, oldest out, since `IN` lists of every length are statements. */
function withStatementCache(file: SqliteFile.Database) {
  const statements = new Map<string, SqliteStatement>()
  return {
    close: () => void file.close(),
    prepare(text: string): SqliteStatement {
      const known = statements.get(text)
      if (known) return known
      const statement = file.prepare(text)
      statements.set(text, statement)
      if (statements.size > 500) statements.delete(statements.keys().next().value as string)
      return statement
    },
  }
}
