import type { Kysely } from 'kysely'
import { AppError } from '../lib/errors.ts'
import type { Schema } from './schema.ts'

/** Tokens between services that were used, each kept until its time is up. Times are epoch milliseconds. */
export interface TokenStore {
  isUsed(digest: string, now: number): Promise<boolean>
  /**
   * Uses a token up, and forgets those whose time is over. Resolves to false, having changed nothing, when it was used.
   * @throws {AppError} `unavailable` while as many as can be kept are in their time: forgetting one would let it be used again.
   */
  use(digest: string, until: number, now: number): Promise<boolean>
}

/** The most tokens that are kept at once. */
export const maxUsedTokens = 100_000

/** Returns the token table's functions over a connection or a transaction. */
export function createTokenStore(db: Kysely<Schema>): TokenStore {
  return {
    async isUsed(digest, now) {
      const row = await db
        .selectFrom('used_tokens')
        .select('digest')
        .where('digest', '=', digest)
        .where('until', '>', now)
        .executeTakeFirst()
      return row !== undefined
    },

    async use(digest, until, now) {
      await db.deleteFrom('used_tokens').where('until', '<=', now).execute()
      const { kept } = await db
        .selectFrom('used_tokens')
        .select((select) => select.fn.countAll<number>().as('kept'))
        .executeTakeFirstOrThrow()
      if (kept >= maxUsedTokens) {
        throw new AppError(
          'unavailable',
          'Expected fewer calls in the last minutes; try again in a few minutes',
        )
      }
      const result = await db
        .insertInto('used_tokens')
        .values({ digest, until })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
      return result.numInsertedOrUpdatedRows === 1n
    },
  }
}
