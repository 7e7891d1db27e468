import { array, assert, asyncProperty, boolean, constantFrom, integer, record } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createApplyEffects } from '../src/act/apply.ts'
import { createCuration } from '../src/curate/curate.ts'
import { hammingDistance } from '../src/match/hamming.ts'
import { openMatcher } from '../src/match/match.ts'
import type { Bank, ContentHash } from '../src/model/bank.ts'
import type { WantedBank } from '../src/model/curation.ts'
import type { ImageHash } from '../src/model/hash.ts'
import { type Did, sha256OfBlobCid } from '../src/model/ids.ts'
import type { Policy } from '../src/model/policy.ts'
import { noTimings, type ScanResult } from '../src/model/scan.ts'
import { runJob, type Stages } from '../src/pipeline.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { imageOf, noHistory, someCid, someUri } from './support/builders.ts'
import { claimJobs } from './support/claim-jobs.ts'

const now = () => new Date('2026-01-01T00:00:00.000Z')
const zeros = '0'.repeat(64)
/** A hash at exactly `bits` from all zeros. */
const at = (bits: number): string => ((1n << BigInt(bits)) - 1n).toString(16).padStart(64, '0')
const contentHash = (value: string, type: ContentHash['type'] = 'pdq'): ContentHash => ({
  type,
  value,
  quality: 100,
})
const looked = (value: string, quality = 100): ImageHash => ({
  type: 'pdq',
  value,
  quality,
  profile: 'reference-512',
  variant: 'original',
})
const sha256 = (value: string): ImageHash => ({ type: 'sha256', value, quality: 100 })

