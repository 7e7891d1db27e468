import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { drawLandscape, drawPattern } from '../../test/support/images.ts'
import vectors from '../../test/vectors/pdq.json' with { type: 'json' }
import { pdqProfiles, type Turn } from '../model/hash.ts'
import { createPdqReference, noHash } from './pdq.ts'
import type { PdqHasher } from './pdq-hasher.ts'
import { createPdqKernel } from './pdq-kernel.ts'
import { type PixelView, viewOfRows } from './pixel-view.ts'

/** Luma and pictures hashed by the C++ reference; not part of the repository. */
const shared = join(import.meta.dirname, '../../../shared/pdq')
const isReferenceHere = existsSync(join(shared, 'luma/manifest.json'))
const whyNot = 'the reference fixtures (../shared/pdq) are not on this machine'

/** How the reference names the turns. */
const referenceNames: Readonly<Record<Turn, string>> = {
  'rotate-90': 'rotate90',
  'rotate-180': 'rotate180',
  'rotate-270': 'rotate270',
  'flip-x': 'flipX',
  'flip-y': 'flipY',
  'flip-plus-1': 'flipPlus1',
  'flip-minus-1': 'flipMinus1',
}

describe.each([
  ['createPdqReference', createPdqReference],
  ['createPdqKernel', createPdqKernel],
])('%s', (_, createHasher) => {
  it.each(vectors.luma)('follows the reference bit for bit on $name', (vector) => {
    const luma = lumaOf(Buffer.from(vector.base64, 'base64'))
    const { rows, columns, hash: value, quality } = vector
    // A hasher of its own, and one whose buffers have held a larger picture.
    const used = createHasher()
    used.hashLuma(new Float32Array(300 * 300).fill(77), 300, 300)
    expect(createHasher().hashLuma(luma, rows, columns)).toMatchObject({ value, quality })
    expect(used.hashLuma(luma, rows, columns)).toMatchObject({ value, quality })
  })

  it.each(vectors.pictures)('gives the recorded hash of $kind $seed at $width x $height', async (vector) => {
    const { width, height, seed, hash: value, quality } = vector
    const draw = vector.kind === 'landscape' ? drawLandscape : drawPattern
    const view = await decode(await draw(seed, { width, height }))
    const hasher = createHasher()
    expect(hasher.hashPixels(view, 'reference-512')).toMatchObject({ value, quality })
    const isSampled = width > 512 || height > 512
    expect(hasher.hashPixels(view, 'full-resolution').value === value).toBe(!isSampled)
  })

  it('gives no hash to a picture with a side under five pixels, unless it is sampled to the square', () => {
    const data = Uint8Array.from({ length: 4 * 513 * 3 }, (_, at) => (at * at) >>> 3)
    const hasher = createHasher()
    const hash = (width: number, height: number) =>
      pdqProfiles.map((profile) => hasher.hashPixels(viewOfRows(data, 'rgb', width, height), profile).value)
    expect(hash(4, 512)).toEqual([noHash, noHash])
    expect(hash(512, 4)).toEqual([noHash, noHash])
    expect(hash(5, 410)).not.toContain(noHash)
    expect(hash(4, 513)).toEqual([expect.not.stringMatching(noHash), noHash])
    const none = hasher.hashPixels(viewOfRows(data, 'rgb', 4, 400), 'full-resolution')
    expect(none.quality).toBe(0)
    expect(new Set(Object.values(none.turned()))).toEqual(new Set([noHash]))
  })

  it('looks at the first three of four channels, and takes one channel as brightness', () => {
    const grey = Uint8Array.from({ length: 90 * 70 }, (_, at) => (at * at) >>> 4)
    const rgbx = Uint8Array.from({ length: grey.length * 4 }, (_, at) => (at % 4 === 3 ? at : grey[at >> 2]!))
    const hasher = createHasher()
    expect(hasher.hashPixels(viewOfRows(rgbx, 'rgbx', 90, 70), 'reference-512').value).toBe(
      hasher.hashPixels(viewOfRows(grey, 'grey', 90, 70), 'reference-512').value,
    )
  })

  it('takes ink as the reference does, by rounding to whole red, green and blue', () => {
    // Every pair of an ink and a black: 256 x 256 pixels.
    const cmyk = Uint8Array.from({ length: 65536 * 4 }, (_, at) =>
      at % 4 === 3 ? at >> 10 : (at >> 2) & 255,
    )
    const rgb = Uint8Array.from({ length: 65536 * 3 }, (_, at) => {
      const pixel = Math.floor(at / 3)
      return Math.round(((255 - (pixel & 255)) * (255 - (pixel >> 8))) / 255)
    })
    const hasher = createHasher()
    const ink = hasher.hashPixels(viewOfRows(cmyk, 'cmyk', 256, 256), 'reference-512')
    const light = hasher.hashPixels(viewOfRows(rgb, 'rgb', 256, 256), 'reference-512')
    expect([ink.value, ink.quality, ink.turned()]).toEqual([light.value, light.quality, light.turned()])
  })

  it('is bit-exact on every luma fixture of the reference, turned as well', (context) => {
    if (!isReferenceHere) context.skip(whyNot)
    const { fixtures } = readJson('luma/manifest.json') as {
      fixtures: {
        file: string
        rows: number
        cols: number
        hash: string
        quality: number
        dihedral: Dihedral
      }[]
    }
    const hasher = createHasher()
    for (const { file, rows, cols, hash, quality, dihedral } of fixtures) {
      const result = hasher.hashLuma(lumaOf(readFileSync(join(shared, 'luma', file))), rows, cols)
      expect(result, file).toMatchObject({ value: hash, quality })
      expect(result.turned(), file).toEqual(turnsOf(dihedral))
    }
    expect(fixtures).toHaveLength(13)
  })

  it('is bit-exact on every reference picture, in both profiles, turned as well', async (context) => {
    if (!isReferenceHere) context.skip(whyNot)
    const hashes = readJson('reference-hashes.json') as Record<
      string,
      { hash: string; quality: number; fullResolutionHash: string }
    >
    const dihedrals = readJson('reference-dihedral.json') as Record<string, Dihedral>
    const hasher = createHasher()
    for (const [file, { hash, quality, fullResolutionHash }] of Object.entries(hashes)) {
      const view = await decode(readFileSync(join(shared, 'images', file)))
      const sampled = hasher.hashPixels(view, 'reference-512')
      expect(sampled, file).toMatchObject({ value: hash, quality })
      expect(hasher.hashPixels(view, 'full-resolution').value, file).toBe(fullResolutionHash)
      // The transform belongs to the result, whatever the hasher has done since.
      expect(sampled.turned(), file).toEqual(turnsOf(dihedrals[file]!))
    }
    expect(Object.keys(hashes)).toHaveLength(20)
  })
})

