import { createHash } from 'node:crypto'
import type { ImageHash } from '../model/hash.ts'
import type { ImageFacts, UnscannableReason } from '../model/scan.ts'
import { createImageDecoder } from './decode-image.ts'
import { createPdqHasher } from './pdq.ts'

/** What hashing one image came to, with how long each step took, in milliseconds. */
export type HashOutcome = { readonly decodeMs: number; readonly hashMs: number } & (
  | {
      readonly kind: 'hashed'
      readonly facts: ImageFacts
      /** PDQ, MD5 and SHA-256, in that order. */
      readonly hashes: readonly ImageHash[]
    }
  | { readonly kind: 'unscannable'; readonly reason: UnscannableReason }
)

/** Hashes the bytes of one image; one at a time. Rejects only when the decoder itself is unwell. */
export type ImageHasher = (bytes: Uint8Array) => Promise<HashOutcome>

/** Returns a hasher with its decoder and buffers; for the child process, never for the service itself. */
export function createImageHasher(options: { readonly maxPixels: number }): ImageHasher {
  const decodeImage = createImageDecoder(options)
  const pdq = createPdqHasher()

  return async (bytes) => {
    const startedAt = performance.now()
    const decoded = await decodeImage(bytes)
    const decodedAt = performance.now()
    const decodeMs = decodedAt - startedAt
    if (decoded.kind === 'unscannable') return { ...decoded, decodeMs, hashMs: 0 }
    const { format, pixels } = decoded
    const perceptual = pdq.hashPixels(pixels)
    const hashes: readonly ImageHash[] = [
      { type: 'pdq', value: perceptual.value, quality: perceptual.quality },
      { type: 'md5', value: createHash('md5').update(bytes).digest('hex'), quality: 100 },
      { type: 'sha256', value: createHash('sha256').update(bytes).digest('hex'), quality: 100 },
    ]
    const facts = { format, width: pixels.width, height: pixels.height, size: bytes.length }
    return { kind: 'hashed', facts, hashes, decodeMs, hashMs: performance.now() - decodedAt }
  }
}
