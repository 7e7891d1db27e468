import type { Match } from '../model/match.ts'
import { effectsFor, type Policy } from '../model/policy.ts'

/** Returns the first of an upload's matches, nearest first, that its policy blocks; undefined lets the upload through. Pure. */
export function findBlocked(policy: Policy, matches: readonly Match[]): Match | undefined {
  return matches.find((match) => effectsFor(policy, match).some(({ kind }) => kind === 'block'))
}
