/**
 * Makes this process die by SIGKILL right after its n-th durable step; 0 lives.
 *
 * A durable step is what SQLite has written, which outlives the process: the end of a transaction, or a statement that writes
 * outside one; and what another party has taken: the answer to a POST. Killing after each of them in turn covers every order
 * of events that a crash can leave behind.
 */
import SqliteFile from 'better-sqlite3'

/**
 * Counts the durable steps of this process, and kills it after the n-th. With `since`, they are counted from the first
 * statement on that contains it: what opening the store takes is no part of what is tested then.
 */
export function dieAfterStep(killAfter: number, since = ''): void {
  let steps = 0
  let isCounting = false
  const count = (): void => {
    steps += 1
    if (steps === killAfter) process.kill(process.pid, 'SIGKILL')
  }
  const { fetch } = globalThis
  globalThis.fetch = async (input, init) => {
    const answer = await fetch(input, init)
    const method = input instanceof Request ? input.method : init?.method
    if (isCounting && method === 'POST') count()
    return answer
  }
  const prepare = SqliteFile.prototype.prepare
  SqliteFile.prototype.prepare = function prepareCounted(this: SqliteFile.Database, source: string) {
    const statement = prepare.call(this, source)
    isCounting ||= source.includes(since)
    const countStep = (): void => {
      if (!isCounting || this.inTransaction || (statement.readonly && source !== 'commit')) return
      count()
    }
    for (const method of ['run', 'all'] as const) {
      const original = statement[method].bind(statement) as (...values: unknown[]) => unknown
      Object.defineProperty(statement, method, {
        value: (...values: unknown[]) => {
          const result = original(...values)
          countStep()
          return result
        },
      })
    }
    return statement
  } as typeof prepare
}
