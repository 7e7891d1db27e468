import type { PdqProfile } from '../model/hash.ts'
import { sampledIndex, sampledSize } from './pdq-luma.ts'
import { bytesPerPixel, type PixelView } from './pixel-view.ts'

/** How the kernel will find the pixels of eight rows in the bytes that `stage` copies. */
export type Staging = {
  readonly rows: number
  readonly columns: number
  /** 3 or 4 where every pixel is that many bytes after the one before; 0 where the offsets say where they are. */
  readonly neighbourStep: number
  /** Bytes from a staged row to the next. */
  readonly pitch: number
  /** The greatest distance of a byte of a pixel from the start of its row, and one. */
  readonly reach: number
  /** Writes the distance of every column's pixel from the start of its row. */
  writeOffsets(to: Uint32Array): void
  /** Copies `count` rows from `first` on. */
  stage(to: Uint8Array, first: number, count: number): void
}

/** How the pixels lie that a profile looks at: those of a picture, or brightness values in their place. */
export type Grid = Pick<PixelView, 'data' | 'width' | 'height' | 'offset' | 'xStep' | 'yStep'> & {
  readonly bytesPerPixel: number
  readonly rows: number
  readonly columns: number
}

/** How many rows the kernel takes at a time. */
export const rowsAtOnce = 8
/** Pixels further apart than this are copied one by one, nearer ones with what is between them. */
const maxSpanStep = 8

/** Returns the grid of a profile on a picture. */
export function gridOf(view: PixelView, profile: PdqProfile): Grid {
  return { ...view, bytesPerPixel: bytesPerPixel[view.layout], ...sampledSize(view, profile) }
}

/**
 * Returns how a grid is staged: rows of neighbours as they are, anything else (a picture on its side) pixel by pixel.
 * @throws {RangeError} when pixels lie outside the bytes: a copy would be cut short, and old rows be hashed instead.
 */
export function planStaging(grid: Grid): Staging {
  const { data, width, height, offset, xStep, yStep } = grid
  const across = (width - 1) * xStep
  const down = (height - 1) * yStep
  const first = offset + Math.min(0, across) + Math.min(0, down)
  const end = offset + Math.max(0, across) + Math.max(0, down) + grid.bytesPerPixel
  if (first < 0 || end > data.length) {
    throw new RangeError(`Expected pixels within ${data.length} bytes but they are at ${first} to ${end}`)
  }
  return Math.abs(grid.xStep) <= maxSpanStep ? planSpans(grid) : planPixels(grid)
}

/** Rows as they lie in memory, with the pixels between the sampled ones: copying them all is cheaper than choosing. */
function planSpans(grid: Grid): Staging {
  const { data, width, height, offset, xStep, yStep, rows, columns } = grid
  const reach = (width - 1) * Math.abs(xStep) + grid.bytesPerPixel
  // The first byte of a row in memory, which is its last pixel's when columns run backwards.
  const low = offset + Math.min(0, (width - 1) * xStep)
  // Rows that follow one another without much between them are copied in one piece.
  const isOnePiece = rows === height && yStep >= reach && yStep < reach + 64
  const pitch = isOnePiece ? yStep : reach
  return {
    rows,
    columns,
    neighbourStep: columns === width && isNeighbourStep(xStep) ? xStep : 0,
    pitch,
    reach,
    writeOffsets(to) {
      const start = offset - low
      for (let x = 0; x < columns; x++) to[x] = start + sampledIndex(x, columns, width) * xStep
    },
    stage(to, first, count) {
      if (isOnePiece) {
        const from = low + first * yStep
        to.set(data.subarray(from, from + (count - 1) * yStep + reach))
        return
      }
      for (let row = 0; row < count; row++) {
        const from = low + sampledIndex(first + row, rows, height) * yStep
        to.set(data.subarray(from, from + reach), row * pitch)
      }
    },
  }
}

/** Only the pixels that are looked at, in 32 bits each and column by column: here the pixels of a column are neighbours. */
function planPixels(grid: Grid): Staging {
  const { data, width, height, offset, xStep, yStep, rows, columns } = grid
  const across = Int32Array.from({ length: columns }, (_, x) => sampledIndex(x, columns, width) * xStep)
  const down = new Int32Array(rowsAtOnce)
  const readPixel = readPixelOf[grid.bytesPerPixel]!
  return {
    rows,
    columns,
    neighbourStep: 0,
    pitch: 4,
    reach: (columns - 1) * rowsAtOnce * 4 + 4,
    writeOffsets(to) {
      for (let x = 0; x < columns; x++) to[x] = x * rowsAtOnce * 4
    },
    stage(to, first, count) {
      const pixels = new Uint32Array(to.buffer, to.byteOffset, columns * rowsAtOnce)
      for (let row = 0; row < count; row++) {
        down[row] = offset + sampledIndex(first + row, rows, height) * yStep
      }
      for (let x = 0; x < columns; x++) {
        const column = across[x]!
        for (let row = 0; row < count; row++) {
          pixels[x * rowsAtOnce + row] = readPixel(data, column + down[row]!)
        }
      }
    },
  }
}

/** Reads a pixel of so many bytes, first byte lowest. */
const readPixelOf: Readonly<Record<number, (data: Uint8Array, at: number) => number>> = {
  1: (data, at) => data[at]!,
  3: (data, at) => data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16),
  4: (data, at) => data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24),
}

function isNeighbourStep(step: number): boolean {
  return step === 3 || step === 4
}
