import type { PdqProfile } from '../model/hash.ts'
import { sampledIndex, sampledSize } from './pdq-luma.ts'
import { bytesPerPixel, type PixelView } from './pixel-view.ts'

/** How the kernel finds pixels in staged bytes; its numbers (`fetch.ts`). */
export const pixelFetches = { scattered: 0, inRows: 1, inColumns: 2 } as const

/** How a picture comes to the kernel: some rows at a time are copied, and of those it looks at eight at a time. */
export type Staging = {
  readonly rows: number
  readonly columns: number
  readonly fetch: (typeof pixelFetches)[keyof typeof pixelFetches]
  /** Bytes from a staged pixel to the next in its row, and in its column. */
  readonly columnStep: number
  readonly rowStep: number
  /** The most bytes that are staged at a time. */
  readonly stagedBytes: number
  /** Writes the distance of every column's pixel from the start of its row, for scattered pixels. */
  writeOffsets(to: Uint32Array): void
  /**
   * Copies `count` rows from `first` on, unless they are there; called with rising rows. Returns where the first pixel of
   * the first is; for scattered pixels it also writes where each row starts.
   */
  stage(to: Uint8Array, rowStarts: Uint32Array, first: number, count: number): number
}

/** How the pixels lie that a profile looks at: those of a picture, or brightness values in their place. */
export type Grid = Pick<PixelView, 'data' | 'width' | 'height' | 'offset' | 'xStep' | 'yStep'> & {
  readonly bytesPerPixel: number
  readonly rows: number
  readonly columns: number
}

/** How many rows the kernel takes at a time. */
export const rowsAtOnce = 16
/** About how much of a picture on its side is staged at a time, in bytes: enough to copy long pieces. */
const stripBytes = 2 ** 20

/** Returns the grid of a profile on a picture. */
export function gridOf(view: PixelView, profile: PdqProfile): Grid {
  return { ...view, bytesPerPixel: bytesPerPixel[view.layout], ...sampledSize(view, profile) }
}

/**
 * Returns how a grid is staged: rows as they lie in memory or, of a picture on its side, pieces of what lies there as rows
 * and is looked at as columns.
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
  return Math.abs(xStep) <= Math.abs(yStep) ? planRows(grid) : planStrips(grid)
}

/** Rows with all that is between the pixels: copying it is cheaper than choosing. */
function planRows(grid: Grid): Staging {
  const { data, width, height, offset, xStep, yStep, rows, columns } = grid
  const reach = (width - 1) * Math.abs(xStep) + grid.bytesPerPixel
  // The first byte of a row in memory, which is its last pixel's when columns run backwards.
  const low = offset + Math.min(0, (width - 1) * xStep)
  // Rows that follow one another without much between them are copied in one piece.
  const isOnePiece = rows === height && yStep >= reach && yStep < reach + 64
  const pitch = isOnePiece ? yStep : reach
  const start = offset - low
  return {
    rows,
    columns,
    fetch: columns === width && areNeighbours(xStep, grid) ? pixelFetches.inRows : pixelFetches.scattered,
    columnStep: xStep,
    rowStep: pitch,
    stagedBytes: pitch * (rowsAtOnce - 1) + reach,
    writeOffsets(to) {
      for (let x = 0; x < columns; x++) to[x] = sampledIndex(x, columns, width) * xStep
    },
    stage(to, rowStarts, first, count) {
      for (let row = 0; row < rowsAtOnce; row++) rowStarts[row] = start + row * pitch
      if (isOnePiece) {
        const from = low + first * yStep
        to.set(data.subarray(from, from + (count - 1) * yStep + reach))
        return start
      }
      for (let row = 0; row < count; row++) {
        const from = low + sampledIndex(first + row, rows, height) * yStep
        to.set(data.subarray(from, from + reach), row * pitch)
      }
      return start
    },
  }
}

/** Columns, cut into pieces: each lies in memory in one piece, so that going down it costs no more than going along a row. */
function planStrips(grid: Grid): Staging {
  const { data, width, height, offset, xStep, yStep, rows, columns } = grid
  const bytesPerRow = (columns * height * Math.abs(yStep)) / rows
  const depth = Math.max(rowsAtOnce, Math.floor(stripBytes / bytesPerRow / rowsAtOnce) * rowsAtOnce)
  const longest = Math.ceil((Math.min(depth, rows) * height) / rows) * Math.abs(yStep) + grid.bytesPerPixel
  // An odd number of cache lines: pieces a power of two apart would drive one another out of the cache.
  const pitch = Math.ceil(longest / 64) * 64 + (Math.ceil(longest / 64) % 2 === 0 ? 64 : 0)
  let low = 0

  function copyStrip(to: Uint8Array, first: number): void {
    const top = sampledIndex(first, rows, height) * yStep
    const bottom = sampledIndex(Math.min(first + depth, rows) - 1, rows, height) * yStep
    low = Math.min(top, bottom)
    const length = Math.abs(bottom - top) + grid.bytesPerPixel
    for (let x = 0; x < columns; x++) {
      const from = offset + low + sampledIndex(x, columns, width) * xStep
      to.set(data.subarray(from, from + length), x * pitch)
    }
  }

  return {
    rows,
    columns,
    fetch: rows === height && areNeighbours(yStep, grid) ? pixelFetches.inColumns : pixelFetches.scattered,
    columnStep: pitch,
    rowStep: yStep,
    stagedBytes: columns * pitch,
    writeOffsets(to) {
      for (let x = 0; x < columns; x++) to[x] = x * pitch
    },
    stage(to, rowStarts, first, count) {
      if (first % depth === 0) copyStrip(to, first)
      for (let row = 0; row < rowsAtOnce; row++) {
        rowStarts[row] = row < count ? sampledIndex(first + row, rows, height) * yStep - low : 0
      }
      return rowStarts[0] as number
    },
  }
}

/** Whether the kernel can take four pixels in one load. */
function areNeighbours(step: number, { bytesPerPixel: bytes }: Grid): boolean {
  const distance = Math.abs(step)
  return distance === 4 || (distance === bytes && (bytes === 1 || bytes === 3))
}
