/** The kinds of fingerprint Harrier makes and matches. `pdq` is perceptual; the others are digests of the bytes. */
export const hashTypes = ['pdq', 'md5', 'sha256'] as const

/** One member of `hashTypes`. */
export type HashType = (typeof hashTypes)[number]

/** How many lower-case hex digits each hash type has. */
export const hashHexDigits: Readonly<Record<HashType, number>> = { pdq: 64, md5: 32, sha256: 64 }

/** One fingerprint of one image. */
export type ImageHash = {
  readonly type: HashType
  /** Lower-case hex, most significant bit first; `hashHexDigits` long. */
  readonly value: string
  /** PDQ's own 0 to 100 judgement of how much detail it saw; 100 for a digest, which is always certain. */
  readonly quality: number
}

/** Returns the hash in canonical lower case, or undefined when the text is not one of that type. */
export function parseHashValue(type: HashType, text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length !== hashHexDigits[type]) return undefined
  return /^[0-9a-fA-F]+$/.test(text) ? text.toLowerCase() : undefined
}

/** Type guard for a hash type's name. */
export function isHashType(text: unknown): text is HashType {
  return (hashTypes as readonly unknown[]).includes(text)
}
