import type { PdqProfile } from './hash.ts'

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
}

/** True when hashes made by plan `made` hold all that plan `wanted` asks for. */
export function coversPlan(made: HashPlan, wanted: HashPlan): boolean {
  return (
    wanted.profiles.every((profile) => made.profiles.includes(profile)) &&
    (made.isOriented || !wanted.isOriented) &&
    (made.isFlattened || !wanted.isFlattened) &&
    (made.frames === wanted.frames || (wanted.frames === 1 && made.frames >= 1)) &&
    (made.isTurned || !wanted.isTurned)
  )
}
