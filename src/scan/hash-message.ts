import { type ImageHash, isHashType, parseHashValue } from '../model/hash.ts'
import { type ImageFormat, imageFormats } from '../model/image.ts'
import { type ImageFacts, type UnscannableReason, unscannableReasons } from '../model/scan.ts'
import type { HashOutcome } from './hash-image.ts'

/** What the pool asks of a child: the bytes of one image. */
export type HashRequest = { readonly bytes: Uint8Array }

/** What a child says: that it can begin, the outcome of its one job, or that the decoder is unwell. */
export type HashReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly outcome: HashOutcome }
  | { readonly kind: 'failed'; readonly message: string }

/** Returns a child's message, or undefined when it is not one: hostile bytes may have taken the child over. */
export function parseHashReply(message: unknown): HashReply | undefined {
  if (!isObject(message)) return undefined
  switch (message['kind']) {
    case 'ready':
      return { kind: 'ready' }
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
  if (kind !== 'hashed' || !isFacts(facts) || !isHashes(hashes)) return undefined
  const { format, width, height, size } = facts
  const copies = hashes.map(({ type, value: hex, quality }) => ({ type, value: hex, quality }))
  return { kind, facts: { format, width, height, size }, hashes: copies, decodeMs, hashMs }
}

function isFacts(value: unknown): value is ImageFacts {
  if (!isObject(value) || !imageFormats.includes(value['format'] as ImageFormat)) return false
  return [value['width'], value['height'], value['size']].every((count) => isCount(count))
}

function isHashes(value: unknown): value is readonly ImageHash[] {
  return Array.isArray(value) && value.length === 3 && value.every((hash) => isHash(hash))
}

function isHash(value: unknown): value is ImageHash {
  if (!isObject(value)) return false
  const { type, value: hex, quality } = value
  if (!isHashType(type) || !isCount(quality) || quality > 100) return false
  return parseHashValue(type, hex) === hex
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
