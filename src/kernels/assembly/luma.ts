// Brightness of octets of pixels (PDQ.md section 3), and in the same loop the first means along the rows (section 5): those
// wait for their own last addition most of the time, and brightness is what there is to do meanwhile.

import { HALF_OF_256, MASKS, SPREAD, WEIGHTS } from './memory'

/** What a pixel's 32 bits are. */
export const GREY = 0
export const RGB = 1
export const CMYK = 2
export const LUMA = 3

/**
 * Writes the constants to memory, for the loops to hold them in registers: a constant written in a loop is made anew by V8
 * in every turn of it, which costs more than the arithmetic (measured: 2.9 against 1.4 ms for 3 megapixels).
 */
export function writeConstants(): void {
  v128.store(SPREAD, i8x16(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1))
  v128.store(HALF_OF_256, i32x4.splat(128))
  v128.store(MASKS, i32x4.splat(0xff))
  v128.store(MASKS, i32x4.splat(0xff00), 16)
  v128.store(MASKS, i32x4.splat(0xff0000), 32)
  // A colour stays where it is in the 32 bits, so that it is 1, 256 or 65536 times itself, and its weight as much smaller:
  // powers of two, which change no rounding and spare the shifts.
  v128.store(WEIGHTS, f32x4.splat(0.299))
  v128.store(WEIGHTS, f32x4.splat(<f32>0.587 / 256), 16)
  v128.store(WEIGHTS, f32x4.splat(<f32>0.114 / 65536), 32)
}

/** `round((255 - ink) * (255 - K) / 255)` by the naive formula; the shifts are that division, exact up to 255 * 255. */
@inline
function lightThrough(ink: v128, light: v128): v128 {
  const rounded = i32x4.add(i32x4.mul(ink, light), v128.load(HALF_OF_256))
  return i32x4.shr_u(i32x4.add(rounded, i32x4.shr_u(rounded, 8)), 8)
}

/** Returns four pixels of ink as pixels of light. */
@inline
function rgbOfCmyk(pixels: v128, mask: v128): v128 {
  // 255 minus every byte, which is each of its bits the other way round.
  const light = v128.not(pixels)
  const black = i32x4.shr_u(light, 24)
  const red = lightThrough(v128.and(light, mask), black)
  const green = lightThrough(v128.and(i32x4.shr_u(light, 8), mask), black)
  const blue = lightThrough(v128.and(i32x4.shr_u(light, 16), mask), black)
  return v128.or(v128.or(red, i32x4.shl(green, 8)), i32x4.shl(blue, 16))
}

/** Brightness of four pixels: for colour `0.299 R + 0.587 G + 0.114 B`, every product and sum rounded, in that order. */
@inline
function lumaOf(given: v128, layout: i32, r: v128, g: v128, b: v128, m0: v128, m1: v128, m2: v128): v128 {
  if (layout == LUMA) return given
  if (layout == GREY) return f32x4.convert_i32x4_s(v128.and(given, m0))
  const pixels = layout == CMYK ? rgbOfCmyk(given, m0) : given
  const red = f32x4.mul(f32x4.convert_i32x4_s(v128.and(pixels, m0)), r)
  const green = f32x4.mul(f32x4.convert_i32x4_s(v128.and(pixels, m1)), g)
  const blue = f32x4.mul(f32x4.convert_i32x4_s(v128.and(pixels, m2)), b)
  return f32x4.add(f32x4.add(red, green), blue)
}

/**
 * Turns `octets` of pixels into brightness, in place, and writes the means along the rows. There are `box` zero octets
 * before `octets` and room for `box >> 1` octets before `to`: the first sums are of boxes that are not in the picture yet.
 * The order of a sum is the reference's: add the value that enters, subtract the one that leaves, divide by the count.
 */
@inline
function slide(octets: usize, to: usize, columns: i32, box: i32, counts: usize, layout: i32): void {
  const r = v128.load(WEIGHTS)
  const g = v128.load(WEIGHTS, 16)
  const b = v128.load(WEIGHTS, 32)
  const m0 = v128.load(MASKS)
  const m1 = v128.load(MASKS, 16)
  const m2 = v128.load(MASKS, 32)
  const behind = <usize>box << 5
  const late = <usize>(box >> 1)
  to -= late << 5
  let upperSum = v128.load(octets - behind) // zeros
  let lowerSum = upperSum
  let end = octets + (<usize>columns << 5)
  while (octets < end) {
    const upper = lumaOf(v128.load(octets), layout, r, g, b, m0, m1, m2)
    const lower = lumaOf(v128.load(octets, 16), layout, r, g, b, m0, m1, m2)
    v128.store(octets, upper)
    v128.store(octets, lower, 16)
    const leave = octets - behind
    upperSum = f32x4.sub(f32x4.add(upperSum, upper), v128.load(leave))
    lowerSum = f32x4.sub(f32x4.add(lowerSum, lower), v128.load(leave, 16))
    const count = v128.load32_splat(counts)
    v128.store(to, f32x4.div(upperSum, count))
    v128.store(to, f32x4.div(lowerSum, count), 16)
    octets += 32
    to += 32
    counts += 4
  }
  // The boxes that reach beyond the last column.
  end = octets + (late << 5)
  while (octets < end) {
    const leave = octets - behind
    upperSum = f32x4.sub(upperSum, v128.load(leave))
    lowerSum = f32x4.sub(lowerSum, v128.load(leave, 16))
    const count = v128.load32_splat(counts)
    v128.store(to, f32x4.div(upperSum, count))
    v128.store(to, f32x4.div(lowerSum, count), 16)
    octets += 32
    to += 32
    counts += 4
  }
}

/** As `slide` says; one loop for each layout, so that none asks within. */
export function lumaAcross(octets: usize, to: usize, columns: i32, box: i32, counts: usize, layout: i32): void {
  if (layout == RGB) slide(octets, to, columns, box, counts, RGB)
  else if (layout == GREY) slide(octets, to, columns, box, counts, GREY)
  else if (layout == CMYK) slide(octets, to, columns, box, counts, CMYK)
  else slide(octets, to, columns, box, counts, LUMA)
}
