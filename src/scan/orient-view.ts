import type { PixelView } from './pixel-view.ts'

/** How EXIF orientations 2 to 8 walk over the stored pixels, in EXIF's words: where row 0 and column 0 are. */
const walks: readonly (Walk | undefined)[] = [
  undefined,
  undefined,
  { isTransposed: false, isFromRight: true, isFromBottom: false },
  { isTransposed: false, isFromRight: true, isFromBottom: true },
  { isTransposed: false, isFromRight: false, isFromBottom: true },
  { isTransposed: true, isFromRight: false, isFromBottom: false },
  { isTransposed: true, isFromRight: false, isFromBottom: true },
  { isTransposed: true, isFromRight: true, isFromBottom: true },
  { isTransposed: true, isFromRight: true, isFromBottom: false },
]

type Walk = { readonly isTransposed: boolean; readonly isFromRight: boolean; readonly isFromBottom: boolean }

/**
 * Returns the same bytes seen as an EXIF orientation says that they are to be shown, without a copy; undefined when the
 * orientation is 1, or none that EXIF knows.
 */
export function orientView(pixels: PixelView, orientation: number): PixelView | undefined {
  const walk = walks[orientation]
  if (!walk) return undefined
  const { width, height, xStep, yStep } = pixels
  const across = walk.isFromRight ? -xStep : xStep
  const down = walk.isFromBottom ? -yStep : yStep
  const right = walk.isFromRight ? (width - 1) * xStep : 0
  const bottom = walk.isFromBottom ? (height - 1) * yStep : 0
  const turned = walk.isTransposed
    ? { width: height, height: width, xStep: down, yStep: across }
    : { xStep: across, yStep: down }
  return { ...pixels, offset: pixels.offset + right + bottom, ...turned }
}
