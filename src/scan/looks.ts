/*
 * Which looks at one decoded picture are hashed, beside the later frames of an animation (`pick-frames.ts`) and the
 * seven turns (`PdqResult.turned`). What each adds to decoding and hashing the original, in milliseconds: the lowest of
 * 25 to 40 runs (of 6 to 12 for animations), on two cores that others kept busy, so that a third more or less means nothing.
 *
 *   look                       measured on                     reference-512   full-resolution   both
 *   none but the original      JPEG 1600 x 1004                       8               9            10
 *   oriented, upside down      the same, orientation 3           + 0.4           + 2.5         + 2.6
 *   oriented, on its side      the same, orientation 6           + 0.4           + 2.8         + 3.6
 *   on-white, on-black         PNG 1000 x 750 with opacity         + 1           + 1.6         + 3.5
 *   none, all being opaque     the same, opaque                    less than what runs differ by
 *   4 later frames             GIF 480 x 270, 20 frames           + 63            + 42          + 68
 *   19 later frames            the same                          + 204           + 139         + 145
 *   4 later frames             WebP 480 x 270, 20 frames          + 86            + 85          + 85
 *   the seven turns            JPEG 1600 x 1004                    less than what runs differ by
 */
import type { ImageVariant } from '../model/hash.ts'
import type { HashPlan } from '../model/hash-plan.ts'
import { hasTransparency } from './has-transparency.ts'
import { orientView } from './orient-view.ts'
import type { PixelView } from './pixel-view.ts'

/** One way to see a picture. */
type Look = { readonly variant: ImageVariant; readonly pixels: PixelView }

/** Yields the looks that a plan asks for at the first frame, the original first. All are views of the same bytes. */
export function* looksAt(pixels: PixelView, orientation: number, plan: HashPlan): Generator<Look> {
  yield { variant: 'original', pixels }
  const oriented = plan.isOriented ? orientView(pixels, orientation) : undefined
  if (oriented) yield { variant: 'oriented', pixels: oriented }
  if (!plan.isFlattened || !hasTransparency(pixels)) return
  yield { variant: 'on-white', pixels: { ...pixels, layout: 'rgba-on-white' } }
  yield { variant: 'on-black', pixels: { ...pixels, layout: 'rgba-on-black' } }
}
