import type { Bank } from '../model/bank.ts'
import type { CuratedContent } from '../model/curation.ts'
import type { Database, Stores } from '../store/database.ts'
import { type Curation, type CurationDeps, createCuration } from './curate.ts'

/** Changing banks and contents, and looking at them, as one actor does. */
export interface Curator extends Curation {
  listBanks(): Promise<readonly Bank[]>
  findBank(name: string): Promise<Bank | undefined>
  findContent(bankId: number, contentId: number): Promise<CuratedContent | undefined>
  findContents(contentIds: readonly number[]): Promise<readonly CuratedContent[]>
  searchContents: Stores['curation']['search']
  contentHolding: Stores['curation']['holding']
  removedBanks: Stores['removals']['banks']
}

/** Returns the curator that acts as one actor. */
export function createCurator(
  deps: CurationDeps & { readonly database: Pick<Database, 'banks' | 'curation' | 'removals'> },
): Curator {
  const { banks, curation, removals } = deps.database
  return {
    ...createCuration(deps),
    listBanks: banks.settings,
    findBank: banks.find,
    findContent: curation.find,
    findContents: curation.findMany,
    searchContents: curation.search,
    contentHolding: curation.holding,
    removedBanks: removals.banks,
  }
}
