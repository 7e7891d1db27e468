import {
  type ImageHash,
  type ImageVariant,
  type PdqProfile,
  parseHashValue,
  pdqProfiles,
  type Turn,
  turns,
} from '../model/hash.ts'
import { digestTypesOf, type HashPlan } from '../model/hash-plan.ts'
import { type ImageFormat, imageFormats } from '../model/image.ts'
import { type ImageFacts, type UnscannableReason, unscannableReasons } from '../model/scan.ts'
import type { HashOutcome } from './hash-image.ts'

/** What the pool asks of a child: to hash the bytes of one image, in the ways that the plan says. */
export type HashRequest = { readonly bytes: Uint8Array; readonly plan: HashPlan }

/**
 * What a child says: that it can begin; then, in the order of the requests, the outcome of each, that it was recalled
 * before it began, or that the decoder is unwell.
 */
export type HashReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'recalled' }
  | { readonly kind: 'done'; readonly outcome: HashOutcome }
  | { readonly kind: 'failed'; readonly message: string }

/** More hashes than any plan asks for: two profiles of 11 looks and 240 frames, and the digests. */
const maxHashes = 512

/** Returns a child's message, or undefined when it is not one: hostile bytes may have taken the child over. */
export function parseHashReply(message: unknown): HashReply | undefined {
  if (!isObject(message)) return undefined
  switch (message['kind']) {
    case 'ready':
      return { kind: 'ready' }
    case 'recalled':
      return { kind: 'recalled' }
    case 'failed':
      return { kind: 'failed', message: String(message['message']).slice(0, 300) }
    case 'done': {
      const outcome = parseOutcome(message['outcome'])
      return outcome && { kind: 'done', outcome }
    }
    default:
      return undefined
  }
}

function parseOutcome(value: unknown): HashOutcome | undefined {
  if (!isObject(value)) return undefined
  const { kind, decodeMs, hashMs, reason, facts, hashes } = value
  if (!isSpan(decodeMs) || !isSpan(hashMs)) return undefined
  if (kind === 'unscannable' && isReason(reason)) return { kind, reason, decodeMs, hashMs }
  if (kind !== 'hashed' || !isFacts(facts)) return undefined
  const copies = parseHashes(hashes)
  if (!copies) return undefined
  const { format, width, height, size } = facts
  return { kind, facts: { format, width, height, size }, hashes: copies, decodeMs, hashMs }
}

function isFacts(value: unknown): value is ImageFacts {
  if (!isObject(value) || !imageFormats.includes(value['format'] as ImageFormat)) return false
  return [value['width'], value['height'], value['size']].every((count) => isCount(count))
}

/** Returns PDQ hashes, the original look first, and behind them the digests; undefined when that is not what it is. */
function parseHashes(values: unknown): readonly ImageHash[] | undefined {
  if (!Array.isArray(values) || values.length < 3 || values.length > maxHashes) return undefined
  const hasSha1 = isObject(values.at(-2)) && values.at(-2)['type'] === 'sha1'
  const digestTypes = digestTypesOf(hasSha1)
  // `from` also visits the holes that a list may have, which `map` and `every` step over.
  const hashes = Array.from(values, (value: unknown, index) => {
    return parseHash(value, digestTypes[index - values.length + digestTypes.length] ?? 'pdq')
  })
  const [first] = hashes
  if (first?.type !== 'pdq' || first.variant !== 'original') return undefined
  return hashes.every((hash) => hash !== undefined) ? hashes : undefined
}

function parseHash(value: unknown, expected: ImageHash['type']): ImageHash | undefined {
  if (!isObject(value) || value['type'] !== expected) return undefined
  const { value: hex, quality, profile, variant } = value
  const canonical = parseHashValue(expected, hex)
  if (canonical === undefined || canonical !== hex || !isCount(quality) || quality > 100) return undefined
  if (expected !== 'pdq') return { type: expected, value: canonical, quality }
  if (!isProfile(profile) || !isVariant(variant)) return undefined
  return { type: expected, value: canonical, quality, profile, variant }
}

function isProfile(value: unknown): value is PdqProfile {
  return pdqProfiles.includes(value as PdqProfile)
}

function isVariant(value: unknown): value is ImageVariant {
  if (typeof value !== 'string') return false
  if (['original', 'oriented', 'on-white', 'on-black'].includes(value) || turns.includes(value as Turn))
    return true
  return /^frame-(?:[2-9]|[1-9]\d{1,3})$/.test(value)
}

function isReason(value: unknown): value is UnscannableReason {
  return typeof value === 'string' && Object.hasOwn(unscannableReasons, value)
}

function isSpan(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
