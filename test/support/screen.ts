import type { PictureSize } from './images.ts'

type Rgb = readonly [number, number, number]
type Area = { readonly left: number; readonly top: number; readonly width: number; readonly height: number }

const glyph = { width: 7, height: 11, gap: 2, line: 20 } as const

/**
 * Draws what a screen shows, as RGB bytes row by row: a bar, panels with lines of something like text, and a picture made of
 * a slope of colour. Flat and sharp where a photograph is neither. The same seed and size give the same pixels.
 */
export function drawScreen(seed: number, { width, height }: PictureSize): Buffer {
  const random = seededRandom(seed)
  const isDark = random() < 0.5
  const [paper, ink]: [Rgb, Rgb] = isDark
    ? [
        [24, 26, 33],
        [218, 220, 228],
      ]
    : [
        [250, 250, 252],
        [30, 32, 38],
      ]
  const pixels = Buffer.alloc(width * height * 3, Uint8Array.from(paper))
  const paint = ({ left, top, width: across, height: down }: Area, colourAt: (x: number) => Rgb): void => {
    for (let x = Math.max(0, left); x < Math.min(width, left + across); x++) {
      const [red, green, blue] = colourAt(x - left)
      for (let y = Math.max(0, top); y < Math.min(height, top + down); y++) {
        const at = (y * width + x) * 3
        pixels[at] = red
        pixels[at + 1] = green
        pixels[at + 2] = blue
      }
    }
  }
  const bar: Rgb = [random() < 0.5 ? 40 : 60, 90, 200]
  paint({ left: 0, top: 0, width, height: 56 }, () => bar)
  for (let top = 80; top < height; top += 260) {
    const picture = { left: 40, top, width: 220, height: 200 }
    const [red, green] = [random() * 255, random() * 255]
    paint(picture, (x) => [red, green, x])
    const end = width - 60 - Math.floor(random() * width * 0.3)
    for (let line = top; line < top + 200; line += glyph.line) {
      for (let left = 290; left < end; left += glyph.width + glyph.gap) {
        if (random() < 0.16) continue
        drawGlyph({ left, top: line, width: glyph.width, height: glyph.height }, random, (area) =>
          paint(area, () => ink),
        )
      }
    }
  }
  return pixels
}

/** A few strokes, of which no two signs have the same. */
function drawGlyph(area: Area, random: () => number, paint: (area: Area) => void): void {
  const { left, top, width, height } = area
  paint({ left: left + Math.floor(random() * (width - 1)), top, width: 2, height })
  for (const at of [0, 5, 10]) if (random() < 0.5) paint({ left, top: top + at, width, height: 1 })
}

/** A seeded source of numbers from 0 up to 1. */
function seededRandom(seed: number): () => number {
  let state = (seed + 1) >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}
