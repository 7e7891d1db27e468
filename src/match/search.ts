import { type Bank, type BankProfile, bankProfiles } from '../model/bank.ts'
import { type HashType, type ImageVariant, parseHashValue } from '../model/hash.ts'
import { compareMatches, type Match } from '../model/match.ts'
import type { Opinion } from '../model/opinion.ts'
import type { BankIndexes } from './bank-indexes.ts'
import type { IndexHit } from './hash-index.ts'
import type { Switches } from './switches.ts'

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

/** A needle, and which hasher made its PDQ hash: `unknown` compares it with all banks. */
export type Asked = { readonly needle: Needle; readonly profile: BankProfile }

/** What a search goes through, as of one moment. */
export type Searched = {
  readonly indexes: BankIndexes
  readonly banks: ReadonlyMap<number, Bank>
  readonly switches: Switches
  /** Returns what is thought of contents. */
  readonly opinions: (contentIds: readonly number[]) => Promise<ReadonlyMap<number, Opinion>>
  readonly nowMs: number
}

/** Which banks are searched, and how far. */
export type SearchScope = {
  readonly among: readonly Bank[]
  /** Instead of each bank's threshold, in bits. */
  readonly radius?: number | undefined
  /** As in `MatchOptions`, for hash types. */
  readonly coin?: number | undefined
  readonly hasDisabled?: boolean
}

/** Returns the contents of the banks that the needles match, each once with its nearest hash, nearest first, then by content. */
export async function search(
  { indexes, switches, nowMs }: Searched,
  asked: readonly Asked[],
  { among, radius, coin, hasDisabled = false }: SearchScope,
): Promise<Match[]> {
  const scopes = new Map(among.map((bank) => [bank.id, { bank, radius: radius ?? bank.threshold }]))
  const widest = Math.max(-1, ...[...scopes.values()].map((scope) => scope.radius))
  const matches: Match[] = []
  for (const { needle, profile } of asked) {
    if (widest < 0 || !isInShare(switches.ratioOf(needle.type), coin)) continue
    for (const hit of await hitsOf(indexes, needle, profile, widest)) {
      const scope = scopes.get(hit.bankId)
      if (!scope || hit.distance > scope.radius) continue
      if (needle.type === 'pdq' && (needle.quality ?? 100) < scope.bank.minQuality) continue
      if (!hasDisabled && !switches.isContentEnabled(hit.contentId, nowMs)) continue
      matches.push(matchOf(hit, scope.bank, needle, profile))
    }
  }
  return nearestOfContents(matches)
}

/** True when what is looked at, by its coin, is in the share that a ratio stands for; without a coin, in any but none. */
export function isInShare(ratio: number, coin: number | undefined): boolean {
  return coin === undefined ? ratio > 0 : ratio >= coin
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
  const tier = bank.tiers.find(({ distance }) => hit.distance <= distance)?.name
  const found = { ...hit, bank: bank.name, ...(tier !== undefined && { tier }) }
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
