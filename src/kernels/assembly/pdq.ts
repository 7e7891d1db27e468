// PDQ (PDQ.md) over rows of pixels as they come, sixteen at a time: a band. Of each, tile by tile: brightness, means along
// the rows, means down the columns, and means along the rows once more but only in the 64 columns that the grid picks;
// then of the band those down the columns. Nothing is kept of a row but what the boxes still have to subtract, so memory
// grows with the width and the boxes (a 128th of the picture), and no picture is ever here as a whole.
//
// A sum waits for its own last addition, so every loop has several to go on with: sixteen rows, or columns that have
// nothing to do with one another.
//
// Means come late by half a box, and black rows below the picture push the last ones out. In front of the first row and
// column there are zeros. Adding or subtracting a zero changes no sum, so neither changes a bit.

import { boxAcross, boxAlongPicked, boxDown, DIVIDED, MULTIPLIED } from './box'
import { fetchColumns, fetchRows, fetchScattered, IN_COLUMNS, IN_ROWS, writeSpread } from './fetch'
import { hashOf, qualityOf, transform, turn } from './hash'
import { writeConstants } from './luma'
import * as m from './memory'
import { storeAsRows } from './transpose'

/** How many columns are taken through all passes at a time: what is between the passes stays in the nearest cache. */
const TILE = 64
/** How far a fetch may read before and after the staged bytes. */
const SLACK = 64

let columns = 0
let rows = 0
let layout = 0
let fetch = 0
let columnStep = 0
let rowStep = 0
let boxX = 0
let boxY = 0
/** How many blocks of four columns there are, with those past the picture that its means still need. */
let blocks = 0
/** Rows that have entered, black ones included. */
let entered = 0
/** Rows that have entered the last pass, and cells of the grid that it has filled. */
let picked = 0
let gridRow = 0

// Where `begin` has put what grows with the picture.
let offsets: usize = 0
let staged: usize = 0
let counts: usize = 0
let luma: usize = 0
let means: usize = 0
let blurred: usize = 0
let sums: usize = 0
let ring: usize = 0
let ringPitch: usize = 0
let pickedRing: usize = 0
let pickedSlots = 0
let slots = 0

/**
 * Prepares for a picture of which `stagedBytes` will be staged at a time. Pixels are found by their `fetch` (fetch.ts): in
 * rows, `columnStep` bytes apart, or in columns, `rowStep` bytes apart (1, 3 or 4, or as much backwards), the other step
 * being any; scattered ones where `offsetsAt` and `rowStartsAt` say.
 */
export function begin(
  columnCount: i32,
  rowCount: i32,
  pixelLayout: i32,
  pixelFetch: i32,
  stepOfColumns: i32,
  stepOfRows: i32,
  stagedBytes: i32,
): void {
  columns = columnCount
  rows = rowCount
  layout = pixelLayout
  fetch = pixelFetch
  columnStep = stepOfColumns
  rowStep = stepOfRows
  boxX = (columns + 127) / 128
  boxY = (rows + 127) / 128
  entered = picked = gridRow = 0
  // Four rows enter at a time, and the first four slots are there once more behind the last.
  slots = ((boxY + 3) & ~3) + 4
  ringPitch = <usize>(slots + 4) << 4
  pickedSlots = boxY + 1
  writeConstants()
  writeSpread(fetch == IN_ROWS ? columnStep : rowStep)
  planColumns()
  layOut(stagedBytes)
  writeCounts()
}

/** Columns are counted as they enter a box: half a box later it is the mean of a place, and that enters a second box. */
function planColumns(): void {
  const right = boxX >> 1
  for (let pick = 0; pick < 64; pick++) {
    const place = (((pick << 1) + 1) * columns) / 128
    store<i32>(m.PICK_COLUMNS + (<usize>pick << 2), place + 2 * right)
    store<f32>(m.PICK_COUNTS + (<usize>pick << 2), countAt(place + right, columns, boxX))
  }
  store<i32>(m.PICK_COLUMNS + (64 << 2), i32.MAX_VALUE - 1)
  blocks = (load<i32>(m.PICK_COLUMNS + (63 << 2)) + 4) >> 2
}

