// PDQ (PDQ.md) over rows of pixels as they come, eight at a time. Per eight rows: brightness, means along the rows, means
// down the columns, means along the rows once more but only in the 64 columns that the grid picks, and those down the
// columns. Nothing is kept of a row but what the boxes still have to subtract, so memory grows with the width and the
// boxes (a 128th of the picture), and no picture is ever here as a whole.
//
// Means down the columns come late by half a box, and black rows below the picture push the last ones out. In front of
// the first row and column there are zeros. Adding or subtracting a zero changes no sum, so neither changes a bit.

import { boxAcrossPicked, boxDown } from './box'
import { fetchNeighbours, fetchScattered } from './fetch'
import { hashOf, qualityOf, transform, turn } from './hash'
import { CMYK, lumaAcross, writeConstants } from './luma'
import * as m from './memory'
import { storeAsRows } from './transpose'

let columns = 0
let rows = 0
let layout = 0
let step = 0
let boxX = 0
let boxY = 0
/** Rows that have entered, black ones included. */
let entered = 0
/** Rows that have entered the last pass, and cells of the grid that it has filled. */
let picked = 0
let gridRow = 0

// Where `begin` has put what grows with the picture.
let offsets: usize = 0
let staged: usize = 0
let stagedBytes: usize = 0
let stagedPitch: usize = 0
let counts: usize = 0
let luma: usize = 0
let means: usize = 0
let blurred: usize = 0
let sums: usize = 0
let ring: usize = 0
let pickedRing: usize = 0
let slots = 0
let pitch: usize = 0

/**
 * Prepares for a picture. A staged row is `rowPitch` bytes after the one before, and no byte of a pixel is `reach` bytes or
 * more after the start of its row. Pixels are `neighbourStep` bytes apart, 3 or 4, or (0) where `offsetsAt` says.
 */
export function begin(
  columnCount: i32,
  rowCount: i32,
  pixelLayout: i32,
  neighbourStep: i32,
  rowPitch: i32,
  reach: i32,
): void {
  columns = columnCount
  rows = rowCount
  layout = pixelLayout
  step = neighbourStep
  stagedPitch = rowPitch
  boxX = (columns + 127) / 128
  boxY = (rows + 127) / 128
  entered = picked = gridRow = 0
  slots = ((boxY + 7) & ~7) + 8
  pitch = m.aligned(<usize>columns << 2)
  stagedBytes = m.aligned(<usize>rowPitch * 7 + reach + 32)

  writeConstants()
  const right = boxX >> 1
  // The three rows of octets in hand, each with a margin of a box before it and half a box after it.
  const octets = <usize>(boxX + columns + right + 4) << 5
  offsets = m.HEAP
  staged = m.aligned(offsets + (<usize>columns << 2))
  counts = staged + stagedBytes
  luma = m.aligned(counts + (<usize>(columns + right) << 2))
  blurred = luma + octets
  means = blurred + octets
  sums = means + octets
  ring = sums + pitch
  pickedRing = ring + <usize>slots * pitch
  const end = pickedRing + <usize>slots * 256
  m.reserve(end)
  // Sums, rings and the margins of the rows start as zeros.
  memory.fill(luma, 0, end - luma)
  memory.fill(m.PICKED_SUMS, 0, 64 * 4)
  luma += <usize>boxX << 5
  blurred += <usize>boxX << 5
  means += <usize>boxX << 5
  for (let x = 0; x < columns + right; x++) store<f32>(counts + (<usize>x << 2), countAt(x, columns, boxX))
}

/** How many values are in a box when place `at` has entered it, of `length` places. */
function countAt(at: i32, length: i32, box: i32): f32 {
  return <f32>(min(at + 1, length) - max(at + 1 - box, 0))
}

/** Where the caller writes the byte offset of each column's pixel, u32. */
export function offsetsAt(): usize {
  return offsets
}
/** Where the caller writes up to eight rows of pixels. */
export function stagedAt(): usize {
  return staged
}
/** Where the caller writes the cosines, once: 64 rows (places in the square) of 16 (frequencies). */
export function cosinesAt(): usize {
  return m.COSINES
}
/** Where the transform is after `finish`, 256 values; the caller may keep it and put it back for `finishTurned`. */
export function dctAt(): usize {
  return m.DCT
}
/** Where the hash is, 32 bytes. */
export function hashAt(): usize {
  return m.HASH
}

