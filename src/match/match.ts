/**
 * Matching's front door: which known content an image is, or is close to.
 *
 * Owns: the indexes in memory and the rules of a match (a bank's threshold and its quality gate). Leaves to others:
 * where banks come from, what a match calls for, and what is done about it.
 * Invariants: every match within a bank's threshold is returned, none beyond it; a digest matches at distance 0 and
 * passes no quality gate; a search sees the banks of one moment, never half of a change; nothing here writes.
 *
 * `linear-index.ts` is the reference for 256-bit hashes, `digest-index.ts` serves the digests, `hamming.ts` counts bits.
 */
import type { Bank } from '../model/bank.ts'
import { type HashType, hashTypes, type ImageHash } from '../model/hash.ts'
import { compareMatches, type Match } from '../model/match.ts'
import type { BankStore } from '../store/bank-store.ts'
import { buildDigestIndex } from './digest-index.ts'
import type { BuildIndex, HashIndex } from './hash-index.ts'
import { buildLinearIndex } from './linear-index.ts'

/** What a caller may ask beyond the banks' own settings. */
export type MatchOptions = {
  /** Only this bank. */
  readonly bank?: string
  /** Instead of each bank's threshold, in bits, 0 to 256 inclusive. */
  readonly distance?: number
}

/** Finds known content by hash, over the enabled banks. Implementations differ in where the search runs. */
export interface Matcher {
  /** How many hashes the search covers. */
  readonly size: number
  /** Returns each content that matches once, with its nearest hash, nearest first, then by bank and content. */
  match(hashes: readonly ImageHash[], options?: MatchOptions): Match[]
  /** Reads the banks anew; searches see the old ones until it resolves. Safe to call at any time, one at a time. */
  refresh(): Promise<void>
}

type Snapshot = {
  readonly banks: ReadonlyMap<number, Bank>
  readonly indexes: Readonly<Record<HashType, HashIndex>>
}

const builders: Readonly<Record<HashType, BuildIndex>> = {
  pdq: buildLinearIndex,
  md5: buildDigestIndex,
  sha256: buildDigestIndex,
}

/** Returns a matcher over the banks as they are now. Its memory grows with the number of hashes: 36 bytes and more each. */
export async function openMatcher(store: Pick<BankStore, 'list' | 'enabledHashes'>): Promise<Matcher> {
  let snapshot = await loadSnapshot(store)
  return {
    get size() {
      return hashTypes.reduce((sum, type) => sum + snapshot.indexes[type].size, 0)
    },
    match: (hashes, options = {}) => search(snapshot, hashes, options),
    async refresh() {
      snapshot = await loadSnapshot(store)
    },
  }
}

async function loadSnapshot(store: Pick<BankStore, 'list' | 'enabledHashes'>): Promise<Snapshot> {
  const banks = await store.list()
  const hashes = await store.enabledHashes()
  const indexOf = (type: HashType): HashIndex => builders[type](hashes.filter((hash) => hash.type === type))
  return {
    banks: new Map(banks.map((bank) => [bank.id, bank])),
    indexes: { pdq: indexOf('pdq'), md5: indexOf('md5'), sha256: indexOf('sha256') },
  }
}

function search({ banks, indexes }: Snapshot, hashes: readonly ImageHash[], options: MatchOptions): Match[] {
  const eligible = [...banks.values()].filter(
    (bank) => bank.isEnabled && (options.bank === undefined || bank.name === options.bank),
  )
  const radiusOf = new Map(eligible.map((bank) => [bank.id, options.distance ?? bank.threshold]))
  const widest = Math.max(-1, ...radiusOf.values())
  const nearest = new Map<number, Match>()
  for (const hash of hashes) {
    for (const hit of indexes[hash.type].search(hash.value, widest)) {
      const bank = banks.get(hit.bankId)
      if (!bank || hit.distance > (radiusOf.get(hit.bankId) ?? -1)) continue
      if (hash.type === 'pdq' && hash.quality < bank.minQuality) continue
      const known = nearest.get(hit.contentId)
      if (known && known.distance <= hit.distance) continue
      nearest.set(hit.contentId, { ...hit, bank: bank.name, hashType: hash.type })
    }
  }
  return [...nearest.values()].sort(compareMatches)
}
