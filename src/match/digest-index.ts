import type { BankHash } from '../model/bank.ts'
import type { HashIndex, IndexHit } from './hash-index.ts'

/** Returns an index of exact digests: a hit is the same value, at distance 0, whatever the radius. */
export function buildDigestIndex(hashes: readonly BankHash[]): HashIndex {
  const byValue = new Map<string, IndexHit[]>()
  for (const { value, bankId, contentId } of hashes) {
    const hits = byValue.get(value) ?? []
    hits.push({ bankId, contentId, distance: 0 })
    byValue.set(value, hits)
  }
  return { size: hashes.length, search: (value) => [...(byValue.get(value) ?? [])] }
}
