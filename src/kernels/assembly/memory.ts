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
/** The 64 columns that the grid picks, of a band. */
export const PICKED: usize = HASH + 32
/** The same by row: 16 rows of 64. */
export const PICKED_ROWS: usize = PICKED + 64 * 64
/** Running sums of the last pass, 64. */
export const PICKED_SUMS: usize = PICKED_ROWS + 16 * 64 * 4
/** A row of zeros, 64: what enters the last pass below the picture. */
export const ZERO_ROW: usize = PICKED_SUMS + 64 * 4
/** Divisors of the sixteen rows in hand, or their reciprocals, each four times: 16 vectors. */
export const DIVISORS: usize = ZERO_ROW + 64 * 4
/** Whether those of each four rows are reciprocals, i32. */
export const DIVISOR_KINDS: usize = DIVISORS + 16 * 16
/** The sums of the first means along the sixteen rows, and of the second ones. */
export const ACROSS_SUMS: usize = DIVISOR_KINDS + 4 * 4
export const ALONG_SUMS: usize = ACROSS_SUMS + 16 * 4
/** Which of the columns that the grid picks is the next, 0 to 64, u32. */
export const NEXT_PICK: usize = ALONG_SUMS + 16 * 4
/** The column with which the sum of each of those is full, i32, and one that is never reached. */
export const PICK_COLUMNS: usize = NEXT_PICK + 16
/** How many values that sum is of. */
export const PICK_COUNTS: usize = PICK_COLUMNS + 68 * 4
/** Where the rows in hand start, u32. */
export const ROW_STARTS: usize = PICK_COUNTS + 64 * 4
/** What loops need of constants (`writeConstants` in luma.ts, `writeSpread` in fetch.ts). */
export const RED: usize = ROW_STARTS + 16 * 4
export const GREEN: usize = RED + 3 * 16
export const BLUE: usize = GREEN + 3 * 16
export const MASKS: usize = BLUE + 3 * 16
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
