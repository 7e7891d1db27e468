/**
 * Matching's front door: which known content an image is, or is close to.
 *
 * Owns: the indexes in memory and the rules of a match (a bank's threshold and its quality gate). Leaves to others:
 * where banks come from, what a match calls for, and what is done about it.
 * Invariants: every match within a bank's threshold is returned, none beyond it; PDQ hashes are compared in kind, those
 * of a bank of unknown profile with both kinds; a digest matches at distance 0 and passes no quality gate; a search sees the banks of one moment, never half of a change; nothing here writes.
 *
 * `linear-index.ts` is the reference for 256-bit hashes, `digest-index.ts` serves the digests, `hamming.ts` counts bits.
 */
import { type Bank, type BankHash, type BankProfile, bankProfiles } from '../model/bank.ts'
import { type DigestHash, type ImageHash, type PdqProfile, pdqProfiles } from '../model/hash.ts'
import { compareMatches, type Match } from '../model/match.ts'
import type { BankStore } from '../store/bank-store.ts'
import { buildDigestIndex } from './digest-index.ts'
import type { HashIndex, IndexHit } from './hash-index.ts'
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
  /** The profiles in which an image must be hashed for the enabled banks; the reference alone when none has PDQ hashes. */
  readonly profiles: readonly PdqProfile[]
  /** True when an enabled bank holds SHA-1 hashes, so that images must have theirs made. */
  readonly hasSha1: boolean
  /** Returns each content that matches once, with its nearest hash, nearest first, then by bank and content. */
  match(hashes: readonly ImageHash[], options?: MatchOptions): Match[]
  /** Reads the banks anew; searches see the old ones until it resolves. Safe to call at any time, one at a time. */
  refresh(): Promise<void>
}

type Snapshot = {
  readonly banks: ReadonlyMap<number, Bank>
  readonly pdq: Readonly<Record<BankProfile, HashIndex>>
  readonly digests: Readonly<Record<DigestHash['type'], HashIndex>>
}

/** Returns a matcher over the banks as they are now. Its memory grows with the number of hashes: 36 bytes and more each. */
export async function openMatcher(store: Pick<BankStore, 'list' | 'enabledHashes'>): Promise<Matcher> {
  let snapshot = await loadSnapshot(store)
  return {
    get size() {
      const indexes = [...Object.values(snapshot.pdq), ...Object.values(snapshot.digests)]
      return indexes.reduce((sum, index) => sum + index.size, 0)
    },
    get profiles() {
      return neededProfiles(snapshot)
    },
    get hasSha1() {
      return snapshot.digests.sha1.size > 0
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
  const pdqOf = (profile: BankProfile): HashIndex =>
    buildLinearIndex(hashes.filter((hash) => hash.type === 'pdq' && hash.profile === profile))
  const digestsOf = (type: BankHash['type']): HashIndex =>
    buildDigestIndex(hashes.filter((hash) => hash.type === type))
  return {
    banks: new Map(banks.map((bank) => [bank.id, bank])),
    pdq: {
      'reference-512': pdqOf('reference-512'),
      'full-resolution': pdqOf('full-resolution'),
      unknown: pdqOf('unknown'),
    },
    digests: { md5: digestsOf('md5'), sha1: digestsOf('sha1'), sha256: digestsOf('sha256') },
  }
}

function neededProfiles({ banks, pdq }: Snapshot): readonly PdqProfile[] {
  const enabled = new Set([...banks.values()].filter((bank) => bank.isEnabled).map((bank) => bank.profile))
  const needed = bankProfiles.filter((profile) => enabled.has(profile) && pdq[profile].size > 0)
  if (needed.includes('unknown')) return pdqProfiles
  const known = pdqProfiles.filter((profile) => needed.includes(profile))
  return known.length > 0 ? known : ['reference-512']
}

function search(snapshot: Snapshot, hashes: readonly ImageHash[], options: MatchOptions): Match[] {
  const { banks } = snapshot
  const eligible = [...banks.values()].filter(
    (bank) => bank.isEnabled && (options.bank === undefined || bank.name === options.bank),
  )
  const radiusOf = new Map(eligible.map((bank) => [bank.id, options.distance ?? bank.threshold]))
  const widest = Math.max(-1, ...radiusOf.values())
  const nearest = new Map<number, Match>()
  for (const hash of hashes) {
    for (const hit of hitsOf(snapshot, hash, widest)) {
      const bank = banks.get(hit.bankId)
      if (!bank || hit.distance > (radiusOf.get(hit.bankId) ?? -1)) continue
      if (hash.type === 'pdq' && hash.quality < bank.minQuality) continue
      const known = nearest.get(hit.contentId)
      if (known && known.distance <= hit.distance) continue
      nearest.set(hit.contentId, matchOf(hit, bank, hash))
    }
  }
  return [...nearest.values()].sort(compareMatches)
}

function hitsOf({ pdq, digests }: Snapshot, hash: ImageHash, radius: number): IndexHit[] {
  if (hash.type !== 'pdq') return digests[hash.type].search(hash.value, radius)
  return [...pdq[hash.profile].search(hash.value, radius), ...pdq.unknown.search(hash.value, radius)]
}

function matchOf(hit: IndexHit, bank: Bank, hash: ImageHash): Match {
  const found = { ...hit, bank: bank.name }
  return hash.type === 'pdq'
    ? { ...found, hashType: hash.type, profile: hash.profile, variant: hash.variant }
    : { ...found, hashType: hash.type }
}
