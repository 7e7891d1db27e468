// Brightness of pixels, 32 bits each (PDQ.md section 3).

import { BLUE, GREEN, HALF_OF_256, MASKS, RED } from './memory'

/** What a pixel's 32 bits are, as the caller of the kernel says it. */
export const GREY = 0
export const RGB = 1
export const CMYK = 2
export const LUMA = 3
export const ON_WHITE = 4
export const ON_BLACK = 5
/** The same as types: whatever is made for one has loops of its own, which ask nothing. */
export type Grey = u8
export type Rgb = u32
export type Cmyk = i32
export type Luma = f32
export type OnWhite = u64
export type OnBlack = i64

/**
 * Writes the constants to memory, for the loops to hold them in registers: a constant written in a loop is made anew by V8
 * in every turn of it, which costs more than the arithmetic (measured: 2.9 against 1.4 ms for 3 megapixels).
 */
export function writeConstants(): void {
  v128.store(HALF_OF_256, i32x4.splat(128))
  v128.store(MASKS, i32x4.splat(0xff))
  v128.store(MASKS, i32x4.splat(0xff00), 16)
  v128.store(MASKS, i32x4.splat(0xff0000), 32)
  // A colour stays where it is in the 32 bits, so that it is 1, 256 or 65536 times itself, and its weight as much smaller:
  // powers of two, which change no rounding and spare the shifts.
  for (let byte = 0; byte < 3; byte++) {
    const times = <f32>(1 << (byte << 3))
    v128.store(RED + (byte << 4), f32x4.splat(<f32>0.299 / times))
    v128.store(GREEN + (byte << 4), f32x4.splat(<f32>0.587 / times))
    v128.store(BLUE + (byte << 4), f32x4.splat(<f32>0.114 / times))
  }
}

/** Returns the brightness of four pixels whose colours are weighted: every sum rounded, in that order. */
@inline
export function sumOf(red: v128, green: v128, blue: v128): v128 {
  return f32x4.add(f32x4.add(red, green), blue)
}

/** Returns what a colour of four pixels, in one byte of each of their 32 bits, adds to their brightness. */
@inline
export function weighted(pixels: v128, mask: v128, weight: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(v128.and(pixels, mask)), weight)
}

/** The same of the colour in the highest byte. */
@inline
export function weightedHighest(pixels: v128, weight: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(pixels, 24)), weight)
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

/** Returns four pixels of colour and opacity as pixels of colour, on white or on black. */
@inline
function rgbOnGround(pixels: v128, mask: v128, isWhite: bool): v128 {
  const alpha = i32x4.shr_u(pixels, 24)
  const red = lightThrough(v128.and(pixels, mask), alpha)
  const green = lightThrough(v128.and(i32x4.shr_u(pixels, 8), mask), alpha)
  const blue = lightThrough(v128.and(i32x4.shr_u(pixels, 16), mask), alpha)
  const onBlack = v128.or(v128.or(red, i32x4.shl(green, 8)), i32x4.shl(blue, 16))
  if (!isWhite) return onBlack
  // What shines through is the same in every colour, and no sum is above 255.
  const white = i32x4.sub(mask, alpha)
  return i32x4.add(onBlack, v128.or(v128.or(white, i32x4.shl(white, 8)), i32x4.shl(white, 16)))
}

/**
 * Returns the brightness of four pixels: for colour `0.299 R + 0.587 G + 0.114 B`, every product and sum rounded, in that
 * order. `r`, `g` and `b` are the weights, `m0` to `m2` the masks.
 */
@inline
export function lumaOf<Layout>(given: v128, r: v128, g: v128, b: v128, m0: v128, m1: v128, m2: v128): v128 {
  if (isFloat<Layout>()) return given
  if (sizeof<Layout>() == 1) return f32x4.convert_i32x4_s(v128.and(given, m0))
  if (sizeof<Layout>() == 8) return colourLumaOf(rgbOnGround(given, m0, !isSigned<Layout>()), r, g, b, m0, m1, m2)
  return colourLumaOf(isSigned<Layout>() ? rgbOfCmyk(given, m0) : given, r, g, b, m0, m1, m2)
}

@inline
function colourLumaOf(pixels: v128, r: v128, g: v128, b: v128, m0: v128, m1: v128, m2: v128): v128 {
  return sumOf(weighted(pixels, m0, r), weighted(pixels, m1, g), weighted(pixels, m2, b))
}
