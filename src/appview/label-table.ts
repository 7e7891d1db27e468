import type { Kysely } from 'kysely'
import type { Did } from '../model/ids.ts'
import type { AppviewStore } from './appview-store.ts'
import { checkTable, type TableNotice } from './check-table.ts'
import { deleteCursors, ensureCursorTable, hasCursorTable, moveCursor, selectCursor } from './cursor-table.ts'
import { deleteRows, insertRows, selectCurrent } from './label-rows.ts'
import { openPostgres, translatePostgresError } from './postgres.ts'
import { settleLabels } from './settle-labels.ts'
import type { AppviewTables } from './tables.ts'

/** Where the tables are, and what may be done to them. */
export type LabelTableOptions = {
  /** `postgres://…`: the AppView's database. */
  readonly url: string
  /** The schema of the AppView's tables. */
  readonly schema: string
  /** The schema of ours, which is made when it is missing. */
  readonly cursorSchema: string
  /** True settles every batch as it would be and writes nothing; cursors are then kept in memory. */
  readonly isDryRun: boolean
  readonly maxConnections: number
}

/** The AppView's label table and our cursors, in one database. */
export interface LabelTable extends AppviewStore {
  readonly notices: readonly TableNotice[]
}

type Store = Omit<AppviewStore, typeof Symbol.asyncDispose>

/**
 * Connects to the AppView's database and makes our cursor table if need be. `now` is for telling expired labels.
 * @throws {DatabaseRefusedError} when the label table is not there or not as @atproto/bsky has it, or may not be written.
 * @throws {DatabaseUnavailableError} when the database cannot be reached.
 */
export async function openLabelTable(options: LabelTableOptions, now: () => Date): Promise<LabelTable> {
  await using opening = new AsyncDisposableStack()
  const { db } = opening.use(openPostgres<AppviewTables>(options.url, options.maxConnections))
  const [notices, store] = await translated(async () => [
    await checkTable(db, options.schema, options),
    options.isDryRun ? await openDryStore(db, options, now) : await openStore(db, options, now),
  ])
  const stack = opening.move()
  return { ...store, notices, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

async function openStore(
  db: Kysely<AppviewTables>,
  { schema, cursorSchema }: LabelTableOptions,
  now: () => Date,
): Promise<Store> {
  await ensureCursorTable(db, cursorSchema)
  return {
    loadCursor: (labeler) => translated(() => selectCursor(db, cursorSchema, labeler)),
    forgetCursors: (labelers) => translated(() => deleteCursors(db, cursorSchema, labelers)),
    commit: (batch) =>
      translated(() =>
        db.transaction().execute(async (transaction) => {
          // First, for it locks: of two processes on one labeler the second waits, and finds the cursor moved.
          await moveCursor(transaction, cursorSchema, batch)
          if (batch.labels.length === 0) return []
          const current = await selectCurrent(transaction, schema, { ...batch, isLocking: true })
          const { rows, outcomes } = settleLabels(current, batch.labels, now().toISOString())
          if (current.length > 0) await deleteRows(transaction, schema, batch.labeler, rows)
          if (rows.length > 0) await insertRows(transaction, schema, batch.labeler, rows)
          return outcomes
        }),
      ),
  }
}

async function openDryStore(
  db: Kysely<AppviewTables>,
  { schema, cursorSchema }: LabelTableOptions,
  now: () => Date,
): Promise<Store> {
  const hasCursors = await hasCursorTable(db, cursorSchema)
  const moved = new Map<Did, number | undefined>()
  return {
    loadCursor: async (labeler) =>
      moved.has(labeler) || !hasCursors
        ? moved.get(labeler)
        : await translated(() => selectCursor(db, cursorSchema, labeler)),
    async forgetCursors(labelers) {
      for (const labeler of labelers) moved.set(labeler, undefined)
    },
    commit: (batch) =>
      translated(async () => {
        const current = await selectCurrent(db, schema, { ...batch, isLocking: false })
        moved.set(batch.labeler, batch.cursor)
        return settleLabels(current, batch.labels, now().toISOString()).outcomes
      }),
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw translatePostgresError(error)
  }
}
