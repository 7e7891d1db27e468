import type { Match } from '../model/match.ts'
import { effectsFor, isDryRun, type Policy } from '../model/policy.ts'

/**
 * Returns the first of an upload's matches, nearest first, that its policy blocks; undefined lets the upload through. Pure.
 * What an upload will be shown as is not known: tiers that name uses do not hold it, nor does a bank that is only tried.
 */
export function findBlocked(policy: Policy, matches: readonly Match[]): Match | undefined {
  return matches.find(
    (match) =>
      !isDryRun(policy, match.bank) &&
      effectsFor(policy, match, undefined).some(({ kind }) => kind === 'block'),
  )
}
