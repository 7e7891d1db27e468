/** The kinds of fingerprint Harrier makes and matches. `pdq` is perceptual; the others are digests of the bytes. */
export const hashTypes = ['pdq', 'md5', 'sha1', 'sha256'] as const

/** One member of `hashTypes`. */
export type HashType = (typeof hashTypes)[number]

/**
 * The two PDQs in the world, from the same picture 4 to 18 bits apart, and up to 42 on screenshots. `reference-512`:
 * Meta's C++ and WebAssembly hashers, which sample to 512 by 512 first. `full-resolution`: Hasher-Matcher-Actioner and
 * `pdqhash`, which do not. Both are the same up to 512 pixels a side.
 */
export const pdqProfiles = ['reference-512', 'full-resolution'] as const

/** One member of `pdqProfiles`. */
export type PdqProfile = (typeof pdqProfiles)[number]

/** How a picture can be turned and mirrored, other than not at all, in the reference's words (`PDQ.md` section 11). */
export const turns = [
  'rotate-90',
  'rotate-180',
  'rotate-270',
  'flip-x',
  'flip-y',
  'flip-plus-1',
  'flip-minus-1',
] as const

/** One member of `turns`. `rotate-90` is counter-clockwise; `flip-x` swaps top and bottom; `flip-plus-1` transposes. */
export type Turn = (typeof turns)[number]

/**
 * Which look at an image a PDQ hash is of: the pixels as stored; turned as EXIF says; laid on white or on black where it
 * is transparent; a later frame of an animation (counted from 1, the first being the original); or the original turned.
 */
export type ImageVariant = 'original' | 'oriented' | 'on-white' | 'on-black' | `frame-${number}` | Turn

/** A perceptual fingerprint of one look at one image. */
export type PdqImageHash = {
  readonly type: 'pdq'
  /** 64 lower-case hex digits, most significant bit first. */
  readonly value: string
  /** PDQ's own 0 to 100 judgement of how much detail it saw. */
  readonly quality: number
  readonly profile: PdqProfile
  readonly variant: ImageVariant
}

/** A fingerprint of the bytes: certain, so its quality is 100. */
export type DigestHash = {
  readonly type: Exclude<HashType, 'pdq'>
  /** Lower-case hex digits, `hashHexDigits` of them. */
  readonly value: string
  readonly quality: number
}

/** One fingerprint of one image. */
export type ImageHash = PdqImageHash | DigestHash

/** How many lower-case hex digits each hash type has. */
export const hashHexDigits: Readonly<Record<HashType, number>> = { pdq: 64, md5: 32, sha1: 40, sha256: 64 }

/** Returns the hash in canonical lower case, or undefined when the text is not one of that type. */
export function parseHashValue(type: HashType, text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length !== hashHexDigits[type]) return undefined
  return /^[0-9a-fA-F]+$/.test(text) ? text.toLowerCase() : undefined
}
