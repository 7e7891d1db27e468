import type { ImageHash } from '../../model/hash.ts'
import type { Match } from '../../model/match.ts'
import type { BankLabel, ReceivedBlob, ReceiverLabel } from '../../model/received-blob.ts'

/** A match of a bank that its operator has told to be one of these labels. */
export type Hit = { readonly label: ReceiverLabel; readonly match: Match; readonly hashValue: string }

/** Returns the matches that are told, nearest first, each with the hash of the received picture that matched. */
export function hitsOf({ matches, hashes }: ReceivedBlob, labels: readonly BankLabel[]): Hit[] {
  return matches.flatMap((match) => {
    const label = labels.find(({ bank }) => bank === match.bank)?.label
    if (label === undefined) return []
    return [{ label, match, hashValue: hashes.find((hash) => isOf(hash, match))?.value ?? '' }]
  })
}

/** A picture has a hash for each look and profile; a match tells by which of them it was found. */
function isOf(hash: ImageHash, match: Match): boolean {
  if (hash.type !== match.hashType) return false
  if (hash.type !== 'pdq' || match.hashType !== 'pdq') return true
  const isProfile = match.profile === 'unknown' || hash.profile === match.profile
  return isProfile && hash.variant === match.variant
}
