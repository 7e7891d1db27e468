import { assert, property, stringMatching } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Bank } from '../model/bank.ts'
import type { HashType, ImageHash, PdqImageHash, PdqProfile } from '../model/hash.ts'
import type { Match } from '../model/match.ts'
import type { BankHashes } from './bank-indexes.ts'
import { hammingDistance } from './hamming.ts'
import { openMatcher } from './match.ts'

/** A hash as a row of the store has it. */
type BankHash = {
  readonly bankId: number
  readonly contentId: number
  readonly type: HashType
  readonly value: string
}
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
const bankOf = (id: number, parts: Partial<Bank> = {}): Bank => ({
  id,
  name: `bank-${id}`,
  threshold: 31,
  minQuality: 50,
  profile: 'reference-512',
  enabledRatio: 1,
  isEnabled: true,
  tiers: [],
  suppresses: undefined,
  createdAt: '',
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
})
/** The log of a store that holds these hashes, and whatever is added to the list later. */
const changesOf = (hashes: BankHash[], removals: BankHash[] = []): BankHashes['bankChanges'] => {
  const pageOf = (all: BankHash[], after: number, limit: number) => {
    const rows = all.slice(after, after + limit)
    return {
      count: rows.length,
      lastId: after + rows.length,
      bankIds: rows.map(({ bankId }) => bankId),
      contentIds: rows.map(({ contentId }) => contentId),
      types: rows.map(({ type }) => type),
      values: Buffer.concat(rows.map(({ value }) => Buffer.from(value, 'hex'))),
    }
  }
  return {
    added: async (after, limit) => pageOf(hashes, after, limit),
    removed: async (after, limit) => pageOf(removals, after, limit),
    lastRemoval: async () => removals.length,
    counts: async () => hashes.map(({ bankId, type }) => ({ bankId, type, count: 1 })),
  }
}
const nowMs = 5_000_000
let switched: [number, number][] = []
const typeRatios = new Map<HashType, number>()
const curation: Parameters<typeof openMatcher>[0]['curation'] = {
  switches: async (after) => ({ lastId: switched.length, switches: switched.slice(after) }),
  typeRatios: async () => new Map(typeRatios),
}
const openOver = (banks: ReturnType<typeof bankOf>[], hashes: BankHash[], removals: BankHash[] = []) =>
  openMatcher(
    {
      banks: { settings: async () => [...banks], profiles: async () => [...banks] },
      bankChanges: changesOf(hashes, removals),
      curation,
      verdicts: { opinions: async () => new Map() },
    },
    () => nowMs,
  )

