/*
 * Long because every look is checked in both profiles against a picture that is known: the looks, the formats and the
 * ceiling share those pictures and the reading of an outcome.
 */
import { createHash } from 'node:crypto'
import sharp, { type Sharp } from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { type AnimationFrame, gifOf, webpOf } from '../../test/support/animations.ts'
import { drawLandscape, drawPattern } from '../../test/support/images.ts'
import { type ImageVariant, type PdqImageHash, type PdqProfile, turns } from '../model/hash.ts'
import type { HashPlan } from '../model/hash-plan.ts'
import { createImageHasher, type HashOutcome } from './hash-image.ts'

const limits = { maxPixels: 4_000_000, maxMemoryBytes: 512 * 2 ** 20 }
const hashImage = createImageHasher(limits)
const plain: HashPlan = {
  profiles: ['reference-512'],
  isOriented: false,
  isFlattened: false,
  frames: 1,
  isTurned: false,
  hasSha1: false,
}
const both: HashPlan = { ...plain, profiles: ['reference-512', 'full-resolution'] }
const everything: HashPlan = {
  ...both,
  isOriented: true,
  isFlattened: true,
  frames: 5,
  isTurned: true,
  hasSha1: false,
}

/** Longer than 512 a side, so that the profiles differ and sampling is seen. */
const size = { width: 540, height: 240 }
let picture: Buffer
let pattern: Buffer
let translucentPixels: Buffer
beforeAll(async () => {
  picture = await drawLandscape(1, size)
  pattern = await drawPattern(2, size)
  const alpha = await sharp(pattern).toColourspace('b-w').raw().toBuffer()
  translucentPixels = await sharp(picture)
    .joinChannel(alpha, { raw: { ...size, channels: 1 } })
    .raw()
    .toBuffer()
})

describe('the looks at one image', () => {
  it('is the original alone unless the plan asks for more', async () => {
    expect(variantsOf(await hashImage(await sharp(picture).png().toBuffer(), plain))).toEqual(['original'])
  })

  it('hashes each look once in each profile, then MD5 and SHA-256', async () => {
    const outcome = hashed(await hashImage(await translucent().png().toBuffer(), everything))
    const looks = ['original', ...turns, 'on-white', 'on-black']
    const expected = looks.flatMap((variant) => both.profiles.map((profile) => `${variant} ${profile}`))
    const named = pdqsOf(outcome).map(({ variant, profile }) => `${variant} ${profile}`)
    expect(named.toSorted()).toEqual(expected.toSorted())
    expect(outcome.hashes.slice(-2).map(({ type }) => type)).toEqual(['md5', 'sha256'])
    expect(outcome.hashes[0]).toMatchObject({ variant: 'original', profile: 'reference-512' })
    expect(outcome.facts).toMatchObject({ format: 'png', ...size })
  })

  it('makes the SHA-1 of the bytes only when the plan asks for it', async () => {
    const bytes = await sharp(picture).png().toBuffer()
    const outcome = hashed(await hashImage(bytes, { ...plain, hasSha1: true }))
    expect(outcome.hashes.map(({ type }) => type)).toEqual(['pdq', 'md5', 'sha1', 'sha256'])
    const value = createHash('sha1').update(bytes).digest('hex')
    expect(outcome.hashes[2]).toEqual({ type: 'sha1', value, quality: 100 })
  })

  it('gives the original the same hash whatever else is asked for', async () => {
    const files = [await translucent().png().toBuffer(), await animated([picture, pattern]).webp().toBuffer()]
    for (const bytes of files) {
      const alone = await hashImage(bytes, both)
      const among = await hashImage(bytes, everything)
      for (const profile of both.profiles)
        expect(pdqOf(among, 'original', profile)).toEqual(pdqOf(alone, 'original', profile))
    }
  })

  it('makes both profiles from one picture, which differ above 512 pixels a side and not below', async () => {
    const large = await hashImage(picture, both)
    expect(pdqOf(large, 'original', 'full-resolution')).not.toEqual(pdqOf(large, 'original', 'reference-512'))
    const small = await hashImage(await sharp(picture).resize(512, 230).png().toBuffer(), both)
    expect(pdqOf(small, 'original', 'full-resolution')).toEqual(pdqOf(small, 'original', 'reference-512'))
  })
})

