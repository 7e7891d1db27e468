import type { Cid } from '../model/ids.ts'
import type { LabelDraft } from './sign-labels.ts'

/** A withdrawal: a draft of a negation, before it is known what came before it. */
export type Withdrawal = Omit<LabelDraft, 'after' | 'neg' | 'exp'>

/**
 * Returns the negations that withdraw a value from a subject for every subscriber, in the order to be published: one for
 * each version under which it stands, then the one that was asked for, which is the current state from then on.
 *
 * By the label specification one negation would do, of any version or none. But subscribers are known that keep labels
 * by version (Ozone's and the AppView's tables have the CID in their key) and show one that is negated under another.
 */
export function negationsOf(
  { cid, ...draft }: Withdrawal,
  standingVersions: readonly (Cid | undefined)[],
): Omit<LabelDraft, 'after'>[] {
  const versions = [...standingVersions.filter((version) => version !== cid), cid]
  return versions.map((version) => ({
    ...draft,
    ...(version === undefined ? {} : { cid: version }),
    neg: true as const,
  }))
}
