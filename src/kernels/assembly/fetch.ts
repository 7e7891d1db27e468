// From staged bytes to the brightness of a tile: columns of a band. Where a pixel is scattered, the bytes of the next one
// may be among its 32 bits. Whole blocks of four columns are taken, so up to three columns past the last are read too.

import { CMYK, Cmyk, GREY, Grey, Luma, lumaOf, ON_BLACK, ON_WHITE, OnBlack, OnWhite, RGB, Rgb } from './luma'
import { sumOf, weighted, weightedHighest } from './luma'
import { BLUE, GREEN, MASKS, RED, SPREAD } from './memory'
import { firstHalves, highPairs, lowPairs, secondHalves } from './transpose'

/** How staged pixels lie. */
export const SCATTERED = 0
export const IN_ROWS = 1
export const IN_COLUMNS = 2

/** Writes how the bytes of four neighbours, `step` bytes apart (1, 3 or 4, or as much backwards), become 32 bits each. */
export function writeSpread(step: i32): void {
  const width = abs(step)
  for (let at = 0; at < 16; at++) {
    const pixel = step < 0 ? 3 - (at >> 2) : at >> 2
    store<u8>(SPREAD + at, (at & 3) < width ? pixel * width + (at & 3) : 255)
  }
}

/** Writes four rows of pixels anywhere: `starts` say where the rows are after `base`, `offsets` where the columns in them. */
function scattered<Layout>(to: usize, base: usize, starts: usize, offsets: usize, blocks: i32): void {
  const r = v128.load(RED)
  const g = v128.load(GREEN, 16)
  const b = v128.load(BLUE, 32)
  const m0 = v128.load(MASKS)
  const m1 = v128.load(MASKS, 16)
  const m2 = v128.load(MASKS, 32)
  const r0 = base + load<u32>(starts)
  const r1 = base + load<u32>(starts, 4)
  const r2 = base + load<u32>(starts, 8)
  const r3 = base + load<u32>(starts, 12)
  const end = to + (<usize>blocks << 8)
  while (to < end) {
    const x = load<u32>(offsets)
    let four = v128.load32_zero(r0 + x)
    four = v128.load_lane<u32>(r1 + x, four, 1)
    four = v128.load_lane<u32>(r2 + x, four, 2)
    four = v128.load_lane<u32>(r3 + x, four, 3)
    v128.store(to, lumaOf<Layout>(four, r, g, b, m0, m1, m2))
    to += 64
    offsets += 4
  }
}

/** Writes four rows of neighbours: four of a row in one load, the first of them at `row`. */
function inRows<Layout>(to: usize, row: usize, pitch: usize, step: i32, blocks: i32): void {
  const r = v128.load(RED)
  const g = v128.load(GREEN, 16)
  const b = v128.load(BLUE, 32)
  const m0 = v128.load(MASKS)
  const m1 = v128.load(MASKS, 16)
  const m2 = v128.load(MASKS, 32)
  const spread = v128.load(SPREAD)
  let row2 = row + 2 * pitch
  const end = to + (<usize>blocks << 8)
  while (to < end) {
    const r0 = v128.swizzle(v128.load(row), spread)
    const r1 = v128.swizzle(v128.load(row + pitch), spread)
    const r2 = v128.swizzle(v128.load(row2), spread)
    const r3 = v128.swizzle(v128.load(row2 + pitch), spread)
    row += step << 2
    row2 += step << 2
    const low01 = lowPairs(r0, r1)
    const low23 = lowPairs(r2, r3)
    v128.store(to, lumaOf<Layout>(firstHalves(low01, low23), r, g, b, m0, m1, m2))
    v128.store(to, lumaOf<Layout>(secondHalves(low01, low23), r, g, b, m0, m1, m2), 64)
    const high01 = highPairs(r0, r1)
    const high23 = highPairs(r2, r3)
    v128.store(to, lumaOf<Layout>(firstHalves(high01, high23), r, g, b, m0, m1, m2), 128)
    v128.store(to, lumaOf<Layout>(secondHalves(high01, high23), r, g, b, m0, m1, m2), 192)
    to += 256
  }
}

/**
 * The same for colours of three bytes, as most decoders give them: the three words that four of those take up are used as
 * they lie, each colour with the mask and the weight of the byte that it is in.
 */
