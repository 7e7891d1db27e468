import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join, parse } from 'node:path'
import SqliteFile from 'better-sqlite3'
import { CompiledQuery, Kysely, SqliteDialect, SqliteDriver, type SqliteStatement } from 'kysely'
import { Migrator } from 'kysely/migration'
import { AppError } from '../lib/errors.ts'
import { createAnnouncedImageStore } from './announced-image-store.ts'
import { createApiActionStore } from './api-action-store.ts'
import { createApiKeyStore } from './api-key-store.ts'
import { createAuditStore } from './audit-store.ts'
import { createBankChangeStore } from './bank-change-store.ts'
import { createBankStore } from './bank-store.ts'
import { createBrakeStore } from './brake-store.ts'
import { continueSequence, loadDatabaseId, requireLabels, type SequenceStart } from './continue-sequence.ts'
import { createCurationStore } from './curation-store.ts'
import { createCursorStore } from './cursor-store.ts'
import type { Database, Stores, Unsynced } from './database.ts'
import { createDidStore } from './did-store.ts'
import { createEffectStore } from './effect-store.ts'
import { createEmissionStore } from './emission-store.ts'
import { createEvidenceStore } from './evidence-store.ts'
import { createExchangeRecordStore } from './exchange-record-store.ts'
import { createExchangeStore } from './exchange-store.ts'
import { createGroupCommit } from './group-commit.ts'
import { createImageStore } from './image-store.ts'
import { createImportStore } from './import-store.ts'
import { createJobStore } from './job-store.ts'
import { createKeyStore } from './key-store.ts'
import { createLabelStore } from './label-store.ts'
import { createMatchStore } from './match-store.ts'
import { migrations } from './migrations.ts'
import { createOutboxStore } from './outbox-store.ts'
import { createProvenanceStore } from './provenance-store.ts'
import { createRecordedSettingStore } from './recorded-setting-store.ts'
import { createRemovalStore } from './removal-store.ts'
import { createReplayStore } from './replay-store.ts'
import { createRescanStore } from './rescan-store.ts'
import { createReversalStore } from './reversal-store.ts'
import { createReviewDecisionStore } from './review-decision-store.ts'
import { createReviewStore } from './review-store.ts'
import type { Schema } from './schema.ts'
import { FileSeqMark, noSeqMark, readSeqMark, type SeqMark } from './seq-mark.ts'
import { createSubjectFetchStore } from './subject-fetch-store.ts'
import { createSubscriptionStore } from './subscription-store.ts'
import { createTokenStore } from './token-store.ts'
import { createUploadStore } from './upload-store.ts'
import { createVerdictStore } from './verdict-store.ts'

/** The database file cannot be used as it is; the message says what to do. */
export class DatabaseUnusableError extends AppError {
  override readonly name = 'DatabaseUnusableError'
  constructor(path: string, cause: unknown) {
    super('internal', `Expected a usable SQLite database at ${path} but received: ${String(cause)}`, {
      cause,
    })
  }
}

/**
 * Where the file is; `:memory:` keeps it in memory, for tests. `seqFloor` is a seq that labels are to be numbered above,
 * which only matters where it is above all that were given: 0 unless told.
 */
export type SqliteOptions = { readonly path: string; readonly seqFloor?: number }

/**
 * Opens the SQLite database, creating the file, its folder and its tables as needed.
 *
 * `synchronous` is FULL, so each commit waits for the disk but those of `withoutSync`, which outlive a crash of the process
 * and are on the disk with the next that waits. Several processes may open the same file.
 * Beside `harrier.db` lies `harrier.seq`, the mark of the label sequence: see `seq-mark.ts`.
 * @throws {LabelsLostError} when the mark says that labels were published and the database has none; nothing is created.
 * @throws {DatabaseUnusableError} when the file is no database, is newer than this program, or cannot be written.
 */
export async function openSqlite({ path, seqFloor = 0 }: SqliteOptions): Promise<Database> {
  try {
    const markPath = join(dirname(path), `${parse(path).name}.seq`)
    if (path !== ':memory:') {
      if (!existsSync(path)) requireLabels(path, readSeqMark(markPath), seqFloor)
      mkdirSync(dirname(path), { recursive: true })
    }
    await using opening = new AsyncDisposableStack()
    const file = new SqliteFile(path)
    const db = new Kysely<Schema>({ dialect: new ImmediateSqliteDialect(withStatementCache(file)) })
    opening.defer(() => db.destroy())
    file.pragma('journal_mode = WAL')
    file.pragma('synchronous = FULL')
    file.pragma('busy_timeout = 5000')
    tune(file, ordinary)
    file.pragma('foreign_keys = ON')
    await migrate(db)
    const databaseId = await loadDatabaseId(db)
    const mark = path === ':memory:' ? noSeqMark : new FileSeqMark(markPath, databaseId)
    const sequence = await continueSequence(db, { path, databaseId, mark, floor: seqFloor })
    opening.move()
    return databaseOver(db, { file, mark, sequence })
  } catch (error) {
    throw error instanceof AppError ? error : new DatabaseUnusableError(path, error)
  }
}

