import type { ApiNeedle, ApiSearch, FoundContent } from '../model/api.ts'
import type { ImageHash } from '../model/hash.ts'
import type { Match } from '../model/match.ts'
import type { BankStore } from '../store/bank-store.ts'

/** The most matches that one answer has: the nearest. */
const maxMatches = 100

/** What looking up needs. */
export type LookUpDeps = {
  readonly matcher: {
    match(hashes: readonly ImageHash[], search: ApiSearch): Promise<readonly Match[]>
    lookup(needle: ApiNeedle, search: ApiSearch): Promise<readonly Match[]>
  }
  readonly banks: Pick<BankStore, 'contents'>
  /** Counts a match that is told. Must not throw. */
  readonly onMatch: (bank: string) => void
}

/** Looks up hashes and images for callers, with what the banks hold of each content found. */
export type LookUp = {
  readonly matchHash: (needle: ApiNeedle, search: ApiSearch) => Promise<readonly FoundContent[]>
  readonly matchImage: (hashes: readonly ImageHash[], search: ApiSearch) => Promise<readonly FoundContent[]>
}

/** Returns the lookups. */
export function createLookUp({ matcher, banks, onMatch }: LookUpDeps): LookUp {
  return {
    matchHash: async (needle, search) => await describe(await matcher.lookup(needle, search)),
    matchImage: async (hashes, search) => await describe(await matcher.match(hashes, search)),
  }

  async function describe(matches: readonly Match[]): Promise<readonly FoundContent[]> {
    const found: FoundContent[] = []
    for (const match of matches.slice(0, maxMatches)) {
      onMatch(match.bank)
      const [content] = await banks.contents(match.bankId, match.contentId - 1, 1)
      const isThere = content?.id === match.contentId
      const hash = isThere ? content.hashes.find(({ type }) => type === match.hashType) : undefined
      const { label = '', sourceId = '' } = isThere ? content : {}
      found.push({ match, value: hash?.value ?? '', label, sourceId })
    }
    return found
  }
}
