// The box means (PDQ.md section 5). Order of every sum, as in the reference: add the value that enters, subtract the one
// that leaves, divide by how many are in. Where nothing enters or leaves (at the ends) a zero does, which changes no sum.

import { ACROSS_SUMS, ALONG_SUMS, NEXT_PICK, PICK_COLUMNS, PICK_COUNTS, PICKED } from './memory'
import { firstHalves, highPairs, lowPairs, secondHalves, storeTransposed } from './transpose'

/** How a mean is made of a sum: by its count, or by the reciprocal of a count that is a power of two: the same number. */
export const DIVIDED = 0
export const MULTIPLIED = 1

@inline
function meanOf(sum: v128, kind: i32, divisor: v128): v128 {
  if (kind == MULTIPLIED) return f32x4.mul(sum, divisor)
  return f32x4.div(sum, divisor)
}

/** Returns the sum after one more value. */
@inline
function slide(sum: v128, entering: v128, leaving: v128): v128 {
  return f32x4.sub(f32x4.add(sum, entering), leaving)
}

/**
 * Goes on with the means along the rows of a band. There are zeros, or columns that were taken before, for the length of a
 * box, which is `behind` in bytes. Every column has its own count of values, at `counts`, or all have a `shared` divisor.
 */
@inline
function across(from: usize, to: usize, columns: i32, behind: usize, kind: i32, shared: f32, counts: usize): void {
  let a = v128.load(ACROSS_SUMS)
  let b = v128.load(ACROSS_SUMS, 16)
  let c = v128.load(ACROSS_SUMS, 32)
  let d = v128.load(ACROSS_SUMS, 48)
  let divisor = f32x4.splat(shared)
  const end = from + (<usize>columns << 6)
  while (from < end) {
    const leave = from - behind
    a = slide(a, v128.load(from), v128.load(leave))
    b = slide(b, v128.load(from, 16), v128.load(leave, 16))
    c = slide(c, v128.load(from, 32), v128.load(leave, 32))
    d = slide(d, v128.load(from, 48), v128.load(leave, 48))
    if (kind == DIVIDED) {
      divisor = v128.load32_splat(counts)
      counts += 4
    }
    v128.store(to, meanOf(a, kind, divisor))
    v128.store(to, meanOf(b, kind, divisor), 16)
    v128.store(to, meanOf(c, kind, divisor), 32)
    v128.store(to, meanOf(d, kind, divisor), 48)
    from += 64
    to += 64
  }
  v128.store(ACROSS_SUMS, a)
  v128.store(ACROSS_SUMS, b, 16)
  v128.store(ACROSS_SUMS, c, 32)
  v128.store(ACROSS_SUMS, d, 48)
}

/** As above; `reciprocal` is that of all the counts where it is exact, or else 0. */
export function boxAcross(from: usize, to: usize, columns: i32, behind: usize, reciprocal: f32, counts: usize): void {
  if (reciprocal) across(from, to, columns, behind, MULTIPLIED, reciprocal, 0)
  else across(from, to, columns, behind, DIVIDED, 0, counts)
}

/** Goes on with the second means along the rows, but makes only those in the columns that the grid picks (section 6). */
export function boxAlongPicked(from: usize, column: i32, columns: i32, behind: usize): void {
  let a = v128.load(ALONG_SUMS)
  let b = v128.load(ALONG_SUMS, 16)
  let c = v128.load(ALONG_SUMS, 32)
  let d = v128.load(ALONG_SUMS, 48)
  let pick = load<u32>(NEXT_PICK)
  const last = column + columns
  while (column < last) {
    // Up to the next column that is picked, or to the end of the tile.
    const next = min(load<i32>(PICK_COLUMNS + (pick << 2)) + 1, last)
    const end = from + (<usize>(next - column) << 6)
    column = next
    while (from < end) {
      const leave = from - behind
      a = slide(a, v128.load(from), v128.load(leave))
      b = slide(b, v128.load(from, 16), v128.load(leave, 16))
      c = slide(c, v128.load(from, 32), v128.load(leave, 32))
      d = slide(d, v128.load(from, 48), v128.load(leave, 48))
      from += 64
    }
    while (load<i32>(PICK_COLUMNS + (pick << 2)) == column - 1) {
      const count = v128.load32_splat(PICK_COUNTS + (pick << 2))
      const to = PICKED + (pick << 6)
      v128.store(to, f32x4.div(a, count))
      v128.store(to, f32x4.div(b, count), 16)
      v128.store(to, f32x4.div(c, count), 32)
      v128.store(to, f32x4.div(d, count), 48)
      pick++
    }
  }
  v128.store(ALONG_SUMS, a)
  v128.store(ALONG_SUMS, b, 16)
  v128.store(ALONG_SUMS, c, 32)
  v128.store(ALONG_SUMS, d, 48)
  store<u32>(NEXT_PICK, pick)
}