/** Takes in the staged rows, `live` of them (1 to 8); after the last come as many black ones as the boxes need. */
export function push(live: i32): void {
  if (step) fetchNeighbours(luma, staged, stagedPitch, columns, step)
  else fetchScattered(luma, staged, stagedPitch, offsets, columns)
  if (live < 8) blacken(live)
  take()
  if (entered < rows) return
  while (entered < rows + (boxY >> 1)) {
    blacken(0)
    take()
  }
  while (picked < rows + (boxY >> 1)) enterPicked(m.ZERO_ROW)
}

/** Makes the rows from `row` on black. */
function blacken(row: i32): void {
  const black: u32 = layout == CMYK ? 0xff000000 : 0
  for (let at = luma; at < luma + (<usize>columns << 5); at += 32) {
    for (let lane = row; lane < 8; lane++) store<u32>(at + (<usize>lane << 2), black)
  }
}

/** Takes eight rows of pixels through all four passes. */
function take(): void {
  for (let row = 0; row < 8; row++) {
    v128.store(m.DIVISORS + (<usize>row << 4), f32x4.splat(countAt(entered + row, rows, boxY)))
  }
  lumaAcross(luma, means, columns, boxX, counts, layout)
  // This size is hashed without a blur (section 5); `finishPlain` wants the brightness.
  if (rows == 64 && columns == 64) {
    for (let x: usize = 0; x < 64; x += 4) {
      storeAsRows(luma + (x << 5), m.PLAIN_SQUARE + (<usize>entered << 8) + (x << 2), 256)
    }
  }
  boxDown(means, blurred, sums, ring, slots, entered % slots, boxY, pitch)
  boxAcrossPicked(blurred, m.PICKED, columns, boxX, counts)
  for (let x: usize = 0; x < 64; x += 4) storeAsRows(m.PICKED + (x << 5), m.PICKED_ROWS + (x << 2), 256)
  for (let row = 0; row < 8; row++) {
    const out = entered + row - (boxY >> 1)
    if (out >= 0 && out < rows) enterPicked(m.PICKED_ROWS + (<usize>row << 8))
  }
  entered += 8
}

/** Takes a row of 64 into the last pass, and writes a row of the grid when it is one of the 64 that are picked. */
function enterPicked(row: usize): void {
  const enter = pickedRing + (<usize>(picked % slots) << 8)
  const leave = pickedRing + (<usize>((picked + slots - boxY) % slots) << 8)
  for (let x: usize = 0; x < 256; x += 16) {
    const value = v128.load(row + x)
    const sum = f32x4.sub(f32x4.add(v128.load(m.PICKED_SUMS + x), value), v128.load(leave + x))
    v128.store(m.PICKED_SUMS + x, sum)
    v128.store(enter + x, value)
  }
  const out = picked - (boxY >> 1)
  const count = f32x4.splat(countAt(picked, rows, boxY))
  while (gridRow < 64 && (((gridRow << 1) + 1) * rows) / 128 == out) {
    const to = m.SQUARE + (<usize>gridRow << 8)
    for (let x: usize = 0; x < 256; x += 16) v128.store(to + x, f32x4.div(v128.load(m.PICKED_SUMS + x), count))
    gridRow++
  }
  picked++
}

/** Hashes the blurred square; at exactly 64 x 64 that is only for turning, and `finishPlain` has the hash. */
export function finish(): i32 {
  transform(m.SQUARE)
  hashOf(m.DCT)
  return qualityOf(m.SQUARE)
}

/** Hashes the brightness itself, as the reference does at exactly 64 x 64. */
export function finishPlain(): i32 {
  transform(m.PLAIN_SQUARE)
  hashOf(m.DCT)
  return qualityOf(m.PLAIN_SQUARE)
}

/** Hashes what is in the transform, turned. */
export function finishTurned(isTransposed: bool, negatesEvenRows: bool, negatesEvenColumns: bool): void {
  turn(isTransposed, negatesEvenRows, negatesEvenColumns)
  hashOf(m.TURNED)
}
