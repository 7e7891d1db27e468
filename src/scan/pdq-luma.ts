import type { PdqProfile } from '../model/hash.ts'
import type { PixelLayout, PixelView } from './pixel-view.ts'

/** Brightness values, 0 to 255, row by row. */
export type Luma = { readonly luma: Float32Array; readonly rows: number; readonly columns: number }

/** In `reference-512`, a picture with a side longer than this is sampled to a square of this side. */
export const maxSide = 512

/** Returns how many rows and columns of a picture a profile looks at. */
export function sampledSize(
  { width, height }: PixelView,
  profile: PdqProfile,
): { rows: number; columns: number } {
  const isSampled = profile === 'reference-512' && (width > maxSide || height > maxSide)
  return isSampled ? { rows: maxSide, columns: maxSide } : { rows: height, columns: width }
}

/** Returns the index of the pixel that stands for cell `at` of `count`: the nearest, corner-aligned (`PDQ.md` section 2). */
export function sampledIndex(at: number, count: number, length: number): number {
  return Math.floor((at * length) / count)
}

/** Returns the brightness of what a profile looks at. */
export function lumaOf(view: PixelView, profile: PdqProfile): Luma {
  const { data, width, height, offset, xStep, yStep } = view
  const { rows, columns } = sampledSize(view, profile)
  const lumaAt = lumaOfPixel[view.layout]
  const luma = new Float32Array(rows * columns)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = sampledIndex(column, columns, width)
      const y = sampledIndex(row, rows, height)
      luma[row * columns + column] = lumaAt(data, offset + x * xStep + y * yStep)
    }
  }
  return { luma, rows, columns }
}

const lumaOfPixel: Readonly<Record<PixelLayout, (data: Uint8Array, at: number) => number>> = {
  grey: (data, at) => data[at]!,
  rgb: (data, at) => lumaOfRgb(data[at]!, data[at + 1]!, data[at + 2]!),
  rgbx: (data, at) => lumaOfRgb(data[at]!, data[at + 1]!, data[at + 2]!),
  'rgba-on-white': (data, at) => lumaOnGround(data, at, 255),
  'rgba-on-black': (data, at) => lumaOnGround(data, at, 0),
  cmyk: (data, at) => {
    const light = 255 - data[at + 3]!
    const [red, green, blue] = [0, 1, 2].map((ink) => Math.round(((255 - data[at + ink]!) * light) / 255))
    return lumaOfRgb(red!, green!, blue!)
  },
}

function lumaOnGround(data: Uint8Array, at: number, ground: number): number {
  const alpha = data[at + 3]!
  const [red, green, blue] = [0, 1, 2].map((channel) => {
    return Math.round((data[at + channel]! * alpha + ground * (255 - alpha)) / 255)
  })
  return lumaOfRgb(red!, green!, blue!)
}

/** `0.299 R + 0.587 G + 0.114 B`, each weight, product and sum rounded to binary32 (`PDQ.md` section 3). */
function lumaOfRgb(red: number, green: number, blue: number): number {
  const f32 = Math.fround
  const weighted = f32(f32(f32(0.299) * red) + f32(f32(0.587) * green))
  return f32(weighted + f32(f32(0.114) * blue))
}