describe('the oriented look', () => {
  it.each([
    1, 2, 3, 4, 5, 6, 7, 8,
  ])('of orientation %i is the picture as viewers show it, to the bit', async (orientation) => {
    const bytes = await sharp(picture).withMetadata({ orientation }).jpeg({ quality: 90 }).toBuffer()
    expect((await sharp(bytes).metadata()).orientation).toBe(orientation)
    const shown = await hashImage(await sharp(bytes).autoOrient().png().toBuffer(), both)
    const outcome = await hashImage(bytes, { ...both, isOriented: true })
    expect(variantsOf(outcome).includes('oriented')).toBe(orientation > 1)
    for (const profile of both.profiles) {
      const look = orientation === 1 ? 'original' : 'oriented'
      expect(pdqOf(outcome, look, profile)).toEqual(pdqOf(shown, 'original', profile))
    }
  })

  it.each(['png', 'webp', 'tiff'] as const)('is seen in %s too', async (format) => {
    const bytes = await sharp(picture).withMetadata({ orientation: 6 }).toFormat(format).toBuffer()
    const shown = await hashImage(await sharp(bytes).autoOrient().png().toBuffer(), plain)
    const outcome = await hashImage(bytes, { ...plain, isOriented: true })
    expect(pdqOf(outcome, 'oriented')).toEqual(pdqOf(shown, 'original'))
  })

  it.each([
    0, 9, 255, 65_535,
  ])('is not there for the orientation %i, which EXIF does not know', async (orientation) => {
    const bytes = await sharp(picture).withMetadata({ orientation: 6 }).jpeg().toBuffer()
    const at = bytes.indexOf(Buffer.from([0x01, 0x12, 0x00, 0x03])) // Orientation, SHORT, big-endian
    const little = bytes.indexOf(Buffer.from([0x12, 0x01, 0x03, 0x00]))
    expect(at + little).toBeGreaterThan(-2)
    if (at >= 0) bytes.writeUInt16BE(orientation, at + 8)
    else bytes.writeUInt16LE(orientation, little + 8)
    expect(variantsOf(await hashImage(bytes, everything))).not.toContain('oriented')
  })
})

describe('the flattened looks', () => {
  it.each(['png', 'webp'] as const)('are what shows on white and on black in %s', async (format) => {
    const bytes = await translucent().toFormat(format, { lossless: true, exact: true, effort: 1 }).toBuffer()
    const outcome = await hashImage(bytes, { ...both, isFlattened: true })
    for (const [variant, background] of [
      ['on-white', '#fff'],
      ['on-black', '#000'],
    ] as const) {
      const shown = await hashImage(await sharp(bytes).flatten({ background }).png().toBuffer(), both)
      for (const profile of both.profiles) {
        // Not to the bit: libvips cuts fractions off where browsers round.
        expect(
          distance(pdqOf(outcome, variant, profile), pdqOf(shown, 'original', profile)),
        ).toBeLessThanOrEqual(4)
        expect(
          distance(pdqOf(outcome, variant, profile), pdqOf(outcome, 'original', profile)),
        ).toBeGreaterThan(31)
      }
    }
  })

  it('are not made of a picture whose every pixel is opaque, though it has an alpha channel', async () => {
    const bytes = await sharp(picture).ensureAlpha(1).png().toBuffer()
    expect((await sharp(bytes).metadata()).hasAlpha).toBe(true)
    expect(variantsOf(await hashImage(bytes, { ...plain, isFlattened: true }))).toEqual(['original'])
  })

  it('are made when one pixel is not quite opaque', async () => {
    const raw = await sharp(picture).ensureAlpha(1).raw().toBuffer()
    raw[raw.length - 1] = 254
    const bytes = await sharp(raw, { raw: { ...size, channels: 4 } })
      .png()
      .toBuffer()
    const outcome = await hashImage(bytes, { ...plain, isFlattened: true })
    expect(variantsOf(outcome)).toEqual(['original', 'on-white', 'on-black'])
  })

  it.each([
    ['grey and alpha', async () => await translucent().toColourspace('b-w').png().toBuffer()],
    [
      'a palette with transparency',
      async () => await translucent().png({ palette: true, effort: 1 }).toBuffer(),
    ],
    ['16 bits and alpha', async () => await translucent().toColourspace('rgb16').png().toBuffer()],
    ['AVIF', async () => await translucent().avif({ effort: 0 }).toBuffer()],
    ['TIFF', async () => await translucent().tiff({ compression: 'lzw' }).toBuffer()],
    ['GIF', async () => await translucent().gif({ effort: 1 }).toBuffer()],
  ])('are made of %s', async (_, encode) => {
    const bytes = await encode()
    const outcome = await hashImage(bytes, { ...plain, isFlattened: true })
    expect(variantsOf(outcome)).toEqual(['original', 'on-white', 'on-black'])
    const shown = await hashImage(await sharp(bytes).flatten({ background: '#fff' }).png().toBuffer(), plain)
    expect(distance(pdqOf(outcome, 'on-white'), pdqOf(shown, 'original'))).toBeLessThanOrEqual(10)
  })
})

