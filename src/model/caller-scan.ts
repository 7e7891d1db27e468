import type { ApiSearch, FoundContent } from './api.ts'
import type { ImageHash } from './hash.ts'
import type { Cid } from './ids.ts'
import type { ImageFacts, UnavailableReason, UnscannableReason } from './scan.ts'

/** How a caller wants an image to be matched. */
export type CallerSearch = Pick<ApiSearch, 'banks' | 'radius'>

/** An image that a caller sent or named, after it was looked at. */
export type ScannedForCaller = {
  readonly kind: 'scanned'
  /** What the bytes are called as a blob. */
  readonly cid: Cid
  /** True when they were not decoded for this, because what was known of them was enough. */
  readonly isKnown: boolean
  /** Undefined when they were not decoded, or could not be. */
  readonly facts: ImageFacts | undefined
  /** Why they could not be decoded; undefined when they could, or need not. */
  readonly reason: UnscannableReason | undefined
  /** As many as there are: digests alone of bytes that could not be decoded, the SHA-256 alone of a CID that a bank has. */
  readonly hashes: readonly ImageHash[]
  /** Nearest first. */
  readonly matches: readonly FoundContent[]
}

/** What became of an image that a caller named: looked at, or not to be had from its host. */
export type CallerScan =
  | ScannedForCaller
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason }
