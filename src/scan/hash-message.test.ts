import { describe, expect, it } from 'vitest'
import { turns } from '../model/hash.ts'
import { parseHashReply } from './hash-message.ts'

const pdq = {
  type: 'pdq',
  value: '0f'.repeat(32),
  quality: 90,
  profile: 'reference-512',
  variant: 'original',
} as const
const md5 = { type: 'md5', value: 'ab'.repeat(16), quality: 100 } as const
const sha1 = { type: 'sha1', value: 'ef'.repeat(20), quality: 100 } as const
const sha256 = { type: 'sha256', value: 'cd'.repeat(32), quality: 100 } as const
const facts = { format: 'jpeg', width: 10, height: 20, size: 30 } as const

function done(hashes: unknown): unknown {
  return { kind: 'done', outcome: { kind: 'hashed', facts, hashes, decodeMs: 1, hashMs: 2 } }
}

describe('parseHashReply', () => {
  it('takes every look in every profile, and the digests behind them', () => {
    const variants = ['original', 'oriented', 'on-white', 'on-black', 'frame-2', 'frame-1000', ...turns]
    const looks = variants.flatMap((variant) =>
      ['reference-512', 'full-resolution'].map((profile) => ({ ...pdq, variant, profile })),
    )
    const message = done([...looks, md5, sha256])
    expect(parseHashReply(structuredClone(message))).toEqual(message)
  })

  it('takes a SHA-1 between the other digests', () => {
    expect(parseHashReply(done([pdq, md5, sha1, sha256]))).toEqual(done([pdq, md5, sha1, sha256]))
  })

  it('keeps nothing that was not asked for', () => {
    expect(parseHashReply(done([{ ...pdq, path: '/etc' }, { ...md5, profile: 'x' }, sha256]))).toEqual(
      done([pdq, md5, sha256]),
    )
  })

  it.each([
    ['no hashes', []],
    ['no list', 'pdq'],
    ['digests alone', [md5, sha256]],
    ['no digests', [pdq, pdq, pdq]],
    ['digests in another order', [pdq, sha256, md5]],
    ['a SHA-1 in another place', [pdq, sha1, md5, sha256]],
    ['a SHA-1 of another length', [pdq, md5, { ...sha1, value: 'ef' }, sha256]],
    ['a digest among the looks', [pdq, md5, md5, sha256]],
    ['another look first', [{ ...pdq, variant: 'oriented' }, md5, sha256]],
    ['a look that there is not', [pdq, { ...pdq, variant: 'sideways' }, md5, sha256]],
    ['a first frame by number', [pdq, { ...pdq, variant: 'frame-1' }, md5, sha256]],
    ['a frame number with a zero before it', [pdq, { ...pdq, variant: 'frame-02' }, md5, sha256]],
    ['a frame number beyond all', [pdq, { ...pdq, variant: 'frame-99999' }, md5, sha256]],
    ['a profile that there is not', [{ ...pdq, profile: 'unknown' }, md5, sha256]],
    ['no profile', [{ ...pdq, profile: undefined }, md5, sha256]],
    ['a hash in capitals', [{ ...pdq, value: 'AF'.repeat(32) }, md5, sha256]],
    ['a hash of another length', [{ ...pdq, value: 'af' }, md5, sha256]],
    ['a quality above 100', [{ ...pdq, quality: 101 }, md5, sha256]],
    ['a quality that is no number', [{ ...pdq, quality: Number.NaN }, md5, sha256]],
    ['more hashes than any plan', [...Array.from({ length: 600 }, () => pdq), md5, sha256]],
    ['a hole', Object.assign(Array.from({ length: 0 }), { 0: pdq, 2: md5, 3: sha256, length: 4 })],
  ])('refuses %s', (_, hashes) => {
    expect(parseHashReply(done([pdq, md5, sha256]))).toBeDefined()
    expect(parseHashReply(done(hashes))).toBeUndefined()
  })
})
