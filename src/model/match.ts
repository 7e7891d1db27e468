import type { DigestHash, ImageVariant, PdqProfile } from './hash.ts'

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
      /** Which hasher the bank content was compared by. */
      readonly profile: PdqProfile
      /** Which look at the image matched. */
      readonly variant: ImageVariant
    }
)

/** Orders matches nearest first, then by bank and content, so that every run lists them alike. */
export function compareMatches(a: Match, b: Match): number {
  return a.distance - b.distance || a.bankId - b.bankId || a.contentId - b.contentId
}
