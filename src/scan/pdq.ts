import { tentFilter } from './pdq-blur.ts'
import { bitsOfDct, dct16 } from './pdq-dct.ts'
import type { PdqHasher, PdqResult } from './pdq-hasher.ts'
import { lumaOf } from './pdq-luma.ts'
import { forEachTurn, turnDct } from './pdq-turns.ts'

/** The side of the square that the hash is made from. */
const side = 64
/** Pictures with a shorter side than this have no hash. */
const minSide = 5
/** What stands for the hash of a picture that has none. */
export const noHash: string = '0'.repeat(64)

/**
 * Returns the slow hasher, which follows the text of `PDQ.md` and the C++ reference (ThreatExchange `pdq/cpp`) line by
 * line: every sum and product is rounded to binary32 in the reference's order. The kernel is measured against it.
 *
 * @internal For tests and benchmarks.
 */
export function createPdqReference(): PdqHasher {
  return {
    hashLuma,
    hashPixels(pixels, profile) {
      const { luma, rows, columns } = lumaOf(pixels, profile)
      return hashLuma(luma, rows, columns)
    },
  }
}

function hashLuma(luma: Float32Array, rows: number, columns: number): PdqResult {
  if (rows < minSide || columns < minSide) {
    return { value: noHash, quality: 0, turned: () => forEachTurn(() => noHash) }
  }
  const blurred = tentFilter(luma, rows, columns, side)
  // At exactly 64 x 64 the reference skips the blur, but not when it turns the picture.
  const square = rows === side && columns === side ? luma : blurred
  const turnable = dct16(blurred)
  return {
    value: bitsOfDct(dct16(square)),
    quality: qualityOf(square),
    turned: () => forEachTurn((turn) => bitsOfDct(turnDct(turnable, turn))),
  }
}

/** The sum of the steps between neighbours, in whole percent of the range, over 90; at most 100 (`PDQ.md` section 7). */
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
