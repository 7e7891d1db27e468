import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createFileDigest } from './file-digest.ts'

const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, n) => (n * 7919) % 251))
const sha256 = (length: number) => createHash('sha256').update(bytes.subarray(0, length)).digest('hex')

async function* inPieces(size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

describe('the digest of a file', () => {
  it.each([
    1_000, 65_536, 999_999,
  ])('is told at rising places while the file comes in by %i bytes', async (size) => {
    const digest = createFileDigest()
    let told = 0
    for await (const chunk of digest.follow(inPieces(size))) {
      for (const place of [digest.length - Math.ceil(chunk.length / 2), digest.length - 1]) {
        expect(digest.at(place)).toBe(sha256(place))
        told += 1
      }
    }
    expect(told).toBeGreaterThanOrEqual(4)
    expect(digest.at(bytes.length)).toBe(sha256(bytes.length))
  })

  it('keeps no more than open rows can have, though nothing is asked for', async () => {
    const digest = createFileDigest()
    for await (const chunk of digest.follow(inPieces(10_000))) expect(chunk.length).toBe(10_000)
    const oldest = bytes.length - 8 * 16_384
    expect(() => digest.at(oldest - 1)).toThrow(RangeError)
    expect(digest.at(oldest)).toBe(sha256(oldest))
  })
})
