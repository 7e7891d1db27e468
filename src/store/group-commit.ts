import type { Stores } from './database.ts'

/** What a group commit is made of. */
export type GroupCommitDeps = {
  /** Runs one transaction and resolves once it is durable. */
  readonly transaction: (run: (stores: Stores) => Promise<void>) => Promise<void>
}

/** Runs work in a transaction that it shares with others; see `Database.sharedTransaction`. */
export type GroupCommit = <T>(work: (stores: Stores) => Promise<T>) => Promise<T>

/** Work that waits for its transaction. `run` does it, `settle` and `fail` tell the caller how it went. */
type Member = {
  readonly run: (stores: Stores) => Promise<void>
  readonly settle: () => void
  readonly fail: (error: unknown) => void
}

/** Milliseconds from the end of one commit to the next; work that comes after a longer rest waits for nobody. */
const lingerMs = 3
/** The most members of one transaction: what a reader in another process may have to wait for. */
const maxMembers = 200

/**
 * Returns a function that gathers what is to be committed: all work that comes before the next transaction starts is in
 * it. Many jobs that end together then wait for the disk once. When one of them fails, which is rare, all is rolled back
 * and each runs again in a transaction of its own: a savepoint around each would cost every one of them the copies of the
 * pages that it writes.
 */
export function createGroupCommit({ transaction }: GroupCommitDeps): GroupCommit {
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
    if (!(await isCommitted(members))) for (const member of members) await isCommitted([member])
    lastEnd = performance.now()
    isScheduled = false
    schedule()
  }

  /** Returns false, and tells nobody, when one member of several failed, so that nothing was written. */
  async function isCommitted(members: readonly Member[]): Promise<boolean> {
    let isRunning = true
    try {
      await transaction(async (stores) => {
        for (const member of members) await member.run(stores)
        isRunning = false
      })
      for (const member of members) member.settle()
    } catch (error) {
      if (isRunning && members.length > 1) return false
      for (const member of members) member.fail(error)
    }
    return true
  }

  return (work) =>
    new Promise((resolve, reject) => {
      let settle = (): void => undefined
      const run = async (stores: Stores): Promise<void> => {
        const value = await work(stores)
        settle = () => resolve(value)
      }
      waiting.push({ run, settle: () => settle(), fail: reject })
      schedule()
    })
}
