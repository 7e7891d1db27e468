import { hash } from 'node:crypto'
import {
  type DigestHash,
  type ImageHash,
  type ImageVariant,
  type PdqImageHash,
  turns,
} from '../model/hash.ts'
import { digestTypesOf, type HashPlan } from '../model/hash-plan.ts'
import type { ImageFacts, UnscannableReason } from '../model/scan.ts'
import { createImageDecoder, type ImageDecoderOptions } from './decode-image.ts'
import { looksAt } from './looks.ts'
import { createPdqKernel } from './pdq-kernel.ts'
import { pickFrames } from './pick-frames.ts'
import type { PixelView } from './pixel-view.ts'
import { releasePixels } from './release-pixels.ts'

/** What hashing one image came to, with how long each step took, in milliseconds; digests are made while it is decoded. */
export type HashOutcome = { readonly decodeMs: number; readonly hashMs: number } & (
  | {
      readonly kind: 'hashed'
      readonly facts: ImageFacts
      /** PDQ by look, the original first, and in each by profile, its turns behind it; then MD5, SHA-1 where wanted, SHA-256. */
      readonly hashes: readonly ImageHash[]
    }
  | { readonly kind: 'unscannable'; readonly reason: UnscannableReason }
)

/** Hashes the bytes of one image; one at a time. Rejects only when the decoder itself is unwell. */
export type ImageHasher = (bytes: Uint8Array, plan: HashPlan) => Promise<HashOutcome>

/**
 * Returns a hasher with its decoder and buffers; for the child process, never for the service itself. The first frame
 * decides whether the image can be hashed: later ones that cannot be decoded are left out.
 */
export function createImageHasher(options: ImageDecoderOptions): ImageHasher {
  const decoder = createImageDecoder(options)
  const pdq = createPdqKernel()

  return async (bytes, plan) => {
    const startedAt = performance.now()
    const opened = await decoder.decodeHeader(bytes)
    if (opened.kind === 'unscannable')
      return { ...opened, decodeMs: performance.now() - startedAt, hashMs: 0 }
    const { header } = opened
    const decoding = decoder.decodeFrame(header, 1, plan.isFlattened && header.hasAlpha)
    // The decoder has a thread of its own: this one has nothing else to do meanwhile.
    const digests = digestTypesOf(plan.hasSha1).map((type) => digest(type, bytes))
    const first = await decoding
    let decodeMs = performance.now() - startedAt
    if (first.kind === 'unscannable') return { ...first, decodeMs, hashMs: 0 }
    const { format } = header
    const { width, height } = first.pixels
    const hashes = hashFirstFrame(first.pixels, header.orientation, plan)
    releasePixels(first.pixels)
    for (const frame of pickFrames(header.frames, width * height, plan.frames).slice(1)) {
      const decodingAt = performance.now()
      const later = await decoder.decodeFrame(header, frame, false)
      decodeMs += performance.now() - decodingAt
      if (later.kind === 'unscannable') continue
      hashes.push(...hashLook(`frame-${frame}`, later.pixels, plan, false))
      releasePixels(later.pixels)
    }
    hashes.push(...digests)
    const facts = { format, width, height, size: bytes.length }
    return { kind: 'hashed', facts, hashes, decodeMs, hashMs: performance.now() - startedAt - decodeMs }
  }

  function hashFirstFrame(pixels: PixelView, orientation: number, plan: HashPlan): ImageHash[] {
    const hashes: ImageHash[] = []
    for (const look of looksAt(pixels, orientation, plan)) {
      const isTurned = plan.isTurned && look.variant === 'original'
      hashes.push(...hashLook(look.variant, look.pixels, plan, isTurned))
    }
    return hashes
  }

  function hashLook(
    variant: ImageVariant,
    pixels: PixelView,
    plan: HashPlan,
    isTurned: boolean,
  ): readonly PdqImageHash[] {
    return plan.profiles.flatMap((profile) => {
      const result = pdq.hashPixels(pixels, profile)
      const { value, quality } = result
      const look: PdqImageHash = { type: 'pdq', value, quality, profile, variant }
      if (!isTurned) return [look]
      const values = result.turned()
      return [look, ...turns.map((turn) => ({ ...look, value: values[turn], variant: turn }))]
    })
  }
}

function digest(type: DigestHash['type'], bytes: Uint8Array): DigestHash {
  return { type, value: hash(type, bytes), quality: 100 }
}
