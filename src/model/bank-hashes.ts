import { type Bank, profileForBank } from './bank.ts'
import type { ImageHash, PdqImageHash } from './hash.ts'

/** What of an image's hashes goes into a bank. */
export type HashesForBank = {
  /** Its digests, and the PDQ hash of its pixels as stored in the bank's profile. */
  readonly kept: readonly ImageHash[]
  /** The PDQ hash that is left out because its quality is below the bank's least: it says too little. */
  readonly leftOut: PdqImageHash | undefined
}

/** Returns which of an image's hashes a bank holds: one PDQ hash of a picture, and its digests. */
export function hashesForBank(
  bank: Pick<Bank, 'profile' | 'minQuality'>,
  hashes: readonly ImageHash[],
): HashesForBank {
  const wanted = hashes.filter(
    (hash) =>
      hash.type !== 'pdq' || (hash.variant === 'original' && hash.profile === profileForBank(bank.profile)),
  )
  const kept = wanted.filter((hash) => hash.quality >= bank.minQuality)
  return {
    kept,
    leftOut: wanted.find((hash) => hash.type === 'pdq' && !kept.includes(hash)) as PdqImageHash | undefined,
  }
}
