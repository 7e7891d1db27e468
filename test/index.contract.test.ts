import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { openDigestIndex } from '../src/match/digest-index.ts'
import type { HashIndex, IndexHit } from '../src/match/hash-index.ts'
import { openLinearIndex } from '../src/match/linear-index.ts'
import { openPdqIndex } from '../src/match/pdq-index.ts'

/** Every index, with the radii that mean anything for it. Small tiers, so that a test passes through all of them. */
const indexes = [
  { name: 'the linear index', bytes: 32, isExact: false, open: openLinearIndex },
  {
    name: 'the PDQ index',
    bytes: 32,
    isExact: false,
    open: () => openPdqIndex({ tailRows: 50, middleRows: 400 }),
  },
  { name: 'the SHA-256 index', bytes: 32, isExact: true, open: () => openDigestIndex(32) },
  { name: 'the SHA-1 index', bytes: 20, isExact: true, open: () => openDigestIndex(20) },
  { name: 'the MD5 index', bytes: 16, isExact: true, open: () => openDigestIndex(16) },
]
const byContent = (hits: readonly IndexHit[]) =>
  [...hits].sort((a, b) => a.contentId - b.contentId || a.distance - b.distance)

describe.each(indexes)('$name', ({ bytes, isExact, open }) => {
  const zeros = new Uint8Array(bytes)
  const withBit = (bit: number) => Uint8Array.from(zeros, (_, i) => (i === bit >> 3 ? 1 << (bit & 7) : 0))
  const ids = async (index: HashIndex, hash: Uint8Array, radius: number) =>
    byContent(await index.search(hash, radius)).map(({ contentId }) => contentId)

  it('finds nothing when it is empty, and one when it holds one', async () => {
    await using index = open()
    expect([index.size, await index.search(zeros, 256)]).toEqual([0, []])
    index.add(zeros, 7, 9)
    expect(await index.search(zeros, 0)).toEqual([{ bankId: 7, contentId: 9, distance: 0 }])
    index.add(withBit(3), 7, 10)
    expect([index.size, await ids(index, zeros, 0)]).toEqual([2, [9]])
    expect(await ids(index, zeros, 1)).toEqual(isExact ? [9] : [9, 10])
  })

  it('copies what it is given', async () => {
    await using index = open()
    const hash = withBit(0)
    index.add(hash, 1, 1)
    hash.fill(255)
    expect(await ids(index, withBit(0), 0)).toEqual([1])
  })

  it('finds a hash of several contents for each of them, before and after it is tended', async () => {
    await using index = open()
    for (let content = 1; content <= 3000; content++) index.add(zeros, content % 3, content)
    expect(await index.search(zeros, 0)).toHaveLength(3000)
    await index.tend()
    expect(await index.search(zeros, 0)).toHaveLength(3000)
    expect(new Set((await index.search(zeros, 0)).map(({ contentId }) => contentId)).size).toBe(3000)
  })

  it('finds no removed hash, whenever it was removed', async () => {
    await using index = open()
    for (let content = 0; content < 1000; content++) index.add(withBit(content % 100), 1, content)
    expect([index.remove(withBit(0), 500), index.remove(withBit(0), 500)]).toEqual([true, false])
    expect(index.remove(withBit(1), 500)).toBe(false)
    const tending = index.tend()
    expect(index.remove(withBit(7), 7)).toBe(true)
    expect(await ids(index, withBit(7), 0)).not.toContain(7)
    await tending
    expect(await ids(index, withBit(7), 0)).toEqual([107, 207, 307, 407, 507, 607, 707, 807, 907])
    expect(index.remove(withBit(7), 907)).toBe(true)
    expect(await ids(index, withBit(7), 0)).toEqual([107, 207, 307, 407, 507, 607, 707, 807])
    expect(await ids(index, withBit(0), 0)).not.toContain(500)
    expect(index.size).toBe(997)
  })

  it('answers as the linear index does while hashes come and go', async () => {
    await using index = open()
    await using linear = openLinearIndex()
    const held: { hash: Uint8Array; content: number }[] = []
    let tending: Promise<void> | undefined
    let compared = 0
    for (let content = 1; content <= 2500; content++) {
      const hash = content % 5 === 0 ? Uint8Array.from(held[content % held.length]!.hash) : randomBytes(bytes)
      if (content % 5 === 0 && content % 2 === 0) hash[content % bytes]! ^= content & 255
      for (const one of [index, linear]) one.add(hash, content % 4, content)
      held.push({ hash, content })
      if (content % 7 === 0) {
        const gone = held.splice((content * 31) % held.length, 1)[0]!
        expect([index.remove(gone.hash, gone.content), linear.remove(gone.hash, gone.content)]).toEqual([
          true,
          true,
        ])
      }
      if (content % 97 === 0) tending = index.tend()
      if (content % 50 === 0) {
        const needle = held[(content * 17) % held.length]!.hash
        const radius = isExact ? 0 : content % 64
        expect(byContent(await index.search(needle, radius))).toEqual(
          byContent(await linear.search(needle, radius)),
        )
        compared++
      }
    }
    await tending
    await index.tend()
    expect([compared, index.size]).toEqual([50, linear.size])
    for (const { hash } of held.slice(0, 50)) {
      expect(byContent(await index.search(hash, 0))).toEqual(byContent(await linear.search(hash, 0)))
    }
  })
})

