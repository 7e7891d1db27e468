import type { Database } from './database.ts'

/** Thrown to undo a transaction whose work went well. */
class RollBack extends Error {}

/**
 * Returns a database whose transactions are undone at their end: what a change would come to is found out, and nothing is changed.
 * Seqs of labels that it reserves stay reserved, which harms none.
 */
export function rollingBack(database: Pick<Database, 'transaction'>): Pick<Database, 'transaction'> {
  return {
    async transaction<T>(work: Parameters<typeof database.transaction<T>>[0]): Promise<T> {
      const results: T[] = []
      try {
        await database.transaction(async (stores) => {
          results.push(await work(stores))
          throw new RollBack()
        })
      } catch (error) {
        if (!(error instanceof RollBack)) throw error
      }
      return results[0] as T
    },
  }
}
