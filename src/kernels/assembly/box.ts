// The box means (PDQ.md section 5). Order of every sum, as in the reference: add the value that enters, subtract the one
// that leaves, divide by how many are in. Where nothing enters or leaves (at the ends) a zero does, which changes no sum.

import { DIVISORS } from './memory'
import { firstHalves, highPairs, lowPairs, secondHalves, storeTransposed } from './transpose'

/**
 * Writes the means along eight rows, but only in the 64 columns that the grid picks (section 6). `from` has `box` zero
 * octets before it and `box >> 1` after its last column.
 */
export function boxAcrossPicked(from: usize, to: usize, columns: i32, box: i32, counts: usize): void {
  const start = from
  const right = box >> 1
  let leave = from - (<usize>box << 5)
  let a = f32x4.splat(0)
  let b = f32x4.splat(0)
  for (let pick = 0; pick < 64; pick++) {
    const last = (((pick << 1) + 1) * columns) / 128 + right
    const end = start + (<usize>(last + 1) << 5)
    while (from < end) {
      a = f32x4.sub(f32x4.add(a, v128.load(from)), v128.load(leave))
      b = f32x4.sub(f32x4.add(b, v128.load(from, 16)), v128.load(leave, 16))
      from += 32
      leave += 32
    }
    const count = v128.load32_splat(counts + (<usize>last << 2))
    v128.store(to, f32x4.div(a, count))
    v128.store(to, f32x4.div(b, count), 16)
    to += 32
  }
}

/** The sum of four columns after one more row: `sum + entering - leaving`. */
@inline
function slide(sum: v128, entering: v128, leaving: usize): v128 {
  return f32x4.sub(f32x4.add(sum, entering), v128.load(leaving))
}

/** Takes four rows of four columns (half of four octets) into their sums, which it returns. */
@inline
function fourDown(
  from: usize,
  to: usize,
  sum: v128,
  enter: usize,
  pitch: usize,
  l0: usize,
  l1: usize,
  l2: usize,
  l3: usize,
  divisors: usize,
): v128 {
  const a = v128.load(from)
  const b = v128.load(from, 32)
  const c = v128.load(from, 64)
  const d = v128.load(from, 96)
  const r0 = firstHalves(lowPairs(a, b), lowPairs(c, d))
  const r1 = secondHalves(lowPairs(a, b), lowPairs(c, d))
  const r2 = firstHalves(highPairs(a, b), highPairs(c, d))
  const r3 = secondHalves(highPairs(a, b), highPairs(c, d))
  // Stored before any is read: a box of fewer than four rows is left by rows that have only just entered.
  v128.store(enter, r0)
  v128.store(enter + pitch, r1)
  v128.store(enter + 2 * pitch, r2)
  v128.store(enter + 3 * pitch, r3)
  const s0 = slide(sum, r0, l0)
  const s1 = slide(s0, r1, l1)
  const s2 = slide(s1, r2, l2)
  const s3 = slide(s2, r3, l3)
  storeTransposed(
    to,
    32,
    f32x4.div(s0, v128.load(divisors)),
    f32x4.div(s1, v128.load(divisors, 16)),
    f32x4.div(s2, v128.load(divisors, 32)),
    f32x4.div(s3, v128.load(divisors, 48)),
  )
  return s3
}

/**
 * Takes eight more rows into the means down the columns. `ring` holds the last rows, `slots` of them (a multiple of 8, at
 * least `box + 8`), `pitch` bytes each; `slot` is where the eight rows go. `DIVISORS` says how many values are in.
 */
export function boxDown(
  from: usize,
  to: usize,
  sums: usize,
  ring: usize,
  slots: i32,
  slot: i32,
  box: i32,
  pitch: usize,
): void {
  const enter = ring + <usize>slot * pitch
  const first = slot + slots - box
  // Where the eight leaving rows are: they may reach past the ring's end.
  const l0 = ring + <usize>(first % slots) * pitch
  const l1 = ring + <usize>((first + 1) % slots) * pitch
  const l2 = ring + <usize>((first + 2) % slots) * pitch
  const l3 = ring + <usize>((first + 3) % slots) * pitch
  const l4 = ring + <usize>((first + 4) % slots) * pitch
  const l5 = ring + <usize>((first + 5) % slots) * pitch
  const l6 = ring + <usize>((first + 6) % slots) * pitch
  const l7 = ring + <usize>((first + 7) % slots) * pitch
  for (let x: usize = 0; x < pitch; x += 16) {
    const e = enter + x
    const half = fourDown(from, to, v128.load(sums + x), e, pitch, l0 + x, l1 + x, l2 + x, l3 + x, DIVISORS)
    const sum = fourDown(
      from + 16,
      to + 16,
      half,
      e + 4 * pitch,
      pitch,
      l4 + x,
      l5 + x,
      l6 + x,
      l7 + x,
      DIVISORS + 64,
    )
    v128.store(sums + x, sum)
    from += 128
    to += 128
  }
}
