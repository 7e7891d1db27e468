import type { DigestHash, PdqProfile } from './hash.ts'

/** Which looks at an image are hashed. Each costs time; what is already in hand is never decoded twice. */
export type HashPlan = {
  /** At least one, in the order of `pdqProfiles`. */
  readonly profiles: readonly PdqProfile[]
  /** Where EXIF says that the picture is to be turned, also as viewers show it. */
  readonly isOriented: boolean
  /** Where any pixel is transparent, also laid on white and on black. */
  readonly isFlattened: boolean
  /** At most this many frames of an animation, spread evenly over it, the first included; 1 is the first alone. */
  readonly frames: number
  /** Also the seven ways in which the stored pixels can be turned and mirrored. */
  readonly isTurned: boolean
  /** Also the SHA-1 of the bytes; MD5 and SHA-256 are always made. */
  readonly hasSha1: boolean
}

/** True when hashes made by plan `made` hold all that plan `wanted` asks for. */
export function coversPlan(made: HashPlan, wanted: HashPlan): boolean {
  return (
    wanted.profiles.every((profile) => made.profiles.includes(profile)) &&
    (made.isOriented || !wanted.isOriented) &&
    (made.isFlattened || !wanted.isFlattened) &&
    (made.frames === wanted.frames || (wanted.frames === 1 && made.frames >= 1)) &&
    (made.isTurned || !wanted.isTurned) &&
    (made.hasSha1 || !wanted.hasSha1)
  )
}

/** Returns which digests of the bytes are made, in the order in which they end every list of hashes. */
export function digestTypesOf(hasSha1: boolean): readonly DigestHash['type'][] {
  return hasSha1 ? ['md5', 'sha1', 'sha256'] : ['md5', 'sha256']
}
