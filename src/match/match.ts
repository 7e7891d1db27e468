/**
 * Matching's front door: which known content an image is, or is close to.
 *
 * Owns: the indexes in memory and the rules of a match (a bank's threshold, its quality gate and its share of images). Leaves
 * to others: where banks come from, what a match calls for, and what is done about it.
 * Invariants: every match within a bank's threshold is returned, none beyond it, none of a content that is disabled; PDQ
 * hashes are compared in kind, those of a bank of unknown profile with both kinds; a digest matches at distance 0 and passes no quality gate; nothing here
 * writes to the store; no search or rebuild holds the thread for more than some milliseconds.
 *
 * switches.ts       contents and hash types that are switched off
 * bank-indexes.ts   the indexes by kind of hash, and how they follow the store
 * pdq-index.ts      256-bit hashes within a radius: tiers (row-tiers.ts) of rows in shared memory (hash-rows.ts,
 *                   rows-layout.ts, memory-pool.ts), searched by hamming-kernel.ts (its source is in src/kernels/assembly)
 *                   and sorted in threads of their own (rows-builder.ts, rows-worker.ts)
 * digest-index.ts   exact digests; linear-index.ts is the slow reference for all of them
 */
import { type Bank, type BankProfile, bankProfiles } from '../model/bank.ts'
import {
  type HashType,
  type ImageHash,
  type ImageVariant,
  type PdqProfile,
  parseHashValue,
  pdqProfiles,
} from '../model/hash.ts'
import { compareMatches, type Match } from '../model/match.ts'
import { type BankHashes, BankIndexes } from './bank-indexes.ts'
import type { IndexHit } from './hash-index.ts'
import { Switches } from './switches.ts'

/** What a caller may ask beyond the banks' own settings. */
export type MatchOptions = {
  /** Only these banks, by name; one that does not exist has no matches. */
  readonly banks?: readonly string[]
  /** Instead of each bank's threshold, in bits, 0 to 256 inclusive. */
  readonly radius?: number
  /**
   * The place of what is looked at in the share of each bank and hash type, 0 to 1: only those whose ratio is that at least.
   * 0 takes in banks that are switched off. Without it, all enabled banks and types.
   */
  readonly coin?: number
  /** Also contents that are disabled. */
  readonly hasDisabled?: boolean
}

/** As for a match; and which hasher made the PDQ hash: `unknown`, unless told, compares it with all banks. */
export type LookupOptions = MatchOptions & { readonly profile?: BankProfile }

/** A hash that is looked up for its own sake. */
export type Needle = {
  readonly type: HashType
  /** Lower-case hex digits, `hashHexDigits` of them. */
  readonly value: string
  /** PDQ's, 0 to 100; 100 unless told. */
  readonly quality?: number
  /** Which look at an image it is of; `original` unless told. */
  readonly variant?: ImageVariant
}

/** Finds known content by hash, over the enabled banks. Implementations differ in where the search runs. */
export interface Matcher extends AsyncDisposable {
  /** How many hashes the indexes hold, those of banks that are switched off included. */
  readonly size: number
  /** How many of them are of each type. */
  readonly sizes: Readonly<Record<HashType, number>>
  /** Returns the share of images, 0 to 1, for which hashes of a type are matched. */
  typeRatio(type: HashType): number
  /** The profiles in which an image must be hashed for the enabled banks; the reference alone when none has PDQ hashes. */
  readonly profiles: readonly PdqProfile[]
  /** True when an enabled bank holds SHA-1 hashes, so that images must have theirs made. */
  readonly hasSha1: boolean
  /** Rejects when an index cannot be kept as it has to be: the process should end. Never resolves. */
  readonly failure: Promise<never>
  /** Returns each content that an image matches once, with its nearest hash, nearest first, then by content. */
  match(hashes: readonly ImageHash[], options?: MatchOptions): Promise<Match[]>
  /** Returns each content that one hash matches, in the same order. */
  lookup(needle: Needle, options?: LookupOptions): Promise<Match[]>
  /** Returns as `lookup` for each of the needles, in their order. */
  lookupMany(needles: readonly Needle[], options?: LookupOptions): Promise<Match[][]>
  /**
   * Takes in what has changed in the banks; when it resolves every search sees it. What makes searches fast again goes on in
   * the background. Returns the removals that need not be remembered any more, by the id of the last. One at a time.
   */
  refresh(): Promise<number>
}

