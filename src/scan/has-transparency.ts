import type { PixelView } from './pixel-view.ts'

const opaque = 255

/** True when the fourth byte of any pixel of an `rgbx` picture is an opacity below 255. */
export function hasTransparency({ data, layout, xStep }: PixelView): boolean {
  if (layout !== 'rgbx') return false
  // Read as words: byte by byte it takes half as long again.
  const words = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const last = data.byteLength - 4
  for (let at = 0; at <= last; at += xStep) if (words.getUint32(at, true) >>> 24 !== opaque) return true
  return false
}
