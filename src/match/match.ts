/**
 * Matching's front door: which known content an image is, or is close to.
 *
 * Owns: the indexes in memory and the rules of a match (a bank's threshold, its quality gate, its share of images, and the
 * negative banks that suppress it). Leaves to others: where banks come from, what a match calls for, and what is done about it.
 * Invariants: every match within a bank's threshold is returned, none beyond it, none of a content that is disabled, none of a
 * negative bank, and what one suppresses apart from the rest; PDQ
 * hashes are compared in kind, those of a bank of unknown profile with both kinds; a digest matches at distance 0 and passes no quality gate; nothing here
 * writes to the store; no search or rebuild holds the thread for more than some milliseconds.
 *
 * search.ts         what lies within a bank's threshold
 * suppress.ts       which of it negative banks suppress
 * switches.ts       contents and hash types that are switched off
 * bank-indexes.ts   the indexes by kind of hash, and how they follow the store
 * pdq-index.ts      256-bit hashes within a radius: tiers (row-tiers.ts) of rows in shared memory (hash-rows.ts,
 *                   rows-layout.ts, memory-pool.ts), searched by hamming-kernel.ts (its source is in src/kernels/assembly)
 *                   and sorted in threads of their own (rows-builder.ts, rows-worker.ts)
 * digest-index.ts   exact digests; linear-index.ts is the slow reference for all of them
 */
import type { Bank, BankProfile } from '../model/bank.ts'
import { type HashType, type ImageHash, type PdqProfile, pdqProfiles } from '../model/hash.ts'
import type { Match, PartialFindings } from '../model/match.ts'
import type { Stores } from '../store/database.ts'
import { type BankHashes, BankIndexes } from './bank-indexes.ts'
import { type Asked, isInShare, type Needle, type Searched, search } from './search.ts'
import { suppress } from './suppress.ts'
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
  /** Also what negative banks suppress. */
  readonly hasSuppressed?: boolean
}

/** As for a match; and which hasher made the PDQ hash: `unknown`, unless told, compares it with all banks. */
export type LookupOptions = MatchOptions & { readonly profile?: BankProfile }

/** Finds known content by hash, over the enabled banks. Implementations differ in where the search runs. */
export interface Matcher extends AsyncDisposable {
  /** How many hashes the banks have in the indexes, those of banks that are switched off included. */
  readonly size: number
  /** How many of them are of each type. */
  readonly sizes: Readonly<Record<HashType, number>>
  /** Returns the share of images, 0 to 1, for which hashes of a type are matched. */
  typeRatio(type: HashType): number
  /** The profiles in which an image must be hashed for the enabled banks; the reference alone when none has PDQ hashes. */
  readonly profiles: readonly PdqProfile[]
  /** True when an enabled bank holds SHA-1 hashes, so that images must have theirs made. */
  readonly hasSha1: boolean
  /** How far the indexes have followed the banks: it changes with every hash that is added or removed. */
  readonly version: string
  /** Rejects when an index cannot be kept as it has to be: the process should end. Never resolves. */
  readonly failure: Promise<never>
  /** Returns each content that an image matches once, with its nearest hash, nearest first, then by content. */
  match(hashes: readonly ImageHash[], options?: MatchOptions): Promise<readonly Match[]>
  /** As `match`, with what is suppressed, for those who keep a record of it. */
  examine(hashes: readonly ImageHash[], options?: MatchOptions): Promise<PartialFindings>
  /** Returns each content that one hash matches, in the same order; only by hashes of its type can that be suppressed. */
  lookup(needle: Needle, options?: LookupOptions): Promise<readonly Match[]>
  /** Returns as `lookup` for each of the needles, in their order. */
  lookupMany(needles: readonly Needle[], options?: LookupOptions): Promise<(readonly Match[])[]>
  /**
   * Takes in what has changed in the banks; when it resolves every search sees it. What makes searches fast again goes on in
   * the background. Returns the removals that need not be remembered any more, by the id of the last. One at a time.
   */
  refresh(): Promise<number>
}

/** Returns a matcher over the banks as they are now. Its memory grows with the number of hashes: 135 bytes for a PDQ hash. */
export async function openMatcher(
  store: BankHashes & {
    readonly curation: ConstructorParameters<typeof Switches>[0]
    readonly verdicts: Pick<Stores['verdicts'], 'opinions'>
  },
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
  const { opinions } = store.verdicts
  const searched = (): Searched => ({ indexes, banks, switches, opinions, nowMs: nowMs() })
  const lookUp = async (needle: Needle, { profile = 'unknown', ...options }: LookupOptions = {}) =>
    (await find(searched(), [{ needle, profile }], options)).matches
  return {
    failure: failure.promise,
    get version() {
      return indexes.version
    },
    get size() {
      return Object.values(indexes.sizes).reduce((sum, size) => sum + size, 0)
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
    match: async (hashes, options) => (await find(searched(), hashes.map(askedOf), options)).matches,
    examine: (hashes, options) => find(searched(), hashes.map(askedOf), options),
    lookup: lookUp,
    async lookupMany(needles, options) {
      const all: (readonly Match[])[] = []
      for (const needle of needles) all.push(await lookUp(needle, options))
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

function askedOf(hash: ImageHash): Asked {
  return { needle: hash, profile: hash.type === 'pdq' ? hash.profile : 'unknown' }
}

/** The one way from hashes to matches: what every caller gets has gone through the negative banks, unless it asks not to. */
async function find(
  searched: Searched,
  asked: readonly Asked[],
  { banks: names, coin, hasSuppressed = false, ...scope }: MatchOptions = {},
): Promise<PartialFindings> {
  const among = [...searched.banks.values()].filter(
    ({ name, enabledRatio, suppresses }) =>
      suppresses === undefined &&
      isInShare(enabledRatio, coin) &&
      (names === undefined || names.includes(name)),
  )
  const found = await search(searched, asked, { ...scope, among, coin })
  if (found.length === 0) return { matches: [], suppressed: [], isSettled: true }
  const matches = await withOpinions(searched, found)
  if (hasSuppressed) return { matches, suppressed: [], isSettled: true }
  return await suppress(searched, asked, matches, coin)
}

async function withOpinions({ opinions }: Searched, matches: readonly Match[]): Promise<readonly Match[]> {
  const known = await opinions(matches.map(({ contentId }) => contentId))
  if (known.size === 0) return matches
  return matches.map((match) => {
    const opinion = known.get(match.contentId)
    return opinion === undefined ? match : { ...match, opinion }
  })
}
