/** How many frames of an animation are looked at, at most; later ones are as if they were not there. */
export const maxAnimationFrames = 1_000
/**
 * How many pixels may be decoded for the frames after the first, at most. A frame is made from all before it, at 4 ns
 * (GIF) or 14 ns (WebP) per pixel and frame, so that this is 1.4 seconds.
 */
const maxDecodedPixels = 100_000_000

/**
 * Returns the numbers of at most `count` frames, spread evenly over an animation of `frames` frames of `pixels` pixels,
 * counted from 1; the first is 1. Where they would cost more than the limit they are spread over its beginning instead.
 */
export function pickFrames(frames: number, pixels: number, count: number): readonly number[] {
  const affordable = Math.floor(maxDecodedPixels / pixels)
  let last = Math.min(frames, maxAnimationFrames)
  let picked = spread(last, count)
  while (picked.slice(1).reduce((sum, frame) => sum + frame, 0) > affordable) {
    last = Math.floor(last * 0.9)
    picked = spread(last, count)
  }
  return picked
}

/** At most `count` whole numbers from 1, in equal steps below `last + 1`, each once. */
function spread(last: number, count: number): readonly number[] {
  const picks = Math.max(1, Math.min(last, count))
  return Array.from({ length: picks }, (_, index) => 1 + Math.floor((index * last) / picks))
}
