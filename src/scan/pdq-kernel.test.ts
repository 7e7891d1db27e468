import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PdqProfile, pdqProfiles } from '../model/hash.ts'
import { createPdqReference } from './pdq.ts'
import type { PdqResult } from './pdq-hasher.ts'
import { createPdqKernel } from './pdq-kernel.ts'
import { bytesPerPixel, type PixelLayout, type PixelView } from './pixel-view.ts'

const layouts = Object.keys(bytesPerPixel) as PixelLayout[]
const textures = ['flat', 'noise', 'few values', 'ramp'] as const

/** Sides from 1 to 700, small ones more often; with those where a box, an octet or the square begins or ends. */
const sides = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 150 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(4, 5, 7, 8, 9, 63, 64, 65, 127, 128, 129, 256, 257, 511, 512, 513),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 700 }) },
)

const pictures = fc.record({
  width: sides,
  height: sides,
  layout: fc.constantFrom(...layouts),
  texture: fc.constantFrom(...textures),
  seed: fc.nat(),
  /** Bytes between pixels and between rows, and before the first. */
  xGap: fc.constantFrom(0, 0, 1, 7),
  yGap: fc.constantFrom(0, 0, 5, 100),
  margin: fc.constantFrom(0, 3),
  isTransposed: fc.boolean(),
  isMirrored: fc.boolean(),
  isUpsideDown: fc.boolean(),
})

type Picture = typeof pictures extends fc.Arbitrary<infer T> ? T : never

const kernel = createPdqKernel()
const reference = createPdqReference()

describe('createPdqKernel', () => {
  it('gives what the reference gives, on any picture seen from any side', () => {
    fc.assert(
      fc.property(pictures, fc.constantFrom(...pdqProfiles), (picture, profile: PdqProfile) => {
        const view = viewOf(picture)
        expect(plain(kernel.hashPixels(view, profile))).toEqual(plain(reference.hashPixels(view, profile)))
      }),
      { numRuns: 300 },
    )
  })

  it('gives what the reference gives, on any brightness', () => {
    fc.assert(
      fc.property(sides, sides, fc.constantFrom(...textures), fc.nat(), (rows, columns, texture, seed) => {
        // A view that starts within its buffer, as those of a pool do.
        const luma = new Float32Array(rows * columns + 3).subarray(3)
        fillTexture(luma, texture, seed, 254.999)
        const before = luma.slice()
        expect(plain(kernel.hashLuma(luma, rows, columns))).toEqual(
          plain(reference.hashLuma(luma, rows, columns)),
        )
        expect(luma).toEqual(before)
      }),
      { numRuns: 60 },
    )
  })

  it('refuses pixels outside their bytes', () => {
    const view = { data: new Uint8Array(299), layout: 'grey', width: 10, height: 30, offset: 0 } as const
    const hash = (steps: { offset?: number; xStep: number; yStep: number }) => () =>
      kernel.hashPixels({ ...view, ...steps }, 'full-resolution')
    expect(hash({ xStep: 1, yStep: 10 })).toThrow('Expected pixels within 299 bytes but they are at 0 to 300')
    expect(hash({ xStep: 30, yStep: 1 })).toThrow(RangeError)
    expect(hash({ offset: 8, xStep: -1, yStep: 9 })).toThrow('they are at -1 to 270')
    expect(() => kernel.hashLuma(new Float32Array(99), 10, 10)).toThrow(RangeError)
  })

  it.each([
    [64, 64],
    [3000, 5],
    [5, 3000],
    [2300, 17],
    [40, 1800],
    [1300, 1100],
  ])('takes the size without a blur, long boxes, and what it cannot hold at once: %i x %i', (width, height) => {
    const data = new Uint8Array(width * height * 3)
    fillTexture(data, 'noise', width, 255)
    const step = { data, width, height, layout: 'rgb', offset: 0 } as const
    const last = (width * height - 1) * 3
    for (const view of [
      { ...step, xStep: 3, yStep: width * 3 },
      { ...step, xStep: height * 3, yStep: 3 },
      { ...step, xStep: -height * 3, yStep: -3, offset: last },
    ]) {
      for (const profile of pdqProfiles) {
        const result = plain(kernel.hashPixels(view, profile))
        expect(result).toEqual(plain(reference.hashPixels(view, profile)))
      }
    }
  })
})

function plain({ value, quality, turned }: PdqResult): unknown {
  return { value, quality, turned: turned() }
}

function viewOf(picture: Picture): PixelView {
  const { width, height, layout, xGap, yGap, margin } = picture
  const near = bytesPerPixel[layout] + xGap
  const far = (picture.isTransposed ? height : width) * near + yGap
  const [xStep, yStep] = picture.isTransposed ? [far, near] : [near, far]
  // The last pixel ends where the bytes end, so that a read beyond it would be one beyond the picture.
  const length = margin + (width - 1) * xStep + (height - 1) * yStep + bytesPerPixel[layout]
  const data = new Uint8Array(length)
  fillTexture(data, picture.texture, picture.seed, 255)
  return {
    data,
    width,
    height,
    layout,
    offset:
      margin +
      (picture.isMirrored ? (width - 1) * xStep : 0) +
      (picture.isUpsideDown ? (height - 1) * yStep : 0),
    xStep: picture.isMirrored ? -xStep : xStep,
    yStep: picture.isUpsideDown ? -yStep : yStep,
  }
}

function fillTexture(
  to: Uint8Array | Float32Array,
  texture: (typeof textures)[number],
  seed: number,
  most: number,
) {
  let state = seed >>> 0
  for (let at = 0; at < to.length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const random = state / 2 ** 32
    if (texture === 'flat') to[at] = seed % 256
    else if (texture === 'noise') to[at] = random * most
    else if (texture === 'few values') to[at] = random < 0.5 ? 0 : (seed % 2) * 100 + 100
    else to[at] = ((at * (1 + (seed % 5))) / to.length) * most
  }
}
