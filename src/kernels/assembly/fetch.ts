// From staged rows of bytes to octets of pixels, 32 bits each (the bytes of the next pixel may be among them).

import { SPREAD } from './memory'
import { storeTransposed } from './transpose'

/** Writes the octets of pixels anywhere in their rows: one load for each. */
export function fetchScattered(to: usize, r0: usize, pitch: usize, offsets: usize, columns: i32): void {
  const r1 = r0 + pitch
  const r2 = r1 + pitch
  const r3 = r2 + pitch
  const r4 = r3 + pitch
  const r5 = r4 + pitch
  const r6 = r5 + pitch
  const r7 = r6 + pitch
  const end = offsets + (<usize>columns << 2)
  while (offsets < end) {
    const x = load<u32>(offsets)
    let upper = v128.load32_zero(r0 + x)
    let lower = v128.load32_zero(r4 + x)
    upper = v128.load_lane<u32>(r1 + x, upper, 1)
    lower = v128.load_lane<u32>(r5 + x, lower, 1)
    upper = v128.load_lane<u32>(r2 + x, upper, 2)
    lower = v128.load_lane<u32>(r6 + x, lower, 2)
    upper = v128.load_lane<u32>(r3 + x, upper, 3)
    lower = v128.load_lane<u32>(r7 + x, lower, 3)
    v128.store(to, upper)
    v128.store(to, lower, 16)
    to += 32
    offsets += 4
  }
}

/** Writes the octets of neighbours of `step` bytes, 3 or 4: four pixels of a row in one load. */
export function fetchNeighbours(to: usize, row: usize, pitch: usize, columns: i32, step: i32): void {
  if (step == 3) fetchFours(to, row, pitch, columns, 3)
  else fetchFours(to, row, pitch, columns, 4)
}

@inline
function fetchFours(to: usize, row: usize, pitch: usize, columns: i32, step: i32): void {
  const spread = v128.load(SPREAD)
  const end = to + (<usize>columns << 5)
  while (to < end) {
    fetchFour(to, row, pitch, spread, step)
    fetchFour(to + 16, row + 4 * pitch, pitch, spread, step)
    row += step << 2
    to += 128
  }
}

@inline
function fetchFour(to: usize, row: usize, pitch: usize, spread: v128, step: i32): void {
  let a = v128.load(row)
  let b = v128.load(row + pitch)
  let c = v128.load(row + 2 * pitch)
  let d = v128.load(row + 3 * pitch)
  if (step == 3) {
    a = v128.swizzle(a, spread)
    b = v128.swizzle(b, spread)
    c = v128.swizzle(c, spread)
    d = v128.swizzle(d, spread)
  }
  storeTransposed(to, 32, a, b, c, d)
}