async function openWorld() {
  const stack = new AsyncDisposableStack()
  const database = stack.use(await openSqlite({ path: ':memory:' }))
  const matcher = stack.use(await openMatcher(database, () => now().getTime()))
  const onChange = async () => void (await matcher.refresh())
  const curation = createCuration({ database, actor: 'test', now, onChange })
  const createBank = (name: string, parts: Partial<WantedBank> = {}): Promise<Bank> =>
    curation.createBank({ name, threshold: 31, minQuality: 50, profile: 'reference-512', ...parts })
  const add = async (bank: Bank, ...hashes: ContentHash[]): Promise<number> =>
    (await curation.addContent(bank, { hashes })).contentId
  return {
    database,
    matcher,
    curation,
    createBank,
    add,
    async found(...hashes: ImageHash[]) {
      const { matches, suppressed } = await matcher.examine(hashes)
      expect(await matcher.match(hashes)).toEqual(matches)
      return [
        matches.map(({ contentId }) => contentId),
        suppressed.map(({ match, by }) => [match.contentId, by.bank, by.contentId, by.distance]),
      ]
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

describe('a negative bank', () => {
  it('suppresses what it names within its own distance, and says with which content', async () => {
    await using world = await openWorld()
    const [spam, abuse] = [await world.createBank('spam'), await world.createBank('abuse')]
    const [inSpam, inAbuse] = [
      await world.add(spam, contentHash(zeros)),
      await world.add(abuse, contentHash(zeros)),
    ]
    const harmless = await world.createBank('harmless', { threshold: 10, suppresses: ['spam'] })
    expect(await world.found(looked(zeros))).toEqual([[inSpam, inAbuse], []])
    const far = await world.add(harmless, contentHash(at(10)))
    expect(await world.found(looked(zeros))).toEqual([[inAbuse], [[inSpam, 'harmless', far, 10]]])
    const near = await world.add(harmless, contentHash(at(4)))
    expect(await world.found(looked(zeros))).toEqual([[inAbuse], [[inSpam, 'harmless', near, 4]]])
    await world.curation.updateBank(harmless.id, { suppresses: 'all' })
    expect(await world.found(looked(zeros))).toEqual([
      [],
      [inSpam, inAbuse].map((id) => [id, 'harmless', near, 4]),
    ])
    await world.curation.updateBank(harmless.id, { threshold: 3 })
    expect(await world.found(looked(zeros))).toEqual([[inSpam, inAbuse], []])
  })

  it('gives back what it suppressed when its content goes, is disabled, or the bank is switched off', async () => {
    await using world = await openWorld()
    const known = await world.add(await world.createBank('known'), contentHash(zeros))
    const harmless = await world.createBank('harmless', { suppresses: 'all' })
    const id = await world.add(harmless, contentHash(at(1)))
    const [acts, suppressed] = [
      [[known], []],
      [[], [[known, 'harmless', id, 1]]],
    ]
    const steps: [() => Promise<unknown>, unknown][] = [
      [() => world.curation.updateContent(harmless, id, { disableUntil: 0 }), acts],
      [() => world.curation.updateContent(harmless, id, { disableUntil: 1 }), suppressed],
      [() => world.curation.updateBank(harmless.id, { enabledRatio: 0 }), acts],
      [() => world.curation.updateBank(harmless.id, { enabledRatio: 1 }), suppressed],
      [() => world.curation.updateBank(harmless.id, { suppresses: [] }), acts],
      [() => world.curation.updateBank(harmless.id, { suppresses: ['known'] }), suppressed],
      [() => world.curation.removeContent(harmless, id), acts],
    ]
    expect(await world.found(looked(zeros))).toEqual(suppressed)
    for (const [step, expected] of steps) {
      await step()
      expect(await world.found(looked(zeros))).toEqual(expected)
    }
    expect(
      (await world.database.audit.list('harmless', 20)).map(({ action }) => action).toReversed(),
    ).toEqual([
      'bank.created',
      'bank.content-added',
      'bank.content-disabled',
      'bank.content-enabled',
      ...Array.from({ length: 4 }, () => 'bank.updated'),
      'bank.content-removed',
    ])
  })

  it('never matches itself, whoever asks for it and however', async () => {
    await using world = await openWorld()
    const known = await world.add(await world.createBank('known'), contentHash(zeros))
    await world.add(await world.createBank('harmless', { suppresses: [] }), contentHash(zeros))
    const needle = { type: 'pdq', value: zeros } as const
    expect(await world.found(looked(zeros))).toEqual([[known], []])
    expect(await world.matcher.lookup(needle, { banks: ['harmless'], coin: 0, hasSuppressed: true })).toEqual(
      [],
    )
  })

  it('is asked about every look and digest of an image, also about those that match nothing', async () => {
    await using world = await openWorld()
    const known = await world.add(await world.createBank('known'), contentHash(zeros))
    const harmless = await world.createBank('harmless', { suppresses: ['known'] })
    const file = 'ab'.repeat(32)
    const id = await world.add(harmless, contentHash(file, 'sha256'))
    expect(await world.found(looked(zeros), sha256('cd'.repeat(32)))).toEqual([[known], []])
    expect(await world.found(looked(zeros), sha256(file))).toEqual([[], [[known, 'harmless', id, 0]]])
    const turned = await world.add(harmless, contentHash('f'.repeat(64)))
    expect(await world.found(looked(zeros), looked('f'.repeat(64)))).toEqual([
      [],
      [[known, 'harmless', turned, 0]],
    ])
    expect(await world.found(looked(zeros), looked('f'.repeat(64), 49))).toEqual([[known], []])
  })

  it('is left aside by those who ask for everything, and lookups of one hash heed it', async () => {
    await using world = await openWorld()
    const known = await world.add(await world.createBank('known'), contentHash(zeros))
    await world.add(await world.createBank('harmless', { suppresses: ['known'] }), contentHash(zeros))
    const needle = { type: 'pdq', value: zeros } as const
    expect(await world.matcher.lookup(needle)).toEqual([])
    expect(await world.matcher.lookup(needle, { banks: ['known'], radius: 60 })).toEqual([])
    expect(await world.matcher.lookupMany([needle])).toEqual([[]])
    expect(await world.matcher.lookup(needle, { hasSuppressed: true })).toMatchObject([{ contentId: known }])
  })

  it('stays with the banks that it names when they are renamed, and names none that is not there', async () => {
    await using world = await openWorld()
    const known = await world.createBank('known')
    await world.add(known, contentHash(zeros))
    const harmless = await world.createBank('harmless', { suppresses: ['known'] })
    await world.add(harmless, contentHash(zeros))
    await world.curation.updateBank(known.id, { name: 'renamed' })
    expect((await world.found(looked(zeros)))[0]).toEqual([])
    expect((await world.database.banks.find('harmless'))?.suppresses).toEqual(['renamed'])
    const invalid = { kind: 'invalid' }
    await expect(world.createBank('x', { suppresses: ['known'] })).rejects.toMatchObject(invalid)
    await expect(world.curation.updateBank(harmless.id, { suppresses: ['harmless'] })).rejects.toMatchObject(
      invalid,
    )
    await expect(world.curation.updateBank(known.id, { suppresses: 'all' })).rejects.toMatchObject(invalid)
    expect(await world.database.audit.list('x', 5)).toEqual([])
  })

  it('suppresses exactly what a slow look at everything says', async () => {
    const banks = record({
      distance: integer({ min: 0, max: 40 }),
      bits: array(integer({ min: 0, max: 60 }), { maxLength: 4 }),
    })
    const negatives = record({
      distance: integer({ min: 0, max: 40 }),
      bits: array(integer({ min: 0, max: 60 }), { maxLength: 3 }),
      isAll: boolean(),
      named: array(constantFrom('p0', 'p1'), { maxLength: 2 }),
    })
    let suppressedOnes = 0
    const promise = asyncProperty(
      array(banks, { minLength: 2, maxLength: 2 }),
      array(negatives, { maxLength: 2 }),
      integer({ min: 0, max: 60 }),
      async (positive, negative, needleBits) => {
        await using world = await openWorld()
        const rows: { bank: string; bits: number; id: number; distance: number }[] = []
        const fill = async (bank: Bank, all: readonly number[]) => {
          for (const bits of new Set(all))
            rows.push({
              bank: bank.name,
              bits,
              id: await world.add(bank, contentHash(at(bits))),
              distance: bank.threshold,
            })
        }
        for (const [i, { distance, bits }] of positive.entries())
          await fill(await world.createBank(`p${i}`, { threshold: distance }), bits)
        for (const [i, { distance, bits, isAll, named }] of negative.entries()) {
          const suppresses = isAll ? 'all' : named
          await fill(await world.createBank(`n${i}`, { threshold: distance, suppresses }), bits)
        }
        const isNear = (row: (typeof rows)[number]): boolean =>
          hammingDistance(Buffer.from(at(row.bits), 'hex'), Buffer.from(at(needleBits), 'hex')) <=
          row.distance
        const covered = (bank: string): boolean =>
          negative.some(
            ({ isAll, named }, i) =>
              (isAll || named.some((name) => name === bank)) &&
              rows.some((row) => row.bank === `n${i}` && isNear(row)),
          )
        const near = rows.filter((row) => row.bank.startsWith('p') && isNear(row))
        const { matches, suppressed } = await world.matcher.examine([looked(at(needleBits))])
        const ids = (list: readonly number[]) => [...list].sort((a, b) => a - b)
        expect(ids(matches.map((match) => match.contentId))).toEqual(
          ids(near.filter(({ bank }) => !covered(bank)).map(({ id }) => id)),
        )
        expect(ids(suppressed.map(({ match }) => match.contentId))).toEqual(
          ids(near.filter(({ bank }) => covered(bank)).map(({ id }) => id)),
        )
        suppressedOnes += suppressed.length
      },
    )
    await assert(promise, { numRuns: 60, seed: 7 })
    expect(suppressedOnes).toBeGreaterThan(10)
  })
})

describe('an image that a negative bank knows', () => {
  const policy: Policy = {
    labels: ['known-image'],
    definitions: [],
    reports: {},
    banks: [{ bank: 'known', tiers: [{ distance: 31, effects: [{ kind: 'label', val: 'known-image' }] }] }],
    otherBanks: [],
  }
  const digest = sha256(sha256OfBlobCid(someCid))

  async function runStory(scan: ScanResult, harmlessHash: ContentHash) {
    const world = await openWorld()
    const { database } = world
    const known = await world.createBank('known')
    const contentId = await world.add(known, contentHash(digest.value, 'sha256'))
    const harmless = await world.createBank('harmless', { suppresses: ['known'] })
    const id = await world.add(harmless, harmlessHash)
    const review = await database.reviews.open(someUri, imageOf().did, now().toISOString())
    await database.jobs.enqueue([imageOf()], now().toISOString(), 0)
    const [job] = await claimJobs(database.jobs, { now: 0, leaseMs: 60_000, limit: 1, busy: [] })
    let scans = 0
    const stages: Stages = {
      matchHashes: world.matcher.examine,
      scanImage: async () => (scans++, scan),
      loadHistory: async () => noHistory,
      versions: () => ({ policy: 'none', banks: world.matcher.version }),
      policy,
      signLabels: async (effects) => {
        expect(effects.filter(({ kind }) => kind === 'label')).toEqual([])
        return []
      },
      applyEffects: createApplyEffects({
        database,
        src: 'did:web:x.example' as Did,
        targets: [],
        quotas: {},
        flood: { least: 100, factor: 10 },
        announce: async () => 0,
        now,
      }),
      wakePublishing: () => {},
      now,
    }
    return { world, stages, job: job!, contentId, id, review: review.id, scans: () => scans }
  }

  it('is not labeled, and the match, with what suppressed it, is in the store, the audit and the review', async () => {
    const scan: ScanResult = {
      kind: 'hashed',
      isCached: false,
      hashes: [looked(zeros), digest],
      facts: { format: 'png', width: 1, height: 1, size: 1 },
      plan: {
        profiles: ['reference-512'],
        hasSha1: false,
        isOriented: false,
        isFlattened: false,
        frames: 1,
        isTurned: false,
      },
      timings: noTimings,
    }
    const story = await runStory(scan, contentHash(at(3)))
    await using world = story.world
    const { effects } = await runJob(story.stages, story.job, new AbortController().signal)
    expect(story.scans()).toBe(1)
    expect(effects).toMatchObject([
      { kind: 'suppressed', match: { bank: 'known' }, by: { bank: 'harmless' } },
    ])
    const { matches, suppressed } = await world.database.matches.list(story.job.id)
    expect(matches).toEqual([])
    expect(suppressed).toMatchObject([
      {
        match: { contentId: story.contentId, hashType: 'sha256', distance: 0 },
        by: { bank: 'harmless', contentId: story.id, hashType: 'pdq', distance: 3 },
      },
    ])
    expect(await world.database.matches.ofRecord(someUri)).toEqual({ isSeen: true, isMatched: false })
    expect(await world.database.reviews.find(story.review)).toMatchObject({
      matchCount: 0,
      nearest: undefined,
    })
    expect(await world.database.evidence.list(story.review)).toMatchObject([
      { match: { bank: 'known' }, suppressedBy: { bank: 'harmless', contentId: story.id } },
    ])
    const rows = new Map(
      (await world.database.audit.list(someUri, 10)).map(({ action, details }) => [action, details]),
    )
    const told = {
      bank: 'known',
      contentId: story.contentId,
      by: { bank: 'harmless', contentId: story.id, distance: 3 },
    }
    expect(rows.get('effect.suppressed')).toMatchObject(told)
    expect(rows.get('match.found')).toMatchObject({
      blob: story.job.image.cid,
      matches: 0,
      suppressed: 1,
      matched: [],
      notActedOn: [told],
      job: story.job.id,
    })
  })

  it('is judged by its digest when its looks are not to be had', async () => {
    const scan = { kind: 'unscannable', isCached: false, reason: 'corrupt', timings: noTimings } as ScanResult
    const story = await runStory(scan, contentHash(at(3)))
    await using _world = story.world
    const signLabels: Stages['signLabels'] = async () => []
    const { effects } = await runJob({ ...story.stages, signLabels }, story.job, new AbortController().signal)
    expect(effects).toMatchObject([{ kind: 'label', val: 'known-image' }])
  })
})