describe('match', () => {
  it('keeps to each bank its own threshold, inclusive', async () => {
    const banks = [bankOf(1, { threshold: 31 }), bankOf(2, { threshold: 10 })]
    const matcher = await openOver(banks, [
      hashOf(1, 1, at(31)),
      hashOf(1, 2, at(32)),
      hashOf(2, 3, at(10)),
      hashOf(2, 4, at(11)),
    ])
    expect(
      (await matcher.match([pdq(zeros)])).map((match) => [match.bank, match.contentId, match.distance]),
    ).toEqual([
      ['bank-2', 3, 10],
      ['bank-1', 1, 31],
    ])
  })

  it('tells the tier of a match, bounds inclusive, and none beyond the last', async () => {
    const tiers = [
      { name: 'exact', distance: 0 },
      { name: 'near', distance: 16 },
    ]
    const hashes = [0, 1, 16, 17].map((bits, i) => hashOf(1, i + 1, at(bits)))
    const matcher = await openOver([bankOf(1, { tiers })], [...hashes, hashOf(1, 9, at(5), 'sha256')])
    const sha256: ImageHash = { type: 'sha256', value: at(5), quality: 100 }
    expect((await matcher.match([pdq(zeros), sha256])).map(({ distance, tier }) => [distance, tier])).toEqual(
      [
        [0, 'exact'],
        [0, 'exact'],
        [1, 'near'],
        [16, 'near'],
        [17, undefined],
      ],
    )
  })

  it('passes over images below a bank quality gate, though not their digests', async () => {
    const banks = [bankOf(1, { minQuality: 50 }), bankOf(2, { minQuality: 10 })]
    const hashes = [hashOf(1, 1, zeros), hashOf(2, 2, zeros), hashOf(1, 3, at(7), 'sha256')]
    const matcher = await openOver(banks, hashes)
    const sha256: ImageHash = { type: 'sha256', value: at(7), quality: 100 }
    expect((await matcher.match([pdq(zeros, 49), sha256])).map((match) => match.contentId)).toEqual([2, 3])
    expect((await matcher.match([pdq(zeros, 50)])).map((match) => match.contentId)).toEqual([1, 2])
  })

  it('returns a content once, by its nearest hash', async () => {
    const matcher = await openOver(
      [bankOf(1)],
      [hashOf(1, 1, at(20)), hashOf(1, 1, at(4)), hashOf(1, 1, at(9))],
    )
    expect(await matcher.match([pdq(zeros)])).toEqual([
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
    expect(await matcher.match([pdq(zeros)], { banks: ['bank-1'] })).toEqual([])
    expect(await matcher.match([pdq(zeros)], { banks: ['bank-1'], radius: 40 })).toMatchObject([
      { contentId: 1 },
    ])
    expect(await matcher.match([pdq(zeros)], { radius: 0 })).toEqual([])
    expect(await matcher.match([pdq(zeros)], { banks: ['bank-9'], radius: 256 })).toEqual([])
  })

  it('sees what changed in the banks after a refresh, not before', async () => {
    const hashes = [hashOf(1, 1, zeros)]
    const matcher = await openOver([bankOf(1)], hashes)
    hashes.push(hashOf(1, 2, at(1)))
    expect([matcher.size, (await matcher.match([pdq(zeros)])).length]).toEqual([1, 1])
    await matcher.refresh()
    expect([matcher.size, (await matcher.match([pdq(zeros)])).length]).toEqual([2, 2])
  })

  it('forgets what was removed, a bank that is gone included', async () => {
    const banks = [bankOf(1), bankOf(2)]
    const hashes = [
      hashOf(1, 1, zeros),
      hashOf(1, 2, at(1)),
      hashOf(2, 3, at(2)),
      hashOf(2, 4, at(3), 'sha256'),
    ]
    const removals: BankHash[] = []
    const matcher = await openOver(banks, hashes, removals)
    removals.push(hashes[1]!, hashes[2]!, hashes[3]!)
    banks.pop()
    expect(await matcher.refresh()).toBe(3)
    expect([matcher.size, await matcher.match([pdq(zeros)])]).toMatchObject([1, [{ contentId: 1 }]])
  })

  it('passes over hashes of a bank that came and went between two looks', async () => {
    const hashes = [hashOf(1, 1, zeros)]
    const matcher = await openOver([bankOf(1)], hashes)
    hashes.push(hashOf(9, 2, zeros), hashOf(1, 3, at(5)))
    await matcher.refresh()
    expect((await matcher.match([pdq(zeros)])).map(({ contentId }) => contentId)).toEqual([1, 3])
  })

  it('passes over banks that are switched off', async () => {
    const matcher = await openOver([bankOf(1, { enabledRatio: 0, isEnabled: false })], [hashOf(1, 1, zeros)])
    expect(await matcher.match([pdq(zeros)])).toEqual([])
  })

  it('matches a bank for the images whose coin is within its ratio, all of its share and no more', async () => {
    const banks = [
      bankOf(1),
      bankOf(2, { enabledRatio: 0.5 }),
      bankOf(3, { enabledRatio: 0, isEnabled: false }),
    ]
    const matcher = await openOver(banks, [hashOf(1, 1, zeros), hashOf(2, 2, zeros), hashOf(3, 3, zeros)])
    const found = async (coin?: number) =>
      (await matcher.match([pdq(zeros)], coin === undefined ? {} : { coin })).map(
        ({ contentId }) => contentId,
      )
    expect(await found(1)).toEqual([1])
    expect(await found(0.51)).toEqual([1])
    expect(await found(0.5)).toEqual([1, 2])
    expect(await found(0)).toEqual([1, 2, 3])
    expect(await found()).toEqual([1, 2])
  })

  it('matches no content that is disabled, until its time has come, unless it is asked to', async () => {
    switched = [
      [1, 0],
      [2, 1],
      [3, 5_000],
      [4, 5_001],
    ]
    const hashes = [1, 2, 3, 4, 5].map((contentId) => hashOf(1, contentId, zeros))
    const matcher = await openOver([bankOf(1)], hashes)
    const found = async (hasDisabled?: boolean) =>
      (await matcher.match([pdq(zeros)], hasDisabled ? { hasDisabled } : {})).map(
        ({ contentId }) => contentId,
      )
    expect(await found()).toEqual([2, 3, 5])
    expect(await found(true)).toEqual([1, 2, 3, 4, 5])
    switched.push([1, 1], [5, 0])
    expect(await found()).toEqual([2, 3, 5])
    await matcher.refresh()
    expect(await found()).toEqual([1, 2, 3])
    switched = []
  })

  it('leaves out a hash type that is switched off', async () => {
    typeRatios.set('pdq', 0)
    const matcher = await openOver([bankOf(1)], [hashOf(1, 1, zeros), hashOf(1, 2, at(7), 'sha256')])
    const sha256: ImageHash = { type: 'sha256', value: at(7), quality: 100 }
    expect((await matcher.match([pdq(zeros), sha256])).map(({ contentId }) => contentId)).toEqual([2])
    typeRatios.clear()
    await matcher.refresh()
    expect((await matcher.match([pdq(zeros), sha256])).map(({ contentId }) => contentId)).toEqual([1, 2])
  })

  it('compares with each bank in the kind of its hashes, and with a bank of unknown kind both ways', async () => {
    const banks = [bankOf(1), bankOf(2, { profile: 'full-resolution' }), bankOf(3, { profile: 'unknown' })]
    const matcher = await openOver(banks, [hashOf(1, 1, zeros), hashOf(2, 2, zeros), hashOf(3, 3, zeros)])
    const found = async (...hashes: ImageHash[]) =>
      (await matcher.match(hashes)).map(({ contentId, distance }) => [contentId, distance])
    const full = pdq(at(4), 100, 'full-resolution')
    expect(await found(pdq(at(9)))).toEqual([
      [1, 9],
      [3, 9],
    ])
    expect(await found(full)).toEqual([
      [2, 4],
      [3, 4],
    ])
    expect(await found(pdq(at(9)), full)).toEqual([
      [2, 4],
      [3, 4],
      [1, 9],
    ])
    expect((await matcher.match([pdq(at(9)), full]))[1]).toMatchObject({
      bank: 'bank-3',
      profile: 'full-resolution',
    })
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
    expect(await profilesOf([{ ...full, enabledRatio: 0, isEnabled: false }], [2])).toEqual(['reference-512'])
  })

  it('asks for SHA-1 only while an enabled bank holds one, and then finds it', async () => {
    const sha1 = '3'.repeat(40)
    const held = [hashOf(1, 1, sha1, 'sha1')]
    const matcher = await openOver([bankOf(1)], held)
    expect(matcher.hasSha1).toBe(true)
    expect(await matcher.match([{ type: 'sha1', value: sha1, quality: 100 }])).toMatchObject([
      { contentId: 1, hashType: 'sha1', distance: 0 },
    ])
    expect((await openOver([bankOf(1)], [hashOf(1, 1, zeros, 'sha256')])).hasSha1).toBe(false)
  })

  it('says which look at the image matched', async () => {
    const matcher = await openOver([bankOf(1)], [hashOf(1, 1, zeros)])
    const turned: ImageHash = { ...(pdq(zeros) as PdqImageHash), variant: 'rotate-90' }
    expect(await matcher.match([pdq(at(40)), turned])).toMatchObject([{ variant: 'rotate-90', distance: 0 }])
  })

  it('looks one hash up, or many, in the profile that is said, or in all', async () => {
    const banks = [bankOf(1), bankOf(2, { profile: 'full-resolution' }), bankOf(3, { profile: 'unknown' })]
    const hashes = [
      hashOf(1, 1, at(2)),
      hashOf(2, 2, at(3)),
      hashOf(3, 3, at(1)),
      hashOf(1, 4, '5'.repeat(32), 'md5'),
    ]
    const matcher = await openOver(banks, hashes)
    const contents = (matches: readonly Match[]) => matches.map(({ contentId }) => contentId)
    const needle = { type: 'pdq', value: zeros } as const
    expect(contents(await matcher.lookup(needle))).toEqual([3, 1, 2])
    expect(contents(await matcher.lookup(needle, { profile: 'full-resolution' }))).toEqual([3, 2])
    expect(contents(await matcher.lookup(needle, { radius: 2, banks: ['bank-1', 'bank-2'] }))).toEqual([1])
    expect(contents(await matcher.lookup({ ...needle, quality: 49 }))).toEqual([])
    expect(await matcher.lookup({ type: 'md5', value: '5'.repeat(32) })).toEqual([
      { bankId: 1, bank: 'bank-1', contentId: 4, hashType: 'md5', distance: 0 },
    ])
    const many = await matcher.lookupMany(
      [needle, { ...needle, value: at(256), variant: 'flip-x' }, needle],
      { radius: 254 },
    )
    expect(many.map(contents)).toEqual([
      [3, 1, 2],
      [2, 1],
      [3, 1, 2],
    ])
    expect(many[1]?.[0]).toMatchObject({ variant: 'flip-x', distance: 253, profile: 'unknown' })
    await expect(matcher.lookup({ type: 'pdq', value: 'ABC' })).rejects.toThrow(/Expected a hash of type pdq/)
  })
})

describe('the distance of two hashes', () => {
  it('is the number of bits in which they differ, as arithmetic on big integers has it', () => {
    assert(
      property(hex(64), hex(64), (a, b) => {
        const bits = (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2).replaceAll('0', '').length
        expect(hammingDistance(Buffer.from(a, 'hex'), Buffer.from(b, 'hex'))).toBe(bits)
      }),
    )
  })
})
