import { describe, expect, it } from 'vitest'
import type { ImageVariant } from '../model/hash.ts'
import type { HashPlan } from '../model/hash-plan.ts'
import { looksAt } from './looks.ts'
import { orientView } from './orient-view.ts'
import { lumaOf } from './pdq-luma.ts'
import { type PixelView, viewOfRows } from './pixel-view.ts'

const everything: HashPlan = {
  profiles: ['reference-512'],
  isOriented: true,
  isFlattened: true,
  frames: 1,
  isTurned: true,
  hasSha1: false,
}

/** The letter F, which no turn leaves as it is. */
const letter = ['###', '#..', '##.', '#..', '#..']

describe('orientView', () => {
  // Exif 2.32, 4.6.4 A: which edges of what is shown the stored first row and first column are.
  const shown: [number, readonly string[]][] = [
    [2, ['###', '..#', '.##', '..#', '..#']],
    [3, ['..#', '..#', '.##', '..#', '###']],
    [4, ['#..', '#..', '##.', '#..', '###']],
    [5, ['#####', '#.#..', '#....']],
    [6, ['#####', '..#.#', '....#']],
    [7, ['....#', '..#.#', '#####']],
    [8, ['#....', '#.#..', '#####']],
  ]
  it.each(shown)('shows orientation %i as viewers do', (orientation, rows) => {
    const view = orientView(viewOfRows(pixelsOf(letter), 'grey', 3, 5), orientation)
    expect(view && drawn(view)).toEqual(rows)
  })

  it.each([-1, 0, 1, 9, 1.5, Number.NaN])('has no other view for %d', (orientation) => {
    expect(orientView(viewOfRows(pixelsOf(letter), 'grey', 3, 5), orientation)).toBeUndefined()
  })

  it('turns a view that is turned already', () => {
    const once = orientView(viewOfRows(pixelsOf(letter), 'grey', 3, 5), 6)
    expect(once && drawn(orientView(once, 8)!)).toEqual(letter)
  })
})

describe('looksAt', () => {
  it('lays each pixel on white and on black, rounded, and leaves the original as it was decoded', () => {
    for (let alpha = 0; alpha <= 255; alpha++) {
      const data = Uint8Array.from(
        { length: 256 * 4 },
        (_, at) => [at >> 2, 255 - (at >> 2), 7, alpha][at % 4]!,
      )
      const seen = new Map<ImageVariant, Float32Array>()
      for (const { variant, pixels } of looksAt(viewOfRows(data, 'rgbx', 16, 16), 1, everything))
        seen.set(variant, lumaOf(pixels, 'full-resolution').luma)
      expect([...seen.keys()]).toEqual(alpha === 255 ? ['original'] : ['original', 'on-white', 'on-black'])
      expect(seen.get('original')).toEqual(lumaOfColours(data, (colour) => colour))
      if (alpha === 255) continue
      const onBlack = lumaOfColours(data, (colour) => Math.round((colour * alpha) / 255))
      const onWhite = lumaOfColours(data, (colour) =>
        Math.round((colour * alpha + 255 * (255 - alpha)) / 255),
      )
      expect(seen.get('on-black')).toEqual(onBlack)
      expect(seen.get('on-white')).toEqual(onWhite)
    }
  })

  it('sees each pixel by its own opacity, and changes none of the bytes', () => {
    const data = Uint8Array.from([10, 20, 30, 255, 10, 20, 30, 0])
    const seen = [...looksAt(viewOfRows(data, 'rgbx', 2, 1), 3, everything)]
    expect(seen.map(({ variant }) => variant)).toEqual(['original', 'oriented', 'on-white', 'on-black'])
    const [original, , onWhite, onBlack] = seen.map(({ pixels }) => [
      ...lumaOf(pixels, 'full-resolution').luma,
    ])
    expect(onWhite).toEqual([original?.[0], 255])
    expect(onBlack).toEqual([original?.[0], 0])
    expect([...data]).toEqual([10, 20, 30, 255, 10, 20, 30, 0])
  })

  it('does not take the fourth ink of CMYK for opacity', () => {
    const view = viewOfRows(new Uint8Array(16), 'cmyk', 2, 2)
    expect([...looksAt(view, 1, everything)].map(({ variant }) => variant)).toEqual(['original'])
  })
})

/** Rows of brightness: 1 for `#`. */
function pixelsOf(rows: readonly string[]): Uint8Array {
  return Uint8Array.from(rows.join(''), (mark) => (mark === '#' ? 1 : 0))
}

/** Reads a view back, pixel by pixel. */
function drawn({ data, width, height, offset, xStep, yStep }: PixelView): readonly string[] {
  const mark = (x: number, y: number): string => (data[offset + x * xStep + y * yStep] === 1 ? '#' : '.')
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => mark(x, y)).join(''),
  )
}

/** The brightness of a square of pixels, each colour changed beforehand. */
function lumaOfColours(data: Uint8Array, change: (colour: number) => number): Float32Array {
  return lumaOf(viewOfRows(data.map(change), 'rgbx', 16, 16), 'full-resolution').luma
}
