// From the 64 x 64 square to the hash: PDQ.md sections 7 to 11.

import { COSINES, DCT, HALF, HASH, TURNED } from './memory'

/** Writes the 16 x 16 transform of a square. Vectors run across results: each result's own sum keeps its order. */
export function transform(square: usize): void {
  for (let i: usize = 0; i < 16; i++) {
    for (let j: usize = 0; j < 256; j += 64) {
      let a = f32x4.splat(0)
      let b = f32x4.splat(0)
      let c = f32x4.splat(0)
      let d = f32x4.splat(0)
      let cosine = COSINES + (i << 2)
      let from = square + j
      for (let k = 0; k < 64; k++) {
        const weight = v128.load32_splat(cosine)
        a = f32x4.add(a, f32x4.mul(weight, v128.load(from)))
        b = f32x4.add(b, f32x4.mul(weight, v128.load(from, 16)))
        c = f32x4.add(c, f32x4.mul(weight, v128.load(from, 32)))
        d = f32x4.add(d, f32x4.mul(weight, v128.load(from, 48)))
        cosine += 64
        from += 256
      }
      storeFour(HALF + (i << 8) + j, a, b, c, d)
    }
  }
  for (let i: usize = 0; i < 16; i++) {
    let a = f32x4.splat(0)
    let b = f32x4.splat(0)
    let c = f32x4.splat(0)
    let d = f32x4.splat(0)
    let cosines = COSINES
    let from = HALF + (i << 8)
    for (let k = 0; k < 64; k++) {
      const value = v128.load32_splat(from)
      a = f32x4.add(a, f32x4.mul(value, v128.load(cosines)))
      b = f32x4.add(b, f32x4.mul(value, v128.load(cosines, 16)))
      c = f32x4.add(c, f32x4.mul(value, v128.load(cosines, 32)))
      d = f32x4.add(d, f32x4.mul(value, v128.load(cosines, 48)))
      cosines += 64
      from += 4
    }
    storeFour(DCT + (i << 6), a, b, c, d)
  }
}

@inline
function storeFour(to: usize, a: v128, b: v128, c: v128, d: v128): void {
  v128.store(to, a)
  v128.store(to, b, 16)
  v128.store(to, c, 32)
  v128.store(to, d, 48)
}

/** Returns the quality: the steps between neighbours, in whole percent of the range, over 90; at most 100. */
export function qualityOf(square: usize): i32 {
  let sum = i32x4.splat(0)
  for (let at: usize = 0; at < 63 * 256; at += 16) {
    sum = i32x4.add(sum, stepPercent(v128.load(square + at), v128.load(square + at, 256)))
  }
  for (let row: usize = 0; row < 64 * 256; row += 256) {
    for (let at = row; at < row + 240; at += 16) {
      sum = i32x4.add(sum, stepPercent(v128.load(square + at), v128.load(square + at, 4)))
    }
    // The last four columns have three steps among them.
    const last = v128.load(square + row, 240)
    sum = i32x4.add(sum, stepPercent(last, v128.shuffle<f32>(last, last, 1, 2, 3, 3)))
  }
  const steps =
    i32x4.extract_lane(sum, 0) + i32x4.extract_lane(sum, 1) + i32x4.extract_lane(sum, 2) + i32x4.extract_lane(sum, 3)
  return min(100, steps / 90)
}

@inline
function stepPercent(from: v128, to: v128): v128 {
  const percent = f32x4.div(f32x4.mul(f32x4.sub(from, to), f32x4.splat(100)), f32x4.splat(255))
  return i32x4.abs(i32x4.trunc_sat_f32x4_s(percent))
}

/** Writes the hash of a transform: a bit is set where a value is above the lower median. */
export function hashOf(dct: usize): void {
  const median = v128.load32_splat(dct + (medianIndexOf(dct) << 2))
  for (let i: usize = 0; i < 16; i++) {
    const row = dct + (i << 6)
    const bits =
      i32x4.bitmask(f32x4.gt(v128.load(row), median)) |
      (i32x4.bitmask(f32x4.gt(v128.load(row, 16), median)) << 4) |
      (i32x4.bitmask(f32x4.gt(v128.load(row, 32), median)) << 8) |
      (i32x4.bitmask(f32x4.gt(v128.load(row, 48), median)) << 12)
    // Row 15 is printed first, and its sixteenth bit before its first.
    store<u16>(HASH + 30 - (i << 1), bswap<u16>(<u16>bits))
  }
}

/** Returns where the 128th smallest of the 256 values is: fewer than 128 are below it, at least 128 not above. */
function medianIndexOf(dct: usize): usize {
  for (let index: usize = 0; index < 255; index++) {
    const value = v128.load32_splat(dct + (index << 2))
    let below = i32x4.splat(0)
    let notAbove = i32x4.splat(0)
    for (let at: usize = 0; at < 1024; at += 16) {
      const other = v128.load(dct + at)
      // A comparison that holds is -1 in its lane.
      below = i32x4.sub(below, f32x4.lt(other, value))
      notAbove = i32x4.sub(notAbove, f32x4.le(other, value))
    }
    if (sumOf(below) < 128 && sumOf(notAbove) >= 128) return index
  }
  return 255
}

@inline
function sumOf(v: v128): i32 {
  return i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3)
}

/**
 * Writes the transform of the picture turned (section 11): transposed or not, and with the signs of the values at even
 * rows, even columns (both as they were), or both changed.
 */
export function turn(isTransposed: bool, negatesEvenRows: bool, negatesEvenColumns: bool): void {
  for (let row: usize = 0; row < 16; row++) {
    for (let column: usize = 0; column < 16; column++) {
      const value = load<f32>(DCT + (((row << 4) | column) << 2))
      const changes = (negatesEvenRows && !(row & 1)) != (negatesEvenColumns && !(column & 1))
      const at = isTransposed ? (column << 4) | row : (row << 4) | column
      store<f32>(TURNED + (at << 2), changes ? -value : value)
    }
  }
}
