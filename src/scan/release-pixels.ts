import type { PixelView } from './pixel-view.ts'

/**
 * Gives the memory of decoded pixels back at once; no view of them can be read after that. Left to the collector, the
 * pixels of two or three images lie about at any time. Bytes that share their buffer with others are left alone.
 */
export function releasePixels({ data }: PixelView): void {
  const { buffer, byteLength } = data
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0)
}
