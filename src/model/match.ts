import type { BankProfile } from './bank.ts'
import type { DigestHash, ImageVariant } from './hash.ts'

/** One bank content that an image is, or is close to. */
export type Match = {
  readonly bankId: number
  readonly bank: string
  readonly contentId: number
  /** Hamming distance in bits, 0 to the bank's threshold inclusive; 0 for a digest. */
  readonly distance: number
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

/** Orders matches nearest first, then by content, whose ids are unique over all banks: every run lists them alike. */
export function compareMatches(a: Match, b: Match): number {
  return a.distance - b.distance || a.contentId - b.contentId
}
