import type { Stores } from '../store/database.ts'
import type { ExchangeUpdate, HashExchange } from './exchange.ts'

/** Where updates go, and how their records are read. */
export type CommitOptions = {
  readonly bankId: number
  readonly generation: number
  readonly hashesOf: HashExchange['hashesOf']
  readonly opinionOf?: HashExchange['opinionOf']
  readonly createdAt: string
}

/** What updates did to the bank: contents that were added, and that went with their last record. */
export type BankChange = { readonly added: number; readonly removed: number }

/** Most hashes of one record. */
const maxHashes = 100

/**
 * Brings updates into the bank of an exchange, in their order, inside the transaction of `stores`. Each hash is a content of its own,
 * so that it goes when its last record goes, and has the opinion of the record that came last; a tombstone of what is not there
 * changes nothing. Returns what that did.
 */
export async function commitUpdates(
  stores: Stores,
  updates: readonly ExchangeUpdate[],
  options: CommitOptions,
): Promise<BankChange> {
  const { bankId, generation, hashesOf, opinionOf, createdAt } = options
  const { exchangeRecords: records, exchanges, banks, removals, verdicts } = stores
  let [change, added, removed] = [0, 0, 0]
  for (const { key, record } of updates) {
    const before = await records.contentsOf(bankId, key)
    const hashes = record ? hashesOf(record).slice(0, maxHashes) : []
    if (record && hashes.length > 0) {
      change += Number(await records.put(bankId, key, record, generation))
      for (const hash of hashes) {
        const content = { hashes: [hash], label: '', note: '', sourceId: '' }
        const { contentId, isNew } = await banks.addContent(bankId, content, createdAt)
        await records.link(bankId, key, contentId, isNew)
        if (opinionOf) await verdicts.saveExchange(contentId, opinionOf(record))
        added += Number(isNew)
      }
    } else change -= Number(await records.remove(bankId, key))
    const orphans = await records.orphansAmong(before)
    await removals.deleteContents(orphans)
    removed += orphans.length
  }
  if (change !== 0) await exchanges.countRecords(bankId, change)
  return { added, removed }
}