/** Takes four more rows into the means down the columns, a block of four columns at a time. */
@inline
function fourDown(
  from: usize,
  to: usize,
  blocks: i32,
  sums: usize,
  enter: usize,
  mirror: usize,
  leave: usize,
  pitch: usize,
  divisors: usize,
  kind: i32,
): void {
  const d0 = v128.load(divisors)
  const d1 = v128.load(divisors, 16)
  const d2 = v128.load(divisors, 32)
  const d3 = v128.load(divisors, 48)
  const end = from + (<usize>blocks << 8)
  while (from < end) {
    const c0 = v128.load(from)
    const c1 = v128.load(from, 64)
    const c2 = v128.load(from, 128)
    const c3 = v128.load(from, 192)
    const low01 = lowPairs(c0, c1)
    const low23 = lowPairs(c2, c3)
    const high01 = highPairs(c0, c1)
    const high23 = highPairs(c2, c3)
    const r0 = firstHalves(low01, low23)
    const r1 = secondHalves(low01, low23)
    const r2 = firstHalves(high01, high23)
    const r3 = secondHalves(high01, high23)
    // Stored before any is read: a box of fewer than four rows is left by rows that have only just entered.
    v128.store(enter, r0)
    v128.store(enter, r1, 16)
    v128.store(enter, r2, 32)
    v128.store(enter, r3, 48)
    if (mirror) {
      v128.store(mirror, r0)
      v128.store(mirror, r1, 16)
      v128.store(mirror, r2, 32)
      v128.store(mirror, r3, 48)
      mirror += pitch
    }
    const s0 = slide(v128.load(sums), r0, v128.load(leave))
    const s1 = slide(s0, r1, v128.load(leave, 16))
    const s2 = slide(s1, r2, v128.load(leave, 32))
    const s3 = slide(s2, r3, v128.load(leave, 48))
    v128.store(sums, s3)
    storeTransposed(to, 64, meanOf(s0, kind, d0), meanOf(s1, kind, d1), meanOf(s2, kind, d2), meanOf(s3, kind, d3))
    from += 256
    to += 256
    sums += 16
    enter += pitch
    leave += pitch
  }
}

/**
 * Takes four more rows into the means down the columns. What they have in a block of columns is kept in a ring of its own,
 * `pitch` bytes after that of the block before; there they go to `enter`, and to `mirror` when that is not 0, and the four
 * rows that leave are at `leave`. `divisors` are those of the four rows, or their reciprocals.
 */
export function boxDown(
  from: usize,
  to: usize,
  blocks: i32,
  sums: usize,
  enter: usize,
  mirror: usize,
  leave: usize,
  pitch: usize,
  divisors: usize,
  kind: i32,
): void {
  if (kind == MULTIPLIED) multipliedDown(from, to, blocks, sums, enter, mirror, leave, pitch, divisors)
  else dividedDown(from, to, blocks, sums, enter, mirror, leave, pitch, divisors)
}

// Functions of their own: as two branches of one, the compiler would make one loop of them again, which asks within.
function multipliedDown(
  from: usize,
  to: usize,
  blocks: i32,
  sums: usize,
  enter: usize,
  mirror: usize,
  leave: usize,
  pitch: usize,
  divisors: usize,
): void {
  fourDown(from, to, blocks, sums, enter, mirror, leave, pitch, divisors, MULTIPLIED)
}

function dividedDown(
  from: usize,
  to: usize,
  blocks: i32,
  sums: usize,
  enter: usize,
  mirror: usize,
  leave: usize,
  pitch: usize,
  divisors: usize,
): void {
  fourDown(from, to, blocks, sums, enter, mirror, leave, pitch, divisors, DIVIDED)
}