/** Returns a matcher over the banks as they are now. Its memory grows with the number of hashes: 135 bytes for a PDQ hash. */
export async function openMatcher(
  store: BankHashes & { readonly curation: ConstructorParameters<typeof Switches>[0] },
  nowMs: () => number = Date.now,
): Promise<Matcher> {
  await using opening = new AsyncDisposableStack()
  const indexes = opening.use(new BankIndexes(store))
  const switches = new Switches(store.curation)
  await switches.follow()
  let banks = byId(await indexes.load())
  const failure = Promise.withResolvers<never>()
  // Whoever runs the service hears of it; a command has ended before.
  failure.promise.catch(() => {})
  const open = opening.move()
  const fail = (error: unknown): void => {
    if (!open.disposed) failure.reject(error)
  }
  const searchFor = (options: MatchOptions) =>
    createSearch({ indexes, banks, switches, nowMs: nowMs() }, options)
  return {
    failure: failure.promise,
    get size() {
      return indexes.all.reduce((sum, index) => sum + index.size, 0)
    },
    get sizes() {
      return indexes.sizes
    },
    typeRatio: (type) => switches.ratioOf(type),
    get profiles() {
      return neededProfiles(indexes, [...banks.values()])
    },
    get hasSha1() {
      return [...banks.values()].some(({ id, isEnabled }) => isEnabled && indexes.holds(id, 'sha1'))
    },
    async match(hashes, options = {}) {
      const search = searchFor(options)
      const found: Match[][] = []
      for (const hash of hashes)
        found.push(await search(hash, hash.type === 'pdq' ? hash.profile : 'unknown'))
      return nearestOfContents(found.flat())
    },
    lookup: async (needle, { profile = 'unknown', ...options } = {}) =>
      nearestOfContents(await searchFor(options)(needle, profile)),
    async lookupMany(needles, { profile = 'unknown', ...options } = {}) {
      const search = searchFor(options)
      const all: Match[][] = []
      for (const needle of needles) all.push(nearestOfContents(await search(needle, profile)))
      return all
    },
    async refresh() {
      await switches.follow()
      banks = byId(await indexes.follow())
      indexes.tend().catch(fail)
      return indexes.lastRemoved
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

function byId(banks: readonly Bank[]): ReadonlyMap<number, Bank> {
  return new Map(banks.map((bank) => [bank.id, bank]))
}

function neededProfiles(indexes: BankIndexes, banks: readonly Bank[]): readonly PdqProfile[] {
  const holders = banks.filter(({ id, isEnabled }) => isEnabled && indexes.holds(id, 'pdq'))
  const needed = new Set(holders.map(({ profile }) => profile))
  if (needed.has('unknown')) return pdqProfiles
  const known = pdqProfiles.filter((profile) => needed.has(profile))
  return known.length > 0 ? known : ['reference-512']
}

type Search = (needle: Needle, profile: BankProfile) => Promise<Match[]>

/** What a search goes through, as of one moment. */
type Searched = {
  readonly indexes: BankIndexes
  readonly banks: ReadonlyMap<number, Bank>
  readonly switches: Switches
  readonly nowMs: number
}

/** Returns the search over the banks of one moment, by what the caller asks of them. */
function createSearch(
  { indexes, banks, switches, nowMs }: Searched,
  { banks: names, radius, coin, hasDisabled = false }: MatchOptions,
): Search {
  const isIn = (ratio: number): boolean => (coin === undefined ? ratio > 0 : ratio >= coin)
  const eligible = [...banks.values()].filter(
    (bank) => isIn(bank.enabledRatio) && (names === undefined || names.includes(bank.name)),
  )
  const radiusOf = new Map(eligible.map((bank) => [bank.id, radius ?? bank.threshold]))
  const widest = Math.max(-1, ...radiusOf.values())

  return async (needle, profile) => {
    if (widest < 0 || !isIn(switches.ratioOf(needle.type))) return []
    const matches: Match[] = []
    for (const hit of await hitsOf(indexes, needle, profile, widest)) {
      const bank = banks.get(hit.bankId)
      if (!bank || hit.distance > (radiusOf.get(hit.bankId) ?? -1)) continue
      if (needle.type === 'pdq' && (needle.quality ?? 100) < bank.minQuality) continue
      if (!hasDisabled && !switches.isContentEnabled(hit.contentId, nowMs)) continue
      matches.push(matchOf(hit, bank, needle, profile))
    }
    return matches
  }
}

async function hitsOf(
  { pdq, digests }: BankIndexes,
  { type, value }: Needle,
  profile: BankProfile,
  radius: number,
): Promise<IndexHit[]> {
  if (parseHashValue(type, value) !== value)
    throw new TypeError(`Expected a hash of type ${type} in lower-case hex`)
  const hash = Buffer.from(value, 'hex')
  if (type !== 'pdq') return await digests[type].search(hash, radius)
  const hits: IndexHit[][] = []
  for (const kind of profile === 'unknown' ? bankProfiles : ([profile, 'unknown'] as const)) {
    if (pdq[kind].size > 0) hits.push(await pdq[kind].search(hash, radius))
  }
  return hits.flat()
}

function matchOf(hit: IndexHit, bank: Bank, needle: Needle, profile: BankProfile): Match {
  const found = { ...hit, bank: bank.name }
  return needle.type === 'pdq'
    ? { ...found, hashType: needle.type, profile, variant: needle.variant ?? 'original' }
    : { ...found, hashType: needle.type }
}

function nearestOfContents(matches: readonly Match[]): Match[] {
  const nearest = new Map<number, Match>()
  for (const match of matches) {
    const known = nearest.get(match.contentId)
    if (!known || match.distance < known.distance) nearest.set(match.contentId, match)
  }
  return [...nearest.values()].sort(compareMatches)
}
