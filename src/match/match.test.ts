import { assert, property, stringMatching } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Bank, BankHash } from '../model/bank.ts'
import type { ImageHash, PdqImageHash, PdqProfile } from '../model/hash.ts'
import { buildDigestIndex } from './digest-index.ts'
import { buildLinearIndex } from './linear-index.ts'
import { openMatcher } from './match.ts'

const hex = (length: number) => stringMatching(new RegExp(`^[0-9a-f]{${length}}$`))
const zeros = '0'.repeat(64)
/** A hash at exactly `bits` from all zeros. */
const at = (bits: number) => ((1n << BigInt(bits)) - 1n).toString(16).padStart(64, '0')
const pdq = (value: string, quality = 100, profile: PdqProfile = 'reference-512'): ImageHash => ({
  type: 'pdq',
  value,
  quality,
  profile,
  variant: 'original',
})
const bankOf = (id: number, parts: Partial<Bank> = {}): Bank & { contentCount: number } => ({
  id,
  name: `bank-${id}`,
  threshold: 31,
  minQuality: 50,
  profile: 'reference-512',
  isEnabled: true,
  createdAt: '',
  contentCount: 0,
  ...parts,
})
const hashOf = (
  bankId: number,
  contentId: number,
  value: string,
  type: BankHash['type'] = 'pdq',
): BankHash => ({
  bankId,
  contentId,
  type,
  value,
  profile: 'reference-512',
})
const openOver = (banks: ReturnType<typeof bankOf>[], hashes: BankHash[]) =>
  openMatcher({
    list: async () => banks,
    enabledHashes: async () =>
      hashes.map((hash) => ({
        ...hash,
        profile: banks.find((bank) => bank.id === hash.bankId)?.profile ?? hash.profile,
      })),
  })

describe('the linear index', () => {
  it('counts the bits in which two hashes differ, as arithmetic on big integers does', () => {
    assert(
      property(hex(64), hex(64), (a, b) => {
        const bits = (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2).replaceAll('0', '').length
        expect(buildLinearIndex([hashOf(1, 1, a)]).search(b, 256)).toEqual([
          { bankId: 1, contentId: 1, distance: bits },
        ])
        expect(buildLinearIndex([hashOf(1, 1, a)]).search(b, bits - 1)).toEqual([])
      }),
    )
  })

  it('finds nothing when it is empty', () => {
    expect(buildLinearIndex([]).search(zeros, 256)).toEqual([])
  })
})

describe('the digest index', () => {
  it('finds every content with the same value, and nothing else', () => {
    const index = buildDigestIndex([
      hashOf(1, 1, zeros, 'sha256'),
      hashOf(2, 5, zeros, 'sha256'),
      hashOf(1, 2, at(1), 'sha256'),
    ])
    expect(index.search(zeros, 256).map((hit) => hit.contentId)).toEqual([1, 5])
    expect(index.search(at(2), 256)).toEqual([])
  })
})

