import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { drawLandscape, drawPattern } from '../../test/support/images.ts'
import vectors from '../../test/vectors/pdq.json' with { type: 'json' }
import { createImageHasher } from './hash-image.ts'
import { createPdqHasher } from './pdq.ts'

/** Luma and pictures hashed by the C++ reference; not part of the repository. */
const reference = join(import.meta.dirname, '../../../shared/pdq')
const isReferenceHere = existsSync(join(reference, 'luma/manifest.json'))
const whyNot = 'the reference fixtures (../shared/pdq) are not on this machine'
const hashImage = createImageHasher({ maxPixels: 50_000_000 })

describe('createPdqHasher', () => {
  it.each(vectors.luma)('follows the reference bit for bit on $name', ({
    base64,
    rows,
    columns,
    hash,
    quality,
  }) => {
    const luma = lumaOf(Buffer.from(base64, 'base64'))
    // A hasher of its own, and one whose buffers have held a larger picture.
    const used = createPdqHasher()
    used.hashLuma(new Float32Array(300 * 300).fill(77), 300, 300)
    expect(createPdqHasher().hashLuma(luma, rows, columns)).toEqual({ value: hash, quality })
    expect(used.hashLuma(luma, rows, columns)).toEqual({ value: hash, quality })
  })

  it.each(vectors.pictures)('gives the recorded hash of $kind $seed at $width x $height', async ({
    kind,
    seed,
    width,
    height,
    hash,
    quality,
  }) => {
    const draw = kind === 'landscape' ? drawLandscape : drawPattern
    const outcome = await hashImage(await draw(seed, { width, height }))
    expect(outcome).toMatchObject({
      kind: 'hashed',
      hashes: [{ type: 'pdq', value: hash, quality }, {}, {}],
    })
  })

  it('gives no hash to a picture with a side under five pixels, unless it is sampled to the square', () => {
    const data = Uint8Array.from({ length: 4 * 513 * 3 }, (_, at) => (at * at) >>> 3)
    const none = { value: '0'.repeat(64), quality: 0 }
    const pdq = createPdqHasher()
    expect(pdq.hashPixels({ data, width: 4, height: 512, channels: 3 })).toEqual(none)
    expect(pdq.hashPixels({ data, width: 5, height: 410, channels: 3 })).not.toEqual(none)
    expect(pdq.hashPixels({ data, width: 4, height: 513, channels: 3 })).not.toEqual(none)
  })

  it('looks at the first three of four channels, and takes one channel as brightness', () => {
    const grey = Uint8Array.from({ length: 90 * 70 }, (_, at) => (at * at) >>> 4)
    const rgba = Uint8Array.from({ length: grey.length * 4 }, (_, at) => (at % 4 === 3 ? at : grey[at >> 2]!))
    const pdq = createPdqHasher()
    const size = { width: 90, height: 70 }
    expect(pdq.hashPixels({ ...size, data: rgba, channels: 4 }).value).toBe(
      pdq.hashPixels({ ...size, data: grey, channels: 1 }).value,
    )
  })

  it('is bit-exact on every luma fixture of the reference', (context) => {
    if (!isReferenceHere) context.skip(whyNot)
    const { fixtures } = JSON.parse(readFileSync(join(reference, 'luma/manifest.json'), 'utf8')) as {
      fixtures: { file: string; rows: number; cols: number; hash: string; quality: number }[]
    }
    const pdq = createPdqHasher()
    for (const { file, rows, cols, hash, quality } of fixtures) {
      const luma = lumaOf(readFileSync(join(reference, 'luma', file)))
      expect(pdq.hashLuma(luma, rows, cols), file).toEqual({ value: hash, quality })
    }
    expect(fixtures).toHaveLength(13)
  })
})

describe('createImageHasher', () => {
  it('gives the hash and quality of the reference for every reference picture', async (context) => {
    if (!isReferenceHere) context.skip(whyNot)
    const pictures = JSON.parse(readFileSync(join(reference, 'reference-hashes.json'), 'utf8')) as Record<
      string,
      { hash: string; quality: number; width: number; height: number }
    >
    let compared = 0
    for (const [file, { hash, quality, width, height }] of Object.entries(pictures)) {
      const outcome = await hashImage(readFileSync(join(reference, 'images', file)))
      expect(outcome, file).toMatchObject({
        facts: { format: 'jpeg', width, height },
        hashes: [{ value: hash, quality }, {}, {}],
      })
      compared++
    }
    expect(compared).toBe(20)
  })
})

function lumaOf(bytes: Buffer): Float32Array {
  return Float32Array.from({ length: bytes.length / 4 }, (_, at) => bytes.readFloatLE(at * 4))
}
