import type { ApiNeedle, ApiSearch, FoundContent } from '../model/api.ts'
import type { ImageHash } from '../model/hash.ts'
import type { Match } from '../model/match.ts'
import type { CurationStore } from '../store/curation-store.ts'

/** The most matches that one answer has: the nearest. */
const maxMatches = 100

/** What looking up needs. */
export type LookUpDeps = {
  readonly matcher: {
    match(hashes: readonly ImageHash[], search: ApiSearch): Promise<readonly Match[]>
    lookup(needle: ApiNeedle, search: ApiSearch): Promise<readonly Match[]>
  }
  readonly curation: Pick<CurationStore, 'findMany'>
  /** Counts a match that is told. Must not throw. */
  readonly onMatch: (bank: string) => void
}

/** Looks up hashes and images for callers, with what the banks hold of each content found. */
export type LookUp = {
  readonly matchHash: (needle: ApiNeedle, search: ApiSearch) => Promise<readonly FoundContent[]>
  readonly matchImage: (hashes: readonly ImageHash[], search: ApiSearch) => Promise<readonly FoundContent[]>
}

/** Returns the lookups. */
export function createLookUp({ matcher, curation, onMatch }: LookUpDeps): LookUp {
  return {
    matchHash: async (needle, search) => await describe(await matcher.lookup(needle, search)),
    matchImage: async (hashes, search) => await describe(await matcher.match(hashes, search)),
  }

  async function describe(matches: readonly Match[]): Promise<readonly FoundContent[]> {
    const told = matches.slice(0, maxMatches)
    const contents = await curation.findMany(told.map(({ contentId }) => contentId))
    const byId = new Map(contents.map((content) => [content.id, content]))
    return told.map((match) => {
      onMatch(match.bank)
      const content = byId.get(match.contentId)
      const hash = content?.hashes.find(({ type }) => type === match.hashType)
      return {
        match,
        value: hash?.value ?? '',
        label: content?.label ?? '',
        sourceId: content?.sourceId ?? '',
      }
    })
  }
}
