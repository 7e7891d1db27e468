import type { HashType, PdqProfile } from './hash.ts'

/** The distance that Meta's tools use for PDQ, in bits. */
export const defaultThreshold = 31
/** The least PDQ quality that is worth comparing, 0 to 100. */
export const defaultMinQuality = 50

/** Which hasher made a bank's PDQ hashes; an image is compared with them in kind, and with `unknown` both ways. */
export const bankProfiles = ['reference-512', 'full-resolution', 'unknown'] as const

/** One member of `bankProfiles`. */
export type BankProfile = (typeof bankProfiles)[number]

/** The profile in which Harrier makes hashes for a bank: the bank's own, or the reference when that is not known. */
export function profileForBank(profile: BankProfile): PdqProfile {
  return profile === 'unknown' ? 'reference-512' : profile
}

/** A named part of what a bank matches: what lies within a distance, and not within that of a tier before it. */
export type BankTier = {
  /** 1 to 32 of `a-z 0-9 -`, starting with none of the last. */
  readonly name: string
  /** Bits, inclusive. */
  readonly distance: number
}

/** What a negative bank suppresses: the matches of all banks, or of some by name, sorted. */
export type Suppresses = 'all' | readonly string[]

/** A named collection of known content, and how it is matched. */
export type Bank = {
  readonly id: number
  /** 1 to 255 of `A-Z a-z 0-9 _ . -`, starting with none of the last two; unique. */
  readonly name: string
  /** Greatest PDQ distance that is a match, in bits, 0 to 256 inclusive. */
  readonly threshold: number
  /** Least PDQ quality of the image that is compared, 0 to 100 inclusive. */
  readonly minQuality: number
  /** Which hasher made its PDQ hashes. */
  readonly profile: BankProfile
  /** The share of images that it is matched for, 0 to 1 inclusive. */
  readonly enabledRatio: number
  /** True when that is more than none. */
  readonly isEnabled: boolean
  /** Parts of what it matches, by rising distance, at most the threshold each; beyond the last, a match has no tier. */
  readonly tiers: readonly BankTier[]
  /**
   * Undefined unless the bank is negative: then its own matches never act, and an image that has one has no match of these
   * banks that does.
   */
  readonly suppresses: Suppresses | undefined
  /** ISO 8601, UTC. */
  readonly createdAt: string
}

/** One item of known content in a bank, with its hashes. */
export type BankContent = ContentTexts & {
  readonly id: number
  readonly bankId: number
  /** ISO 8601, UTC. */
  readonly createdAt: string
  readonly hashes: readonly ContentHash[]
}

/** A hash of a content, which has at most one of each type; PDQ hashes are in the bank's profile. */
export type ContentHash = {
  readonly type: HashType
  /** Lower-case hex digits, `hashHexDigits` of them. */
  readonly value: string
  /** PDQ's, 0 to 100; 100 for a digest. */
  readonly quality: number
}

/** What people say of a content: each at most `maxTextLengths` characters, empty when nothing was said, never logged. */
export type ContentTexts = {
  /** How its source classifies it. */
  readonly label: string
  /** What the operator wrote about it. */
  readonly note: string
  /** What its source calls it. */
  readonly sourceId: string
}

/** The most characters (Unicode code points) of each text of a content. */
export const maxTextLengths: Readonly<Record<keyof ContentTexts, number>> = {
  label: 200,
  note: 500,
  sourceId: 200,
}

/** True for a text of a content that is longer than `maxTextLengths` allows. */
export function isTooLong(name: keyof ContentTexts, text: string): boolean {
  const max = maxTextLengths[name]
  // Counting takes a list of them; there are no more of them than code units.
  return text.length > max && Array.from(text).length > max
}

/** What a bank may be called. */
export const bankNamePattern: RegExp = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$/

/** Type guard for a bank's name. */
export function isBankName(text: string): boolean {
  return bankNamePattern.test(text)
}

/** The most tiers that a bank may have. */
export const maxTiers = 16

/** What a tier may be called. */
export const tierNamePattern: RegExp = /^[a-z0-9][a-z0-9-]{0,31}$/

/** Type guard for the name of a tier. */
export function isTierName(text: string): boolean {
  return tierNamePattern.test(text)
}
