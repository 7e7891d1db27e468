import type { PdqProfile, Turn } from '../model/hash.ts'
import type { PixelView } from './pixel-view.ts'

/** What PDQ makes of one look at a picture. */
export type PdqResult = {
  /** 64 lower-case hex digits, most significant bit first. */
  readonly value: string
  /** How much detail the hasher saw, 0 to 100; below 50 the hash means little. */
  readonly quality: number
  /** Returns the hashes of the same picture turned and mirrored, by the reference's rules on its transform. */
  turned(): Readonly<Record<Turn, string>>
}

/**
 * Makes PDQ hashes, bit for bit as the reference (`PDQ.md`). It owns buffers, so one call at a time; it is synchronous.
 * Implementations differ in speed only: `pdq.ts` is the plain reference, `pdq-kernel.ts` the WebAssembly one.
 */
export interface PdqHasher {
  /** Hashes a decoded picture in a profile. */
  hashPixels(pixels: PixelView, profile: PdqProfile): PdqResult
  /** Hashes `rows * columns` brightness values, 0 to 255, row by row, at their own size; the array is not changed. */
  hashLuma(luma: Float32Array, rows: number, columns: number): PdqResult
}
