import type { Database } from '../store/database.ts'
import type { KeyStore } from '../store/key-store.ts'

/** Who takes up a key, and of which labeler. */
export type KeyTaker = { readonly actor: string; readonly src: string }

/**
 * Returns the keys of a database for whoever opens them: one that becomes the live one leaves an audit row in the same
 * transaction. A change of keys by `harrier key rotate` has a row of its own.
 */
export function auditedKeys(
  database: Pick<Database, 'keys' | 'transaction'>,
  { actor, src }: KeyTaker,
): KeyStore {
  return {
    ...database.keys,
    makeLive: (didKey, at) =>
      database.transaction(async ({ keys, audit }) => {
        const { live } = await keys.load()
        await keys.makeLive(didKey, at)
        if (live === didKey) return
        const details = { from: live ?? null, to: didKey }
        await audit.append([{ at, actor, action: 'key.taken-up', subject: src, details }])
      }),
  }
}