describe('the frames of an animation', () => {
  it.each(['gif', 'webp'] as const)('are spread evenly over a %s, each as it shows', async (format) => {
    const stills = await Promise.all([1, 2, 3, 4, 5, 6].map(async (seed) => await drawPattern(seed, size)))
    const bytes = await animated(stills).toFormat(format, { effort: 1 }).toBuffer()
    const outcome = await hashImage(bytes, { ...both, frames: 3 })
    expect(variantsOf(outcome)).toEqual(['original', 'frame-3', 'frame-5'])
    for (const [variant, page] of [
      ['original', 0],
      ['frame-3', 2],
      ['frame-5', 4],
    ] as const) {
      const shown = await hashImage(await sharp(bytes, { page }).removeAlpha().png().toBuffer(), both)
      for (const profile of both.profiles)
        expect(pdqOf(outcome, variant, profile)).toEqual(pdqOf(shown, 'original', profile))
      expect(
        distance(pdqOf(outcome, variant), pdqOf(await hashImage(stills[page]!, plain), 'original')),
      ).toBeLessThan(32)
    }
  })

  it('are all of them when there are no more than asked for', async () => {
    const bytes = await animated([picture, pattern]).webp().toBuffer()
    expect(variantsOf(await hashImage(bytes, { ...plain, frames: 9 }))).toEqual(['original', 'frame-2'])
  })

  it('are not looked for in a TIFF of several pages', async () => {
    const bytes = await sharp([picture, pattern], { join: { animated: true } })
      .tiff()
      .toBuffer()
    expect((await sharp(bytes).metadata()).pages).toBe(2)
    expect(variantsOf(await hashImage(bytes, { ...plain, frames: 5 }))).toEqual(['original'])
  })

  it('are left out where they are broken', async () => {
    const whole = await animated([picture, pattern, picture]).webp({ lossless: true, effort: 0 }).toBuffer()
    const broken = Buffer.from(whole)
    // Past the headers, of which libwebp checks all before it decodes one.
    broken.fill(0xff, frameAt(broken, 2) + 40, frameAt(broken, 2) + 400)
    expect((await sharp(broken).metadata()).pages).toBe(3)
    const outcome = await hashImage(broken, { ...plain, frames: 3 })
    expect(variantsOf(outcome)).not.toContain('frame-2')
    expect(pdqOf(outcome, 'original')).toEqual(pdqOf(await hashImage(whole, plain), 'original'))
  })

  it('are not needed: the first alone decides whether an image can be hashed', async () => {
    const whole = await animated([picture, pattern]).webp({ effort: 0 }).toBuffer()
    const cut = whole.subarray(0, frameAt(whole, 2) + 100)
    await expect(sharp(cut).metadata()).rejects.toThrow('unable to parse image')
    const outcome = await hashImage(cut, { ...plain, frames: 3 })
    expect(pdqsOf(outcome)).toEqual(pdqsOf(await hashImage(whole, plain)))
  })

  it('lie on the canvas of a GIF, also the first when it is smaller', async () => {
    const blocks: AnimationFrame[] = [
      { left: 20, top: 10, width: 60, height: 50, colour: 3 },
      { left: 90, top: 50, width: 50, height: 40, colour: 1 },
    ]
    const outcome = hashed(await hashImage(gifOf(160, 120, blocks), { ...plain, frames: 2 }))
    expect(outcome.facts).toMatchObject({ format: 'gif', width: 160, height: 120 })
    const colours = ['#000', '#fff', 'rgb(40,60,160)', 'rgb(230,200,120)']
    for (const [variant, shown] of [
      ['original', blocks.slice(0, 1)],
      ['frame-2', blocks],
    ] as const) {
      const canvas = sharp({ create: { width: 160, height: 120, channels: 3, background: '#000' } })
      const layers = shown.map(({ left, top, width, height, colour }) => ({
        input: { create: { width, height, channels: 3 as const, background: colours[colour]! } },
        left,
        top,
      }))
      const expected = await hashImage(await canvas.composite(layers).png().toBuffer(), plain)
      expect(pdqOf(outcome, variant)).toEqual(pdqOf(expected, 'original'))
    }
  })

  it.each([
    [
      'GIF',
      () =>
        gifOf(
          4,
          4,
          Array.from({ length: 100_000 }, () => speck),
        ),
    ],
    ['WebP', async () => webpOf(6, 6, await dot(), 60_000)],
  ])('are bounded in a %s that says to have very many', async (_, make) => {
    const bytes = await make()
    const startedAt = performance.now()
    const outcome = await hashImage(bytes, { ...plain, frames: 4 })
    expect(variantsOf(outcome)).toEqual(['original', 'frame-251', 'frame-501', 'frame-751'])
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})

describe('the seven turns', () => {
  it('are of the original alone, in each profile, near to the picture really turned', async () => {
    const outcome = await hashImage(await sharp(picture).withMetadata({ orientation: 3 }).png().toBuffer(), {
      ...both,
      isOriented: true,
      isTurned: true,
      hasSha1: false,
    })
    expect(variantsOf(outcome)).toHaveLength(2 + turns.length)
    for (const profile of both.profiles) {
      const turned = await hashImage(await sharp(picture).rotate(180).png().toBuffer(), both)
      expect(
        distance(pdqOf(outcome, 'rotate-180', profile), pdqOf(turned, 'original', profile)),
      ).toBeLessThanOrEqual(31)
      expect(
        distance(pdqOf(outcome, 'rotate-180', profile), pdqOf(outcome, 'original', profile)),
      ).toBeGreaterThan(60)
      expect(pdqOf(outcome, 'oriented', profile)).toEqual(pdqOf(turned, 'original', profile))
    }
  })
})

describe('every mode of the accepted formats', () => {
  const lossless: [string, (image: Sharp) => Sharp][] = [
    ['PNG', (image) => image.png()],
    ['interlaced PNG', (image) => image.png({ progressive: true })],
    ['16-bit PNG', (image) => image.toColourspace('rgb16').png()],
    [
      'interlaced 16-bit PNG with alpha',
      (image) => image.ensureAlpha(0.5).toColourspace('rgb16').png({ progressive: true }),
    ],
    ['PNG with alpha', (image) => image.ensureAlpha(0).png()],
    ['TIFF', (image) => image.tiff({ compression: 'none' })],
    ['TIFF with LZW in tiles', (image) => image.tiff({ compression: 'lzw', tile: true })],
    [
      'TIFF with Deflate and a predictor',
      (image) => image.tiff({ compression: 'deflate', predictor: 'horizontal' }),
    ],
    [
      '16-bit TIFF with alpha',
      (image) => image.ensureAlpha(0.5).toColourspace('rgb16').tiff({ compression: 'lzw' }),
    ],
    ['lossless WebP', (image) => image.webp({ lossless: true, effort: 0 })],
    [
      'lossless WebP with alpha',
      (image) => image.ensureAlpha(0).webp({ lossless: true, exact: true, effort: 0 }),
    ],
  ]
  it.each(lossless)('%s has the hash of the pixels', async (_, encode) => {
    const bytes = await encode(sharp(picture)).toBuffer()
    const expected = pdqsOf(await hashImage(picture, both))
    expect(pdqsOf(await hashImage(bytes, both))).toEqual(expected)
    expect(pdqsOf(await hashImage(bytes, { ...both, isFlattened: true })).slice(0, 2)).toEqual(expected)
  })

  const grey: [string, (image: Sharp) => Sharp][] = [
    ['grey PNG', (image) => image.png()],
    ['interlaced grey PNG', (image) => image.png({ progressive: true })],
    ['grey PNG with alpha', (image) => image.ensureAlpha(0.2).png()],
    ['grey TIFF', (image) => image.tiff({ compression: 'deflate' })],
  ]
  it.each(grey)('%s has the hash of the same picture in three channels', async (_, encode) => {
    const bytes = await encode(sharp(picture).toColourspace('b-w')).toBuffer()
    expect((await sharp(bytes).metadata()).space).toBe('b-w')
    const three = await sharp(picture).toColourspace('b-w').png().toBuffer()
    const rgb = await sharp(three).toColourspace('srgb').png().toBuffer()
    expect((await sharp(rgb).metadata()).channels).toBe(3)
    expect(pdqsOf(await hashImage(bytes, both))).toEqual(pdqsOf(await hashImage(rgb, both)))
  })

  it('16-bit grey PNG is taken by the high byte', async () => {
    const bytes = await sharp(picture).toColourspace('grey16').png().toBuffer()
    expect(await sharp(bytes).metadata()).toMatchObject({ space: 'grey16', channels: 1 })
    const words = await sharp(bytes).toColourspace('grey16').raw({ depth: 'ushort' }).toBuffer()
    const high = Buffer.from({ length: words.length / 2 } as ArrayLike<number>).map(
      (_, at) => words[at * 2 + 1]!,
    )
    const eight = await sharp(high, { raw: { ...size, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer()
    const expected = pdqsOf(await hashImage(eight, both))
    expect(pdqsOf(await hashImage(bytes, both))).toEqual(expected)
  })

  const palettes: [string, (image: Sharp) => Sharp][] = [
    ['palette PNG', (image) => image.png({ palette: true, effort: 1 })],
    ['palette PNG of 16 colours', (image) => image.png({ palette: true, colours: 16, effort: 1 })],
    ['1-bit PNG', (image) => image.threshold().png({ palette: true, colours: 2, effort: 1 })],
    ['interlaced palette PNG', (image) => image.png({ palette: true, effort: 1, progressive: true })],
    [
      '1-bit TIFF',
      (image) => image.threshold().toColourspace('b-w').tiff({ bitdepth: 1, compression: 'ccittfax4' }),
    ],
    ['GIF', (image) => image.gif({ effort: 1 })],
  ]
  it.each(palettes)('%s is expanded to its colours', async (_, encode) => {
    const bytes = await encode(sharp(picture)).toBuffer()
    const expanded = await sharp(await sharp(bytes).removeAlpha().toColourspace('srgb').raw().toBuffer(), {
      raw: { ...size, channels: 3 },
    })
      .png()
      .toBuffer()
    expect(pdqsOf(await hashImage(bytes, both))).toEqual(pdqsOf(await hashImage(expanded, both)))
  })

  const lossy: [string, (image: Sharp) => Sharp, number][] = [
    ['baseline JPEG', (image) => image.jpeg({ quality: 90 }), 10],
    ['progressive JPEG', (image) => image.jpeg({ quality: 90, progressive: true }), 10],
    ['JPEG with full colour', (image) => image.jpeg({ quality: 90, chromaSubsampling: '4:4:4' }), 10],
    ['grey JPEG', (image) => image.toColourspace('b-w').jpeg({ quality: 90 }), 12],
    [
      'progressive grey JPEG',
      (image) => image.toColourspace('b-w').jpeg({ quality: 90, progressive: true }),
      12,
    ],
    ['CMYK JPEG', (image) => image.toColourspace('cmyk').jpeg({ quality: 95 }), 24],
    [
      'progressive CMYK JPEG',
      (image) => image.toColourspace('cmyk').jpeg({ quality: 95, progressive: true }),
      24,
    ],
    ['CMYK TIFF', (image) => image.toColourspace('cmyk').tiff({ compression: 'deflate' }), 24],
    ['JPEG in TIFF', (image) => image.tiff({ compression: 'jpeg', quality: 90 }), 10],
    ['WebP', (image) => image.webp({ quality: 90 }), 10],
    ['AVIF', (image) => image.avif({ quality: 80, effort: 0 }), 12],
    ['AVIF of 10 bits', (image) => image.avif({ quality: 80, effort: 0, bitdepth: 10 }), 12],
  ]
  it.each(lossy)('%s is near to the picture that it was made from', async (_, encode, most) => {
    const outcome = await hashImage(await encode(sharp(picture)).toBuffer(), both)
    for (const profile of both.profiles)
      expect(
        distance(
          pdqOf(outcome, 'original', profile),
          pdqOf(await hashImage(picture, both), 'original', profile),
        ),
      ).toBeLessThanOrEqual(most)
  })

  it('takes progressive and baseline JPEG of the same coefficients as the same', async () => {
    const baseline = await sharp(picture).jpeg({ quality: 80, optimiseScans: false }).toBuffer()
    const progressive = await sharp(picture).jpeg({ quality: 80, progressive: true }).toBuffer()
    expect(pdqsOf(await hashImage(progressive, both))).toEqual(pdqsOf(await hashImage(baseline, both)))
  })
})

describe('the memory ceiling', () => {
  it('refuses by the header what decoding would take too much for, before decoding', async () => {
    const bytes = await sharp({ create: { width: 2_000, height: 2_000, channels: 3, background: '#456' } })
      .avif({ effort: 0 })
      .toBuffer()
    const small = createImageHasher({ ...limits, maxMemoryBytes: 150 * 2 ** 20 })
    expect(await small(bytes, plain)).toMatchObject({
      kind: 'unscannable',
      reason: 'too-much-memory',
      hashMs: 0,
    })
    expect(await small(picture, plain)).toMatchObject({ kind: 'hashed' })
    expect(await hashImage(bytes, plain)).toMatchObject({ kind: 'hashed' })
  })
})

type Hashed = Extract<HashOutcome, { kind: 'hashed' }>

function hashed(outcome: HashOutcome): Hashed {
  if (outcome.kind !== 'hashed') throw new Error(`Expected a hashed image but received ${outcome.reason}`)
  return outcome
}

function pdqsOf(outcome: HashOutcome): readonly PdqImageHash[] {
  return hashed(outcome).hashes.filter((hash) => hash.type === 'pdq')
}

/** The looks in a profile, in order. */
function variantsOf(outcome: HashOutcome, profile: PdqProfile = 'reference-512'): readonly ImageVariant[] {
  return pdqsOf(outcome)
    .filter((hash) => hash.profile === profile)
    .map(({ variant }) => variant)
}

/** The value and quality of one look. */
function pdqOf(
  outcome: HashOutcome,
  variant: ImageVariant,
  profile: PdqProfile = 'reference-512',
): { readonly value: string; readonly quality: number } {
  const found = pdqsOf(outcome).find((hash) => hash.variant === variant && hash.profile === profile)
  if (!found)
    throw new Error(
      `Expected a hash of ${variant} in ${profile} but received ${variantsOf(outcome).join(', ')}`,
    )
  return { value: found.value, quality: found.quality }
}

/** Hamming distance in bits. */
function distance(a: { readonly value: string }, b: { readonly value: string }): number {
  return (BigInt(`0x${a.value}`) ^ BigInt(`0x${b.value}`)).toString(2).replaceAll('0', '').length
}

/** A landscape whose opacity is a pattern: what shows is neither. */
function translucent(): Sharp {
  return sharp(translucentPixels, { raw: { ...size, channels: 4 } })
}

function animated(stills: readonly Buffer[]): Sharp {
  return sharp([...stills], { join: { animated: true } })
}

/** Where the chunk of a WebP frame starts, counted from 1. */
function frameAt(bytes: Buffer, frame: number): number {
  let at = -1
  for (let count = 0; count < frame; count++) at = bytes.indexOf('ANMF', at + 1)
  return at
}

/** A frame of a GIF of one pixel. */
const speck: AnimationFrame = { left: 0, top: 0, width: 1, height: 1, colour: 2 }

/** A WebP of one pixel. */
async function dot(): Promise<Buffer> {
  const create = { width: 1, height: 1, channels: 3, background: '#456' } as const
  return await sharp({ create }).webp({ lossless: true, effort: 0 }).toBuffer()
}