function layOut(stagedBytes: i32): void {
  const perColumn = <usize>blocks << 4
  const tile = <usize>(boxX + TILE) << 6
  offsets = m.HEAP
  staged = apartInPage(offsets + perColumn + SLACK)
  const far = fetch == IN_COLUMNS ? 3 * columnStep : 0
  counts = m.aligned(staged + stagedBytes + far + SLACK)
  luma = counts + perColumn
  blurred = luma + tile
  means = blurred + tile
  sums = means + (TILE << 6)
  ring = sums + perColumn
  pickedRing = ring + <usize>blocks * ringPitch
  const end = pickedRing + <usize>pickedSlots * 256
  m.reserve(end)
  // Sums and rings start as zeros.
  memory.fill(sums, 0, end - sums)
  memory.fill(m.PICKED_SUMS, 0, 64 * 4)
}

/**
 * Returns an address in the middle of a page. What is copied here mostly comes from just behind the start of one, and
 * processors copy ten times slower to a place a few bytes further in its page than where the bytes come from.
 */
function apartInPage(at: usize): usize {
  return ((at + 4095) & ~4095) + 2048
}

/** Writes by column how many values are in the first box: before it is in the picture at all, so many that the mean is 0. */
function writeCounts(): void {
  const right = boxX >> 1
  for (let x = 0; x < blocks << 2; x++) {
    store<f32>(counts + (<usize>x << 2), x < right ? f32.POSITIVE_INFINITY : countAt(x, columns, boxX))
    store<u32>(offsets + (<usize>x << 2), 0)
  }
}

/** How many values are in a box when place `at` has entered it, of `length` places. */
function countAt(at: i32, length: i32, box: i32): f32 {
  return <f32>(min(at + 1, length) - max(at + 1 - box, 0))
}

/** Where the caller writes the byte offset of each column's pixel, u32. */
export function offsetsAt(): usize {
  return offsets
}
/** Where the caller writes where each of the sixteen rows of scattered pixels starts in the staged bytes, u32. */
export function rowStartsAt(): usize {
  return m.ROW_STARTS
}
/** Where the caller writes pixels. */
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

/**
 * Takes in the next rows, `live` of them (1 to 16), the first pixel of which is `at` bytes after the staged ones start (if
 * not scattered); after the last come as many black ones as the boxes need.
 */
export function push(live: i32, at: i32): void {
  take(live, staged + at)
  if (entered < rows) return
  memory.fill(means, 0, TILE << 6)
  while (entered < rows + (boxY >> 1)) take(0, 0)
  while (picked < rows + (boxY >> 1)) enterPicked(m.ZERO_ROW)
}

/** Takes sixteen rows through all four passes, tile by tile. */
function take(live: i32, at: usize): void {
  const margin = <usize>boxX << 6
  writeDivisors()
  memory.fill(luma, 0, margin)
  memory.fill(blurred, 0, margin)
  memory.fill(m.ACROSS_SUMS, 0, m.NEXT_PICK + 4 - m.ACROSS_SUMS)
  for (let block = 0; block < blocks; block += TILE >> 2) {
    const count = min(blocks - block, TILE >> 2)
    const bytes = <usize>count << 8
    if (live) {
      fetchTile(luma + margin, at, block, count)
      blacken(luma + margin, block, count, live)
      meansAcross(block << 2, count << 2)
      memory.copy(luma, luma + bytes, margin)
    }
    meansDown(block, count)
    boxAlongPicked(blurred + margin, block << 2, count << 2, margin)
    memory.copy(blurred, blurred + bytes, margin)
  }
  storeAsRows(m.PICKED, 64, m.PICKED_ROWS, 256)
  for (let row = 0; row < 16; row++) {
    const out = entered + row - (boxY >> 1)
    if (out >= 0 && out < rows) enterPicked(m.PICKED_ROWS + (<usize>row << 8))
  }
  entered += 16
}

