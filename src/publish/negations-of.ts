import type { Cid } from '../model/ids.ts'
import type { WantedLabel } from '../model/label.ts'

/**
 * Returns the negations that withdraw a value from a subject for every subscriber, in the order to be published: one for
 * each version under which it stands, then the one that was asked for, which is the current state from then on.
 *
 * By the label specification one negation would do, of any version or none. But subscribers are known that keep labels
 * by version (Ozone's and the AppView's tables have the CID in their key) and show one that is negated under another.
 */
export function negationsOf(
  { uri, val, cid }: Pick<WantedLabel, 'uri' | 'val' | 'cid'>,
  standingVersions: readonly (Cid | undefined)[],
): WantedLabel[] {
  const versions = [...standingVersions.filter((version) => version !== cid), cid]
  return versions.map((version) => ({
    uri,
    val,
    ...(version === undefined ? {} : { cid: version }),
    neg: true as const,
  }))
}
