import { CompiledQuery, type Kysely } from 'kysely'
import type { Stores } from './database.ts'
import type { Schema } from './schema.ts'

/** What a group commit is made of. */
export type GroupCommitDeps = {
  /** Runs one transaction and resolves once it is durable. */
  readonly transaction: (run: (db: Kysely<Schema>) => Promise<void>) => Promise<void>
  readonly storesOver: (db: Kysely<Schema>) => Stores
}

/** Runs work in a transaction that it shares with others; see `Database.sharedTransaction`. */
export type GroupCommit = <T>(work: (stores: Stores) => Promise<T>) => Promise<T>

/** Work that waits for its transaction. `run` never rejects; `settle` tells the caller how it went. */
type Member = {
  readonly run: (db: Kysely<Schema>) => Promise<void>
  readonly settle: () => void
  readonly fail: (error: unknown) => void
}

/** Made once, since building a statement takes longer than running one of these. */
const [savepoint, rollback, release] = ['SAVEPOINT member', 'ROLLBACK TO member', 'RELEASE member'].map(
  (statement) => CompiledQuery.raw(statement),
) as [CompiledQuery, CompiledQuery, CompiledQuery]
/** Milliseconds from the end of one commit to the next; work that comes after a longer rest waits for nobody. */
const lingerMs = 3
/** The most members of one transaction: what a reader in another process may have to wait for. */
const maxMembers = 200

/**
 * Returns a function that gathers what is to be committed: all work that comes before the next transaction starts is in
 * it, each behind a savepoint of its own. Many jobs that end together then wait for the disk once.
 */
export function createGroupCommit({ transaction, storesOver }: GroupCommitDeps): GroupCommit {
  const waiting: Member[] = []
  let isScheduled = false
  let lastEnd = Number.NEGATIVE_INFINITY

  function schedule(): void {
    if (isScheduled || waiting.length === 0) return
    isScheduled = true
    const start = (): void => void commit(waiting.splice(0, maxMembers))
    const restMs = lastEnd + lingerMs - performance.now()
    if (restMs > 0) setTimeout(start, restMs)
    else setImmediate(start)
  }

  async function commit(members: readonly Member[]): Promise<void> {
    try {
      await transaction(async (db) => {
        for (const member of members) await member.run(db)
      })
      for (const member of members) member.settle()
    } catch (error) {
      for (const member of members) member.fail(error)
    } finally {
      lastEnd = performance.now()
      isScheduled = false
      schedule()
    }
  }

  return (work) =>
    new Promise((resolve, reject) => {
      let settle = (): void => undefined
      const run = async (db: Kysely<Schema>): Promise<void> => {
        await db.executeQuery(savepoint)
        try {
          const value = await work(storesOver(db))
          settle = () => resolve(value)
        } catch (error) {
          await db.executeQuery(rollback)
          settle = () => reject(error)
        }
        await db.executeQuery(release)
      }
      waiting.push({ run, settle: () => settle(), fail: reject })
      schedule()
    })
}
