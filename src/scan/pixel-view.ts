/**
 * What the bytes of a pixel are. `rgbx`: a fourth byte that is not looked at. `rgba-on-white` and `rgba-on-black`: the fourth
 * byte is the opacity over that, as browsers lay it: per channel `colour * alpha + ground * (1 - alpha)`, rounded. `cmyk`:
 * ink, by the naive formula.
 */
export type PixelLayout = 'grey' | 'rgb' | 'rgbx' | 'rgba-on-white' | 'rgba-on-black' | 'cmyk'

/** How many bytes a pixel of each layout has. */
export const bytesPerPixel: Readonly<Record<PixelLayout, number>> = {
  grey: 1,
  rgb: 3,
  rgbx: 4,
  'rgba-on-white': 4,
  'rgba-on-black': 4,
  cmyk: 4,
}

/**
 * A picture in decoded bytes: the pixel in column `x` and row `y` starts at `offset + x * xStep + y * yStep`. Steps may be
 * negative, so that the same bytes can be seen turned or mirrored without a copy.
 */
export type PixelView = {
  readonly data: Uint8Array
  readonly layout: PixelLayout
  /** Pixels, at least 1. */
  readonly width: number
  readonly height: number
  /** Bytes. */
  readonly offset: number
  readonly xStep: number
  readonly yStep: number
}

/**
 * Returns the view of pixels that follow one another row by row, without gaps: what tests and benchmarks hash.
 * @internal
 */
export function viewOfRows(data: Uint8Array, layout: PixelLayout, width: number, height: number): PixelView {
  const xStep = bytesPerPixel[layout]
  return { data, layout, width, height, offset: 0, xStep, yStep: width * xStep }
}
