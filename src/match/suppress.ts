import type { Bank } from '../model/bank.ts'
import { hashTypes } from '../model/hash.ts'
import type { Match, PartialFindings, SuppressedMatch } from '../model/match.ts'
import { type Asked, isInShare, type Searched, search } from './search.ts'

/**
 * Tells which matches of the needles act. A match is suppressed when a needle lies within a negative bank's own distance of
 * one of its contents and that bank suppresses the match's; the nearest such content is named. The quality gate, the share,
 * and what is switched off are as for any bank, but a negative bank that is switched off suppresses nothing, whatever the coin.
 * A content of which the opinion is negative suppresses itself.
 */
export async function suppress(
  searched: Searched,
  asked: readonly Asked[],
  matches: readonly Match[],
  coin: number | undefined,
): Promise<PartialFindings> {
  const negatives = [...searched.banks.values()].filter(
    (bank) =>
      bank.isEnabled &&
      isInShare(bank.enabledRatio, coin) &&
      matches.some((match) => covers(bank, match.bank)),
  )
  const found = negatives.length === 0 ? [] : await search(searched, asked, { among: negatives, coin })
  const acting: Match[] = []
  const suppressed: SuppressedMatch[] = []
  for (const match of matches) {
    const isNegative = match.opinion === 'negative'
    const by = isNegative ? match : found.find(({ bankId }) => covers(searched.banks.get(bankId), match.bank))
    if (by) suppressed.push({ match, by })
    else acting.push(match)
  }
  return { matches: acting, suppressed, isSettled: isSettled(searched, asked, negatives, acting) }
}

/** True for a negative bank that suppresses the bank of that name. */
function covers(negative: Bank | undefined, bank: string): boolean {
  const suppresses = negative?.suppresses
  return suppresses !== undefined && (suppresses === 'all' || suppresses.includes(bank))
}

/** False when a hash of a type that was not asked with could be close to a content that suppresses what acts. */
function isSettled(
  { indexes }: Searched,
  asked: readonly Asked[],
  negatives: readonly Bank[],
  acting: readonly Match[],
): boolean {
  const types = hashTypes.filter((type) => !asked.some(({ needle }) => needle.type === type))
  const open = negatives.filter(({ id }) => types.some((type) => indexes.holds(id, type)))
  return !acting.some((match) => open.some((bank) => covers(bank, match.bank)))
}