describe('match', () => {
  it('keeps to each bank its own threshold, inclusive', async () => {
    const banks = [bankOf(1, { threshold: 31 }), bankOf(2, { threshold: 10 })]
    const matcher = await openOver(banks, [
      hashOf(1, 1, at(31)),
      hashOf(1, 2, at(32)),
      hashOf(2, 3, at(10)),
      hashOf(2, 4, at(11)),
    ])
    expect(matcher.match([pdq(zeros)]).map((match) => [match.bank, match.contentId, match.distance])).toEqual(
      [
        ['bank-2', 3, 10],
        ['bank-1', 1, 31],
      ],
    )
  })

  it('passes over images below a bank quality gate, though not their digests', async () => {
    const banks = [bankOf(1, { minQuality: 50 }), bankOf(2, { minQuality: 10 })]
    const hashes = [hashOf(1, 1, zeros), hashOf(2, 2, zeros), hashOf(1, 3, at(7), 'sha256')]
    const matcher = await openOver(banks, hashes)
    const sha256: ImageHash = { type: 'sha256', value: at(7), quality: 100 }
    expect(matcher.match([pdq(zeros, 49), sha256]).map((match) => match.contentId)).toEqual([3, 2])
    expect(matcher.match([pdq(zeros, 50)]).map((match) => match.contentId)).toEqual([1, 2])
  })

  it('returns a content once, by its nearest hash', async () => {
    const matcher = await openOver(
      [bankOf(1)],
      [hashOf(1, 1, at(20)), hashOf(1, 1, at(4)), hashOf(1, 1, at(9))],
    )
    expect(matcher.match([pdq(zeros)])).toEqual([
      {
        bankId: 1,
        bank: 'bank-1',
        contentId: 1,
        hashType: 'pdq',
        profile: 'reference-512',
        variant: 'original',
        distance: 4,
      },
    ])
  })

  it('looks in one bank, or at another distance, when asked to', async () => {
    const matcher = await openOver([bankOf(1), bankOf(2)], [hashOf(1, 1, at(40)), hashOf(2, 2, at(3))])
    expect(matcher.match([pdq(zeros)], { bank: 'bank-1' })).toEqual([])
    expect(
      matcher.match([pdq(zeros)], { bank: 'bank-1', distance: 40 }).map((match) => match.contentId),
    ).toEqual([1])
    expect(matcher.match([pdq(zeros)], { distance: 0 })).toEqual([])
  })

  it('sees what changed in the banks after a refresh, not before', async () => {
    const hashes = [hashOf(1, 1, zeros)]
    const matcher = await openOver([bankOf(1)], hashes)
    hashes.push(hashOf(1, 2, at(1)))
    expect([matcher.size, matcher.match([pdq(zeros)]).length]).toEqual([1, 1])
    await matcher.refresh()
    expect([matcher.size, matcher.match([pdq(zeros)]).length]).toEqual([2, 2])
  })

  it('passes over banks that are switched off', async () => {
    const matcher = await openOver([bankOf(1, { isEnabled: false })], [hashOf(1, 1, zeros)])
    expect(matcher.match([pdq(zeros)])).toEqual([])
  })

  it('compares with each bank in the kind of its hashes, and with a bank of unknown kind both ways', async () => {
    const banks = [bankOf(1), bankOf(2, { profile: 'full-resolution' }), bankOf(3, { profile: 'unknown' })]
    const matcher = await openOver(banks, [hashOf(1, 1, zeros), hashOf(2, 2, zeros), hashOf(3, 3, zeros)])
    const found = (...hashes: ImageHash[]) =>
      matcher.match(hashes).map(({ contentId, distance }) => [contentId, distance])
    const full = pdq(at(4), 100, 'full-resolution')
    expect(found(pdq(at(9)))).toEqual([
      [1, 9],
      [3, 9],
    ])
    expect(found(full)).toEqual([
      [2, 4],
      [3, 4],
    ])
    expect(found(pdq(at(9)), full)).toEqual([
      [2, 4],
      [3, 4],
      [1, 9],
    ])
    expect(matcher.match([pdq(at(9)), full])[1]).toMatchObject({ bank: 'bank-3', profile: 'full-resolution' })
  })

  it('asks for the profiles that the enabled banks need, and for the reference when none does', async () => {
    const full = bankOf(2, { profile: 'full-resolution' })
    const profilesOf = async (banks: ReturnType<typeof bankOf>[], ids: number[]) =>
      (
        await openOver(
          banks,
          ids.map((id) => hashOf(id, id, zeros)),
        )
      ).profiles
    expect(await profilesOf([bankOf(1), full], [])).toEqual(['reference-512'])
    expect(await profilesOf([bankOf(1), full], [2])).toEqual(['full-resolution'])
    expect(await profilesOf([bankOf(1), full], [1, 2])).toEqual(['reference-512', 'full-resolution'])
    expect(await profilesOf([bankOf(1), bankOf(3, { profile: 'unknown' })], [3])).toHaveLength(2)
    expect(await profilesOf([{ ...full, isEnabled: false }], [2])).toEqual(['reference-512'])
  })

  it('asks for SHA-1 only while an enabled bank holds one, and then finds it', async () => {
    const sha1 = '3'.repeat(40)
    const held = [hashOf(1, 1, sha1, 'sha1')]
    const matcher = await openOver([bankOf(1)], held)
    expect(matcher.hasSha1).toBe(true)
    expect(matcher.match([{ type: 'sha1', value: sha1, quality: 100 }])).toMatchObject([
      { contentId: 1, hashType: 'sha1', distance: 0 },
    ])
    expect((await openOver([bankOf(1)], [hashOf(1, 1, zeros, 'sha256')])).hasSha1).toBe(false)
  })

  it('says which look at the image matched', async () => {
    const matcher = await openOver([bankOf(1)], [hashOf(1, 1, zeros)])
    const turned: ImageHash = { ...(pdq(zeros) as PdqImageHash), variant: 'rotate-90' }
    expect(matcher.match([pdq(at(40)), turned])).toMatchObject([{ variant: 'rotate-90', distance: 0 }])
  })
})
