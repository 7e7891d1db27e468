/** Decoded pixels: rows from the top, columns from the left, `channels` bytes each. */
export type PixelBuffer = {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  /** Brightness; red, green, blue; or those and a fourth that is not looked at. */
  readonly channels: 1 | 3 | 4
}

/** Brightness values, 0 to 255, row by row. The array belongs to the sampler: read it before the next call. */
export type Luma = { readonly luma: Float32Array; readonly rows: number; readonly columns: number }

/** A picture with a side longer than this is sampled to a square of this side. */
const maxSide = 512

/**
 * Returns a function that takes the brightness of a picture as the reference does: nearest pixel, corner-aligned, shape
 * not kept, and only when a side is longer than 512; then `0.299 R + 0.587 G + 0.114 B` in binary32.
 */
export function createLumaSampler(): (pixels: PixelBuffer) => Luma {
  const red = weightTable(0.299)
  const green = weightTable(0.587)
  const blue = weightTable(0.114)
  const luma = new Float32Array(maxSide * maxSide)
  const offsets = new Int32Array(maxSide)

  return ({ data, width, height, channels }) => {
    const isSampled = width > maxSide || height > maxSide
    const rows = isSampled ? maxSide : height
    const columns = isSampled ? maxSide : width
    for (let x = 0; x < columns; x++) offsets[x] = Math.floor((x * width) / columns) * channels
    for (let y = 0; y < rows; y++) {
      const from = Math.floor((y * height) / rows) * width * channels
      const row = luma.subarray(y * columns, (y + 1) * columns)
      if (channels === 1) for (let x = 0; x < columns; x++) row[x] = data[from + offsets[x]!]!
      else weighRow(row, data, from)
    }
    return { luma, rows, columns }
  }

  function weighRow(row: Float32Array, data: Uint8Array, from: number): void {
    for (let x = 0; x < row.length; x++) {
      const at = from + offsets[x]!
      row[x] = Math.fround(red[data[at]!]! + green[data[at + 1]!]!) + blue[data[at + 2]!]!
    }
  }
}

/** The products of a weight with 0 to 255, each rounded to binary32, so that a pixel costs two additions. */
function weightTable(weight: number): Float32Array {
  return Float32Array.from({ length: 256 }, (_, value) => Math.fround(weight) * value)
}
