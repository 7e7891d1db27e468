import type { PixelView } from './pixel-view.ts'

/** Where the opacity of a pixel is, in bytes after its start: 255 is opaque. */
const alphaAt = 3
const opaque = 255

/** True when the fourth byte of any pixel of an `rgbx` picture is an opacity below 255. */
export function hasTransparency(pixels: PixelView): boolean {
  const { data, xStep } = pixels
  if (pixels.layout !== 'rgbx') return false
  for (let at = alphaAt; at < data.length; at += xStep) if (data[at] !== opaque) return true
  return false
}

/**
 * Lays an `rgbx` picture on white, as browsers do: per channel `colour * alpha + white * (1 - alpha)`, rounded. The bytes
 * are changed in place, since a copy would be the largest part of a scan's memory; the opacities stay.
 */
export function layOnWhite({ data, xStep }: PixelView): void {
  // Channel by channel in so many words: a loop over them takes twice as long.
  for (let at = 0; at + alphaAt < data.length; at += xStep) {
    const alpha = data[at + alphaAt]!
    if (alpha === opaque) continue
    const white = opaque - alpha
    data[at] = divideBy255(data[at]! * alpha) + white
    data[at + 1] = divideBy255(data[at + 1]! * alpha) + white
    data[at + 2] = divideBy255(data[at + 2]! * alpha) + white
  }
}

/** Takes the white of `layOnWhite` out again in place, which leaves the picture on black, to the bit. */
export function turnWhiteToBlack({ data, xStep }: PixelView): void {
  for (let at = 0; at + alphaAt < data.length; at += xStep) {
    const white = opaque - data[at + alphaAt]!
    if (white === 0) continue
    data[at]! -= white
    data[at + 1]! -= white
    data[at + 2]! -= white
  }
}

/** Divides 0 to 65,025 by 255, rounded to the nearest, without a division. */
function divideBy255(product: number): number {
  const rounded = product + 128
  return (rounded + (rounded >> 8)) >> 8
}
