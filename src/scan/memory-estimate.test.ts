import { describe, expect, it } from 'vitest'
import { type DecodingNeeds, estimateMemoryBytes } from './memory-estimate.ts'

/** Pictures of 6,000 x 4,000, and what a process held at most for them on 2026-11-22, in MiB (sharp 0.35.5). */
const photo: DecodingNeeds = {
  format: 'jpeg',
  width: 6_000,
  height: 4_000,
  channels: 3,
  bytesPerSample: 1,
  hasFourth: false,
  isProgressive: false,
  isSubsampled: true,
  size: 400_000,
}
const measured: [string, Partial<DecodingNeeds>, number][] = [
  ['baseline JPEG', {}, 169],
  ['progressive JPEG', { isProgressive: true }, 235],
  ['progressive JPEG with full colour', { isProgressive: true, isSubsampled: false }, 304],
  ['grey progressive JPEG', { isProgressive: true, isSubsampled: false, channels: 1 }, 208],
  ['CMYK progressive JPEG', { isProgressive: true, isSubsampled: false, channels: 4, hasFourth: true }, 379],
  ['PNG', { format: 'png' }, 178],
  ['PNG with alpha', { format: 'png', channels: 4, hasFourth: true }, 202],
  ['interlaced PNG', { format: 'png', isProgressive: true }, 240],
  [
    'interlaced 16-bit PNG with alpha',
    { format: 'png', isProgressive: true, channels: 4, bytesPerSample: 2, hasFourth: true },
    390,
  ],
  ['GIF', { format: 'gif' }, 263],
  ['GIF of two frames', { format: 'gif', channels: 4, hasFourth: true }, 293],
  ['WebP', { format: 'webp' }, 326],
  ['WebP with alpha', { format: 'webp', channels: 4, hasFourth: true }, 377],
  ['AVIF', { format: 'avif' }, 513],
  ['AVIF of 12 bits', { format: 'avif', bytesPerSample: 2 }, 656],
  ['AVIF of 10 bits with alpha', { format: 'avif', bytesPerSample: 2, channels: 4, hasFourth: true }, 666],
  ['TIFF', { format: 'tiff' }, 170],
  ['16-bit TIFF with alpha', { format: 'tiff', bytesPerSample: 2, channels: 4, hasFourth: true }, 205],
]

describe('estimateMemoryBytes', () => {
  it.each(measured)('is above what a %s was seen to take, and not by half', (_, needs, peakMib) => {
    const estimateMib = estimateMemoryBytes({ ...photo, ...needs }) / 2 ** 20
    expect(estimateMib).toBeGreaterThan(peakMib * 1.04)
    expect(estimateMib).toBeLessThan(peakMib * 1.5)
  })

  it('counts the file itself', () => {
    const grown = estimateMemoryBytes({ ...photo, size: photo.size + 1_000_000 }) - estimateMemoryBytes(photo)
    expect(grown).toBe(2_000_000)
  })
})
