import { createTentFilter } from './pdq-blur.ts'
import { bitsOfDct, dct16 } from './pdq-dct.ts'
import { createLumaSampler, type PixelBuffer } from './pdq-luma.ts'

/** A PDQ hash as the C++ reference prints it. */
type PdqHash = {
  /** 64 lower-case hex digits, most significant bit first. */
  readonly value: string
  /** The reference's judgement of how much detail there is, 0 to 100; below 50 the hash means little. */
  readonly quality: number
}

/** Makes PDQ hashes and owns the buffers it needs for them; not to be shared between concurrent calls (it is synchronous). */
export interface PdqHasher {
  /** Hashes a decoded picture: sampled to 512 x 512 when a side is longer, then as `hashLuma`. */
  hashPixels(pixels: PixelBuffer): PdqHash
  /** Hashes `rows * columns` brightness values, 0 to 255, row by row; the array is not changed. */
  hashLuma(luma: Float32Array, rows: number, columns: number): PdqHash
}

/** The side of the square that the hash is made from. */
const side = 64
/** Pictures with a shorter side than this have no hash. */
const minSide = 5
const noHash: PdqHash = { value: '0'.repeat(side), quality: 0 }

/**
 * Returns a hasher that follows the PDQ reference (ThreatExchange `pdq/cpp`) bit for bit: every sum and product is
 * rounded to binary32 in the reference's order.
 */
export function createPdqHasher(): PdqHasher {
  const sampleLuma = createLumaSampler()
  const decimate = createTentFilter(side)

  function hashLuma(luma: Float32Array, rows: number, columns: number): PdqHash {
    if (rows < minSide || columns < minSide) return noHash
    const square = rows === side && columns === side ? luma : decimate(luma, rows, columns)
    return { value: bitsOfDct(dct16(square)), quality: qualityOf(square) }
  }

  return {
    hashLuma,
    hashPixels(pixels) {
      const { luma, rows, columns } = sampleLuma(pixels)
      return hashLuma(luma, rows, columns)
    },
  }
}

/** The sum of the steps between neighbours, in whole percent of the range, over 90; at most 100. */
function qualityOf(square: Float32Array): number {
  let sum = 0
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const at = row * side + column
      if (row + 1 < side) sum += stepPercent(square[at]!, square[at + side]!)
      if (column + 1 < side) sum += stepPercent(square[at]!, square[at + 1]!)
    }
  }
  return Math.min(100, Math.floor(sum / 90))
}

function stepPercent(from: number, to: number): number {
  const f32 = Math.fround
  return Math.abs(Math.trunc(f32(f32(f32(from - to) * 100) / 255)))
}
