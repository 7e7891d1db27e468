import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { webpOf } from '../../test/support/animations.ts'
import { trimWebp } from './trim-webp.ts'

const create = { width: 3, height: 3, channels: 3, background: '#456' } as const
const still = await sharp({ create }).webp({ lossless: true }).toBuffer()

describe('trimWebp', () => {
  it('leaves as many frames as the limit, in a file that a decoder takes', async () => {
    const trimmed = trimWebp(webpOf(9, 9, still, 30), 7)
    expect(await sharp(trimmed).metadata()).toMatchObject({ pages: 7, width: 9, height: 9 })
    expect(Buffer.from(trimmed).readUInt32LE(4)).toBe(trimmed.length - 8)
  })

  it('gives the very bytes back when there are no more frames than that', () => {
    const bytes = webpOf(9, 9, still, 7)
    expect(trimWebp(bytes, 7)).toBe(bytes)
    expect(trimWebp(still, 1)).toBe(still)
  })

  it('does not write to the bytes that it was given', () => {
    const bytes = webpOf(9, 9, still, 3)
    const before = Buffer.from(bytes)
    expect(trimWebp(bytes, 1)).not.toBe(bytes)
    expect(bytes.equals(before)).toBe(true)
  })

  it('ends on bytes that are no WebP, wherever they break off', () => {
    const bytes = webpOf(9, 9, still, 3)
    for (let length = 0; length < bytes.length; length++)
      expect(trimWebp(bytes.subarray(0, length), 1).length).toBeLessThanOrEqual(length)
    const endless = Buffer.concat([bytes.subarray(0, 12), Buffer.alloc(800, 0xff)])
    expect(trimWebp(endless, 1)).toBe(endless)
    const empty = Buffer.concat([bytes.subarray(0, 12), Buffer.alloc(800)])
    expect(trimWebp(empty, 1)).toBe(empty)
  })
})
