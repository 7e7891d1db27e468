// Where things are in the kernel's memory. There is no allocator: fixed tables first, then what grows with the picture,
// laid out anew by `begin`. `f32` cells unless said otherwise.

/** Cosines, transposed: 64 rows (place in the square) of 16 (frequency), written once by the caller. */
export const COSINES: usize = 1024
/** The blurred picture, 64 x 64. */
export const SQUARE: usize = COSINES + 64 * 16 * 4
/** The brightness itself, 64 x 64, when the picture has exactly that size. */
export const PLAIN_SQUARE: usize = SQUARE + 64 * 64 * 4
/** The transform down the columns only, 16 x 64. */
export const HALF: usize = PLAIN_SQUARE + 64 * 64 * 4
/** The transform, 16 x 16. */
export const DCT: usize = HALF + 16 * 64 * 4
/** The transform of the picture turned. */
export const TURNED: usize = DCT + 16 * 16 * 4
/** The hash, 32 bytes, most significant first. */
export const HASH: usize = TURNED + 16 * 16 * 4
/** The 64 columns that the grid picks, of eight rows: 64 octets. */
export const PICKED: usize = HASH + 32
/** The same by row: 8 rows of 64. */
export const PICKED_ROWS: usize = PICKED + 64 * 32
/** Running sums of the last pass, 64. */
export const PICKED_SUMS: usize = PICKED_ROWS + 8 * 64 * 4
/** A row of zeros, 64: what enters the last pass below the picture. */
export const ZERO_ROW: usize = PICKED_SUMS + 64 * 4
/** Divisors of the eight rows in hand, each four times: 8 vectors. */
export const DIVISORS: usize = ZERO_ROW + 64 * 4
/** What loops need of constants (`writeConstants` in luma.ts): weights, masks, 128, and a spreading of 3 bytes to 4. */
export const WEIGHTS: usize = DIVISORS + 8 * 16
export const MASKS: usize = WEIGHTS + 3 * 16
export const HALF_OF_256: usize = MASKS + 3 * 16
export const SPREAD: usize = HALF_OF_256 + 16
/** The first byte that `begin` lays out. */
export const HEAP: usize = SPREAD + 16

/** Returns a size rounded up to whole vectors. */
export function aligned(bytes: usize): usize {
  return (bytes + 15) & ~15
}

/** Makes the memory reach an address. */
export function reserve(end: usize): void {
  const missing = <i32>end - (memory.size() << 16)
  if (missing > 0 && memory.grow((missing + 0xffff) >>> 16) < 0) unreachable()
}