/** What can be asked of a database that is open for reading alone: every write is refused. */
export type ReadOnlyStores = Stores & AsyncDisposable

/**
 * Opens a database that exists, for reading alone: its file stays as it is, byte for byte, and a service may run beside it.
 * @throws {DatabaseUnusableError} when the file is no database, or is of another version than this program.
 */
export async function openSqliteToRead(path: string): Promise<ReadOnlyStores> {
  try {
    await using opening = new AsyncDisposableStack()
    const file = new SqliteFile(path, { readonly: true, fileMustExist: true })
    const db = new Kysely<Schema>({ dialect: new SqliteDialect({ database: withStatementCache(file) }) })
    opening.defer(() => db.destroy())
    file.pragma('busy_timeout = 5000')
    file.pragma(`cache_size = ${-bulk.cacheKibibytes}`)
    const made = file.prepare('SELECT name FROM kysely_migration ORDER BY name').pluck().all()
    if (made.join() !== Object.keys(migrations).join())
      throw new AppError('conflict', 'it is of another version of Harrier; start the service once')
    opening.move()
    return { ...storesOver(db, noSeqMark), [Symbol.asyncDispose]: () => db.destroy() }
  } catch (error) {
    throw new DatabaseUnusableError(path, error instanceof AppError ? error.message : error)
  }
}

const ordinary = { cacheKibibytes: 16_384, logPages: 4_000 }
const bulk = { cacheKibibytes: 65_536, logPages: 65_536 }

type Parts = {
  readonly file: SqliteFile.Database
  readonly mark: SeqMark
  readonly sequence: SequenceStart
}

function databaseOver(db: Kysely<Schema>, { file, mark, sequence }: Parts): Database {
  /** What it published is in the mark by the time that the caller, and so anyone else, hears of it. */
  async function runTransaction<T>(work: (stores: Stores) => Promise<T>, connection = db): Promise<T> {
    let newest = 0
    const reserve = (seq: number): void => {
      mark.reserve(seq)
      newest = Math.max(newest, seq)
    }
    const result = await connection
      .transaction()
      .execute((transaction) => work(storesOver(transaction, { reserve })))
    if (newest > 0) mark.publish(newest)
    return result
  }
  /** The connection is ours alone meanwhile: nobody else's commit goes without its wait. */
  async function withoutSync<T>(work: (unsynced: Unsynced) => Promise<T>): Promise<T> {
    return await db.connection().execute(async (connection) => {
      // Not as a statement that is prepared once: the setting is made when it is prepared.
      file.pragma('synchronous = NORMAL')
      try {
        return await work({
          ...storesOver(connection, mark),
          transaction: (inner) => runTransaction(inner, connection),
        })
      } finally {
        file.pragma('synchronous = FULL')
      }
    })
  }
  return {
    ...storesOver(db, mark),
    sequence,
    transaction: (work) => runTransaction(work),
    sharedTransaction: createGroupCommit({ transaction: runTransaction }),
    withoutSync,
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

function storesOver(db: Kysely<Schema>, mark: Pick<SeqMark, 'reserve'>): Stores {
  return {
    announcedImages: createAnnouncedImageStore(db),
    apiActions: createApiActionStore(db),
    apiKeys: createApiKeyStore(db),
    audit: createAuditStore(db),
    bankChanges: createBankChangeStore(db),
    banks: createBankStore(db),
    brakes: createBrakeStore(db),
    curation: createCurationStore(db),
    cursors: createCursorStore(db),
    dids: createDidStore(db),
    effects: createEffectStore(db),
    emissions: createEmissionStore(db),
    evidence: createEvidenceStore(db),
    exchangeRecords: createExchangeRecordStore(db),
    exchanges: createExchangeStore(db),
    images: createImageStore(db),
    imports: createImportStore(db),
    jobs: createJobStore(db),
    keys: createKeyStore(db),
    labels: createLabelStore(db, mark),
    matches: createMatchStore(db),
    outbox: createOutboxStore(db),
    recordedSettings: createRecordedSettingStore(db),
    provenance: createProvenanceStore(db),
    removals: createRemovalStore(db),
    replays: createReplayStore(db),
    reversals: createReversalStore(db),
    rescans: createRescanStore(db),
    reviewDecisions: createReviewDecisionStore(db),
    reviews: createReviewStore(db),
    subjectFetches: createSubjectFetchStore(db),
    tokens: createTokenStore(db),
    subscriptions: createSubscriptionStore(db),
    uploads: createUploadStore(db),
    verdicts: createVerdictStore(db),
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
