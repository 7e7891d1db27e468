import type { ImageHash } from './hash.ts'
import type { HashPlan } from './hash-plan.ts'
import type { ImageFormat } from './image.ts'

/**
 * Why verified bytes cannot be hashed, each with a sentence for people. The bytes behind a CID never change, so such an
 * outcome holds for that CID on every account, and for ever unless it follows from a limit of ours (`isLasting`).
 */
export const unscannableReasons = {
  empty: 'The blob has no bytes',
  'unsupported-format': 'The bytes are not JPEG, PNG, WebP, GIF, AVIF or TIFF',
  'format-refused': 'The format is refused by name: SVG and HEIC are not decoded',
  'too-many-pixels': 'The header declares more pixels than the limit',
  'too-much-memory': 'By its header, decoding would take more memory than the limit',
  corrupt: 'The decoder could not read the image',
} as const

/** One key of `unscannableReasons`. */
export type UnscannableReason = keyof typeof unscannableReasons

/** Why the bytes could not be had from this account's host, each with a sentence for people. Not a fact about the CID. */
export const unavailableReasons = {
  'no-account': 'The account does not exist or its DID document names no host',
  'not-found': 'The host says that it does not have the blob',
  'account-inactive': 'The host says that the account is deactivated, suspended or taken down',
  'too-large': 'The host sent more bytes than the limit',
  'cid-mismatch': 'The host sent other bytes than the CID stands for',
  'refused-address': 'The host or a redirect points to an address that is not public',
  'too-many-redirects': 'The host redirected more often than the limit',
  'bad-response': 'The host answered with a status that is neither the blob nor a known refusal',
} as const

/** One key of `unavailableReasons`. */
export type UnavailableReason = keyof typeof unavailableReasons

/** Reasons that an honest host gives; any other means that the image was kept from us, and a person should know. */
const ordinaryReasons: ReadonlySet<UnavailableReason> = new Set([
  'no-account',
  'not-found',
  'account-inactive',
])

/** True when the host's answer is no ordinary refusal, so that the image is still to be judged by a person. */
export function isSuspicious(reason: UnavailableReason): boolean {
  return !ordinaryReasons.has(reason)
}

/** What decoding told about an image, beside its hashes. */
export type ImageFacts = {
  readonly format: ImageFormat
  /** Pixels, as stored, before any EXIF rotation. */
  readonly width: number
  readonly height: number
  /** Bytes. */
  readonly size: number
}

/** How long each step of a scan took, in milliseconds; zero where the step was not needed. */
export type ScanTimings = {
  readonly resolveMs: number
  readonly fetchMs: number
  readonly decodeMs: number
  readonly hashMs: number
}

/** Timings of a scan in which nothing had to be done. */
export const noTimings: ScanTimings = { resolveMs: 0, fetchMs: 0, decodeMs: 0, hashMs: 0 }

/** Reasons that follow from a setting, so that they may not hold tomorrow. */
const reasonsOfLimits: ReadonlySet<string> = new Set(['too-many-pixels', 'too-much-memory'])

/** True when the reason is a fact about the bytes, and not about a limit of ours. */
export function isLasting(reason: UnscannableReason): boolean {
  return !reasonsOfLimits.has(reason)
}

/** An image that was decoded and hashed: PDQ by profile and look, then MD5, SHA-1 where the plan has it, and SHA-256. */
export type HashedScan = {
  readonly kind: 'hashed'
  readonly facts: ImageFacts
  readonly hashes: readonly ImageHash[]
  /** Which looks and profiles the hashes are of. */
  readonly plan: HashPlan
  readonly timings: ScanTimings
  /** True when the result came from the store rather than from the network. */
  readonly isCached: boolean
}

/** Verified bytes that cannot be hashed. */
export type UnscannableScan = {
  readonly kind: 'unscannable'
  readonly reason: UnscannableReason
  readonly timings: ScanTimings
  readonly isCached: boolean
}

/**
 * The outcome of looking at one image: hashed; known by its CID alone, without a download; verified bytes that cannot
 * be hashed; or bytes that this host does not give.
 */
export type ScanResult =
  | HashedScan
  | UnscannableScan
  | { readonly kind: 'digest-only'; readonly hashes: readonly ImageHash[]; readonly timings: ScanTimings }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason; readonly timings: ScanTimings }

/** A scan's end in one word: `hashed`, `digest-only`, or `<kind>:<reason>` when there is no hash. */
export function outcomeOf(scan: ScanResult): string {
  return 'reason' in scan ? `${scan.kind}:${scan.reason}` : scan.kind
}
