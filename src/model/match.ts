import type { BankProfile } from './bank.ts'
import type { DigestHash, ImageVariant } from './hash.ts'
import type { Opinion } from './opinion.ts'

/** One bank content that an image is, or is close to. */
export type Match = {
  readonly bankId: number
  readonly bank: string
  readonly contentId: number
  /** Hamming distance in bits, 0 to the bank's threshold inclusive; 0 for a digest. */
  readonly distance: number
  /** The bank's tier that the distance falls in, by name; left out where it has none for it. */
  readonly tier?: string
  /** What is thought of the content; left out where nobody has said anything. */
  readonly opinion?: Opinion
} & (
  | { readonly hashType: DigestHash['type'] }
  | {
      readonly hashType: 'pdq'
      /** Which hasher made the hash that the bank content was compared with. */
      readonly profile: BankProfile
      /** Which look at the image matched. */
      readonly variant: ImageVariant
    }
)

/** A match that does not act, and the nearest content of a negative bank that the image is, or is close to, as well. */
export type SuppressedMatch = { readonly match: Match; readonly by: Match }

/** What an image is, or is close to: the matches that act, and those that are suppressed; both nearest first. */
export type Findings = {
  readonly matches: readonly Match[]
  readonly suppressed: readonly SuppressedMatch[]
}

/** Findings by some of an image's hashes; `isSettled` is false where others could still suppress one of the matches. */
export type PartialFindings = Findings & { readonly isSettled: boolean }

/** Orders matches nearest first, then by content, whose ids are unique over all banks: every run lists them alike. */
export function compareMatches(a: Match, b: Match): number {
  return a.distance - b.distance || a.contentId - b.contentId
}