function fetchTile(to: usize, at: usize, block: i32, count: i32): void {
  const first = at + columnStep * (block << 2)
  for (let quad: usize = 0; quad < 4; quad++) {
    const lane = to + (quad << 4)
    if (fetch == IN_ROWS) {
      const row = first + min(0, 3 * columnStep) + <i32>(quad << 2) * rowStep
      fetchRows(lane, row, rowStep, columnStep, count, layout)
    } else if (fetch == IN_COLUMNS) {
      const column = first + min(0, 3 * rowStep) + <i32>(quad << 2) * rowStep
      fetchColumns(lane, column, columnStep, count, layout)
    } else fetchScattered(lane, staged, m.ROW_STARTS + (quad << 4), offsets + (<usize>block << 4), count, layout)
  }
}

/** Makes what is past the picture black. */
function blacken(tile: usize, block: i32, count: i32, live: i32): void {
  const inside = min(count << 2, columns - (block << 2))
  const end = tile + (<usize>count << 8)
  memory.fill(tile + (<usize>inside << 6), 0, <usize>((count << 2) - inside) << 6)
  for (let row = live; row < 16; row++) {
    for (let at = tile + (<usize>row << 2); at < end; at += 64) store<f32>(at, 0)
  }
}

/** Inside the picture every box has the same count of values. */
function meansAcross(column: i32, count: i32): void {
  const margin = <usize>boxX << 6
  const left = min(max(boxX - 1 - column, 0), count)
  const right = max(min(columns - column, count), left)
  acrossColumns(0, left, column, 0)
  acrossColumns(left, right, column, isPowerOfTwo(boxX) ? 1 / <f32>boxX : 0)
  acrossColumns(right, count, column, 0)
  // This size is hashed without a blur (section 5); `finishPlain` wants the brightness.
  if (rows == 64 && columns == 64) storeAsRows(luma + margin, 64, m.PLAIN_SQUARE + (<usize>entered << 8), 256)
}

function acrossColumns(from: i32, end: i32, column: i32, reciprocal: f32): void {
  const margin = <usize>boxX << 6
  const at = <usize>from << 6
  boxAcross(luma + margin + at, means + at, end - from, margin, reciprocal, counts + (<usize>(column + from) << 2))
}

function meansDown(block: i32, count: i32): void {
  const start = ring + <usize>block * ringPitch
  for (let quad = 0; quad < 4; quad++) {
    const slot = (entered + (quad << 2)) % slots
    const leave = (slot + slots - boxY) % slots
    const lane = <usize>quad << 4
    boxDown(
      means + lane,
      blurred + (<usize>boxX << 6) + lane,
      count,
      sums + (<usize>block << 4),
      start + (<usize>slot << 4),
      slot ? 0 : start + (<usize>slots << 4),
      start + (<usize>leave << 4),
      ringPitch,
      m.DIVISORS + (<usize>quad << 6),
      load<i32>(m.DIVISOR_KINDS + (<usize>quad << 2)),
    )
  }
}

/** Writes what the means down the columns are made with: of four rows, their reciprocals where those are exact. */
function writeDivisors(): void {
  for (let quad = 0; quad < 4; quad++) {
    let kind = MULTIPLIED
    const first = entered + (quad << 2)
    for (let row = first; row < first + 4; row++) {
      if (!isPowerOfTwo(<i32>countAt(row, rows, boxY))) kind = DIVIDED
    }
    store<i32>(m.DIVISOR_KINDS + (<usize>quad << 2), kind)
    for (let row = first; row < first + 4; row++) {
      const count = countAt(row, rows, boxY)
      v128.store(m.DIVISORS + (<usize>(row - entered) << 4), f32x4.splat(kind == MULTIPLIED ? 1 / count : count))
    }
  }
}

function isPowerOfTwo(count: i32): bool {
  return popcnt(count) == 1
}

/** Takes a row of 64 into the last pass, and writes a row of the grid when it is one of the 64 that are picked. */
function enterPicked(row: usize): void {
  const enter = pickedRing + (<usize>(picked % pickedSlots) << 8)
  const leave = pickedRing + (<usize>((picked + pickedSlots - boxY) % pickedSlots) << 8)
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