describe('the PDQ index', () => {
  /** A bank of `count` hashes by a rule, in both indexes. */
  const openBoth = async (count: number, hashAt: (i: number) => Uint8Array) => {
    const index = openPdqIndex({ tailRows: 10, middleRows: 100 })
    const linear = openLinearIndex()
    for (let i = 0; i < count; i++) {
      const hash = hashAt(i)
      index.add(hash, i % 3, i)
      linear.add(hash, i % 3, i)
    }
    await index.tend()
    return { index, linear }
  }
  const flipped = (hash: Uint8Array, bits: readonly number[]) => {
    const copy = Uint8Array.from(hash)
    for (const bit of bits) copy[bit >> 3]! ^= 1 << (bit & 7)
    return copy
  }
  const someBits = (random: () => number, count: number, from = 0, span = 256) => {
    const bits = new Set<number>()
    while (bits.size < count) bits.add(from + Math.floor(random() * span))
    return [...bits]
  }
  /** A small generator, so that a failure comes again (mulberry32). */
  const seeded = (seed: number) => () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  const hashFrom = (random: () => number) => Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256))

  it('finds at every radius what the linear index finds: hashes planted at each distance, spread and crowded', async () => {
    const random = seeded(1)
    const needle = hashFrom(random)
    const { index, linear } = await openBoth(2000, (i) => {
      if (i % 4 === 0) return hashFrom(random)
      // Just that many bits away: anywhere, in a few slots only, or as even as can be.
      const distance = i % 67
      if (i % 4 === 1) return flipped(needle, someBits(random, distance))
      if (i % 4 === 2) return flipped(needle, someBits(random, distance, 16 * (i % 12), 68))
      return flipped(
        needle,
        Array.from({ length: distance }, (_, bit) => (bit * 17) % 256),
      )
    })
    for (let radius = 0; radius <= 66; radius++) {
      const expected = byContent(await linear.search(needle, radius))
      expect(expected.length).toBeGreaterThan(radius * 20)
      expect(byContent(await index.search(needle, radius))).toEqual(expected)
    }
    expect(await index.search(needle, 256)).toHaveLength(2000)
    await index[Symbol.asyncDispose]()
  })

  it.each([0, 1, 2, 3, 15, 16, 17])('is exact with %i hashes', async (count) => {
    const random = seeded(count + 2)
    const { index, linear } = await openBoth(count, () => hashFrom(random))
    for (let round = 0; round < 30; round++) {
      const needle = hashFrom(random)
      const radius = 90 + round
      expect(byContent(await index.search(needle, radius))).toEqual(
        byContent(await linear.search(needle, radius)),
      )
    }
    await index[Symbol.asyncDispose]()
  })

  it('is exact where all hashes share a bucket, or all but one of them', async () => {
    const random = seeded(30)
    const base = hashFrom(random)
    const { index, linear } = await openBoth(6000, (i) => {
      const hash = hashFrom(random)
      hash.set(base.subarray(0, 4))
      return i % 2 === 0 ? hash : flipped(base, someBits(random, i % 40))
    })
    for (const radius of [0, 5, 15, 16, 31, 47, 63]) {
      for (let round = 0; round < 5; round++) {
        const needle = flipped(base, someBits(random, round * 6))
        expect(byContent(await index.search(needle, radius))).toEqual(
          byContent(await linear.search(needle, radius)),
        )
      }
    }
    await index[Symbol.asyncDispose]()
  })

  it('is exact on clusters of near copies, between hashes of few bits and of their opposites', async () => {
    const random = seeded(31)
    const seeds = [
      new Uint8Array(32),
      new Uint8Array(32).fill(255),
      ...Array.from({ length: 20 }, () => hashFrom(random)),
    ]
    const { index, linear } = await openBoth(8000, (i) =>
      flipped(seeds[i % seeds.length]!, someBits(random, i % 24)),
    )
    let found = 0
    for (let round = 0; round < 120; round++) {
      const needle = flipped(seeds[round % seeds.length]!, someBits(random, round % 30))
      const expected = byContent(await linear.search(needle, round % 64))
      expect(byContent(await index.search(needle, round % 64))).toEqual(expected)
      found += expected.length
    }
    expect(found).toBeGreaterThan(5000)
    await index[Symbol.asyncDispose]()
  })

  it('searches what was reserved room for, before and after it is sorted where it is', async () => {
    const random = seeded(40)
    await using index = openPdqIndex()
    const hashes = Array.from({ length: 20_000 }, () => hashFrom(random))
    index.reserve(hashes.length)
    for (const [i, hash] of hashes.entries()) index.add(hash, i % 5, i)
    const find = async (i: number) => await index.search(flipped(hashes[i]!, someBits(random, 31)), 31)
    expect(await find(5)).toEqual([{ bankId: 0, contentId: 5, distance: 31 }])
    const tending = index.tend()
    const searching = find(7)
    index.add(hashes[0]!, 1, 99_999)
    index.remove(hashes[3]!, 3)
    expect(await searching).toEqual([{ bankId: 2, contentId: 7, distance: 31 }])
    await tending
    expect(await find(3)).toEqual([])
    expect((await find(0)).map(({ contentId }) => contentId).sort((a, b) => a - b)).toEqual([0, 99_999])
    expect(index.size).toBe(20_000)
    for (let i = 100; i < 200; i++)
      expect(await find(i)).toEqual([{ bankId: i % 5, contentId: i, distance: 31 }])
  })

  it('gives long searches and everything else their turns, and loses nothing by what changes meanwhile', async () => {
    const random = seeded(50)
    await using index = openPdqIndex({ tailRows: 1000, middleRows: 1000 })
    // Each search finds all of them, more than a step can hand over.
    for (let i = 0; i < 60_000; i++) index.add(flipped(new Uint8Array(32), [i % 256]), 1, i)
    await index.tend()
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    const searches = Array.from({ length: 4 }, () => index.search(new Uint8Array(32), 2))
    for (let i = 0; i < 3000; i++) index.add(hashFrom(random), 2, 100_000 + i)
    const tending = index.tend()
    const found = await Promise.all(searches)
    clearInterval(timer)
    await tending
    for (const hits of found) {
      const contents = new Set(hits.filter(({ bankId }) => bankId === 1).map(({ contentId }) => contentId))
      expect([contents.size, hits.length]).toEqual([60_000, 60_000])
    }
    expect(turns).toBeGreaterThan(3)
  })
})