describe('PdqHasher', () => {
  it('may hash another picture between a hash and its turns', () => {
    const picture = (seed: number) =>
      viewOfRows(
        Uint8Array.from({ length: 6400 }, (_, at) => (at * at * seed) >>> 4),
        'grey',
        80,
        80,
      )
    const turnsAfter = (hasher: PdqHasher) => {
      const first = hasher.hashPixels(picture(1), 'reference-512')
      hasher.hashPixels(picture(7), 'reference-512').turned()
      return first.turned()
    }
    expect(turnsAfter(createPdqKernel())).toEqual(turnsAfter(createPdqReference()))
  })
})

type Dihedral = Readonly<Record<string, string>>

function turnsOf(dihedral: Dihedral): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(referenceNames).map(([turn, name]) => [turn, dihedral[name]]))
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(join(shared, path), 'utf8'))
}

function lumaOf(bytes: Buffer): Float32Array {
  return Float32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4))
}

async function decode(bytes: Uint8Array): Promise<PixelView> {
  const image = sharp(bytes, { ignoreIcc: true, failOn: 'none' }).removeAlpha().toColourspace('srgb').raw()
  const { data, info } = await image.toBuffer({ resolveWithObject: true })
  return viewOfRows(data, info.channels === 1 ? 'grey' : 'rgb', info.width, info.height)
}