function inRowsOfThree(to: usize, row: usize, pitch: usize, blocks: i32): void {
  const m0 = v128.load(MASKS)
  const m1 = v128.load(MASKS, 16)
  const m2 = v128.load(MASKS, 32)
  let row2 = row + 2 * pitch
  const end = to + (<usize>blocks << 8)
  while (to < end) {
    const r0 = v128.load(row)
    const r1 = v128.load(row + pitch)
    const r2 = v128.load(row2)
    const r3 = v128.load(row2 + pitch)
    row += 12
    row2 += 12
    const low01 = lowPairs(r0, r1)
    const low23 = lowPairs(r2, r3)
    // Red, green, blue and red; green, blue, red and green; blue, red, green and blue.
    const rgbr = firstHalves(low01, low23)
    const gbrg = secondHalves(low01, low23)
    const brgb = firstHalves(highPairs(r0, r1), highPairs(r2, r3))
    const first = weighted(rgbr, m0, v128.load(RED))
    const second = weightedHighest(rgbr, v128.load(RED))
    const third = weighted(gbrg, m2, v128.load(RED, 32))
    const fourth = weighted(brgb, m1, v128.load(RED, 16))
    v128.store(to, sumOf(first, weighted(rgbr, m1, v128.load(GREEN, 16)), weighted(rgbr, m2, v128.load(BLUE, 32))))
    v128.store(to, sumOf(second, weighted(gbrg, m0, v128.load(GREEN)), weighted(gbrg, m1, v128.load(BLUE, 16))), 64)
    v128.store(to, sumOf(third, weightedHighest(gbrg, v128.load(GREEN)), weighted(brgb, m0, v128.load(BLUE))), 128)
    v128.store(to, sumOf(fourth, weighted(brgb, m2, v128.load(GREEN, 32)), weightedHighest(brgb, v128.load(BLUE))), 192)
    to += 256
  }
}

/** Writes four rows of what are neighbours in their columns: four of a column in one load, the first of them at `column`. */
function inColumns<Layout>(to: usize, column: usize, pitch: usize, blocks: i32): void {
  const r = v128.load(RED)
  const g = v128.load(GREEN, 16)
  const b = v128.load(BLUE, 32)
  const m0 = v128.load(MASKS)
  const m1 = v128.load(MASKS, 16)
  const m2 = v128.load(MASKS, 32)
  const spread = v128.load(SPREAD)
  const end = to + (<usize>blocks << 8)
  while (to < end) {
    v128.store(to, lumaOf<Layout>(v128.swizzle(v128.load(column), spread), r, g, b, m0, m1, m2))
    column += pitch
    to += 64
  }
}

// One loop for each layout, so that none asks within. `to` is the first of the four rows in the tile.

export function fetchScattered(to: usize, base: usize, starts: usize, offsets: usize, blocks: i32, layout: i32): void {
  if (layout == RGB) scattered<Rgb>(to, base, starts, offsets, blocks)
  else if (layout == GREY) scattered<Grey>(to, base, starts, offsets, blocks)
  else if (layout == CMYK) scattered<Cmyk>(to, base, starts, offsets, blocks)
  else if (layout == ON_WHITE) scattered<OnWhite>(to, base, starts, offsets, blocks)
  else if (layout == ON_BLACK) scattered<OnBlack>(to, base, starts, offsets, blocks)
  else scattered<Luma>(to, base, starts, offsets, blocks)
}

export function fetchRows(to: usize, row: usize, pitch: usize, step: i32, blocks: i32, layout: i32): void {
  if (layout == RGB && step == 3) inRowsOfThree(to, row, pitch, blocks)
  else if (layout == RGB) inRows<Rgb>(to, row, pitch, step, blocks)
  else if (layout == GREY) inRows<Grey>(to, row, pitch, step, blocks)
  else if (layout == CMYK) inRows<Cmyk>(to, row, pitch, step, blocks)
  else if (layout == ON_WHITE) inRows<OnWhite>(to, row, pitch, step, blocks)
  else if (layout == ON_BLACK) inRows<OnBlack>(to, row, pitch, step, blocks)
  else inRows<Luma>(to, row, pitch, step, blocks)
}

export function fetchColumns(to: usize, column: usize, pitch: usize, blocks: i32, layout: i32): void {
  if (layout == RGB) inColumns<Rgb>(to, column, pitch, blocks)
  else if (layout == GREY) inColumns<Grey>(to, column, pitch, blocks)
  else if (layout == CMYK) inColumns<Cmyk>(to, column, pitch, blocks)
  else if (layout == ON_WHITE) inColumns<OnWhite>(to, column, pitch, blocks)
  else if (layout == ON_BLACK) inColumns<OnBlack>(to, column, pitch, blocks)
  else inColumns<Luma>(to, column, pitch, blocks)
}
