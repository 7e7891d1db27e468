import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { parsePolicy } from '../src/config/policy.ts'
import { shareOf } from '../src/lib/share.ts'
import { openMatcher } from '../src/match/match.ts'
import type { Bank } from '../src/model/bank.ts'
import { type AtUri, type Cid, type Did, sha256OfBlobCid } from '../src/model/ids.ts'
import type { PolicyReplay } from '../src/policy-desk.ts'
import { replayPolicies } from '../src/replay/replay.ts'
import { openSqliteToRead } from '../src/store/sqlite.ts'
import { cidOf as bytesCid, openPast, type Past, pastPlan as somePlan } from './support/past.ts'

const policyOf = (tiers: string, more = '') =>
  `labels: [known, likely, account]\nbanks:\n  spam:\n${tiers.replaceAll(/^/gm, '    ')}\n${more}`
const upTo = (distance: number, effects = 'label: known') =>
  `- { distance: ${distance}, effects: [${effects}] }`
const current = policyOf(upTo(20))

/** What becomes of effects, as `more label known none`, by record. */
const changesOf = ({ records }: PolicyReplay) =>
  Object.fromEntries(
    records.map(({ uri, effects }) => [
      uri.split('/').at(-1),
      effects.map(({ change, kind, detail, done }) => [change, kind, detail, done].filter(Boolean).join(' ')),
    ]),
  )

describe('a replay', { timeout: 30_000 }, () => {
  let past: Past
  let spam: Bank
  beforeEach(async () => {
    past = await openPast()
    spam = (await past.createBank('spam')).bank
    return () => past[Symbol.asyncDispose]()
  })
  /** Returns the image of a record, by the record's key. */
  const cidOf = async (record: string): Promise<Cid> => {
    const jobs = await past.database.replays.done('1970', undefined, 100)
    return jobs.find(({ image }) => image.uri.endsWith(`/${record}`))?.image.cid as Cid
  }
  /** Nearer than the policy in force, farther, and farther than the bank. */
  const images = [
    { bits: 4, record: 'near' },
    { bits: 30, record: 'far', account: 1 },
    { bits: 61, record: 'none', account: 1 },
  ]

  it('finds nothing to change in the policy in force, and everything done', async () => {
    await past.look(current, images)
    const replay = await past.replay(current, current)
    expect(replay.effects).toEqual({ more: 0, less: 0, same: 1, tried: 0, left: 0 })
    expect(replay.records).toEqual([])
    expect(replay.coverage).toEqual({
      images: 3,
      records: 3,
      hashed: 3,
      byCidAlone: 0,
      unscannable: 0,
      partly: 0,
      unseenEffects: 0,
    })
  })

  it('shows what a wider distance would do more, and what a narrower one would do less and has to be restored', async () => {
    await past.look(current, images)
    const wider = await past.replay(current, policyOf(upTo(31)))
    expect(changesOf(wider)).toEqual({ far: ['more label known none'] })
    expect(wider.effects).toMatchObject({ more: 1, same: 1, less: 0 })
    expect(wider.accounts).toMatchObject({ more: 1, same: 1 })
    const narrower = await past.replay(current, policyOf(upTo(3)))
    expect(changesOf(narrower)).toEqual({ near: ['less label known stands'] })
    expect(narrower).toMatchObject({ standingUncalled: 1, effects: { more: 0, less: 1, same: 0 } })
  })

  it('shows another effect in the place of one', async () => {
    await past.look(current, images)
    const { totals, ...replay } = await past.replay(
      current,
      policyOf(upTo(20, 'label: { val: account, on: account }, review')),
    )
    expect(changesOf(replay as PolicyReplay)).toEqual({
      near: ['more label account none', 'more review none', 'less label known stands'],
    })
    expect(replay.moreAboutAccounts).toBe(1)
    expect(
      totals.map(({ bank, tier, kind, about, more, less }) => [bank, tier, kind, about, more, less]),
    ).toEqual([
      ['spam', { distance: 20 }, 'label', 'account', 1, 0],
      ['spam', { distance: 20 }, 'review', 'record', 1, 0],
      ['spam', { distance: 20 }, 'label', 'record', 0, 1],
    ])
  })

  it('tells uses apart, and one record from its images', async () => {
    const uses = [
      { bits: 1, record: 'profile', use: 'avatar' as const },
      { bits: 2, record: 'profile', use: 'banner' as const },
      { bits: 3, record: 'post' },
    ]
    await past.look(policyOf(upTo(0)), uses)
    const replay = await past.replay(
      policyOf(upTo(0)),
      policyOf('- { distance: 20, uses: [avatar, banner], effects: [label: known] }'),
    )
    expect(changesOf(replay)).toEqual({ profile: ['more label known none'] })
    expect(replay.coverage).toMatchObject({ images: 3, records: 2 })
  })

  it('shows what a bank would do that is only tried, and that what it did stands', async () => {
    await past.look(current, images)
    const tried = `labels: [known]\nbanks:\n  spam:\n    dryRun: true\n    tiers:\n      - { distance: 31, effects: [label: known] }\n`
    const replay = await past.replay(current, tried)
    expect(changesOf(replay)).toEqual({
      near: ['tried label known stands', 'less label known stands'],
      far: ['tried label known none'],
    })
    expect(replay.effects).toEqual({ more: 0, less: 1, same: 0, tried: 2, left: 0 })
    const acting = await past.replay(tried, policyOf(upTo(31)))
    expect(acting.effects).toEqual({ more: 2, less: 0, same: 0, tried: 0, left: 0 })
  })

  it('lets what a person took back be, and finds what no match calls for any more', async () => {
    const [near] = await past.look(current, [
      { bits: 4, record: 'near' },
      { bits: 5, record: 'other' },
    ])
    const [effect] = await past.database.effects.standingOn(near as AtUri)
    await past.database.effects.change(effect?.id ?? 0, ['done'], {
      state: 'undone',
      because: 'restored',
      at: new Date().toISOString(),
      by: 'test',
    })
    const wider = await past.replay(policyOf(upTo(0)), policyOf(upTo(31)))
    expect(changesOf(wider)).toEqual({
      near: ['more label known withdrawn'],
      other: ['more label known stands'],
    })
    expect(wider.withdrawn).toBe(1)
    await past.curation.updateBank(spam.id, { threshold: 2 })
    const gone = await past.replay(current, current)
    expect(changesOf(gone)).toEqual({ other: ['left label known stands'] })
  })

  it('counts what the quotas of a day would have held, under both policies', async () => {
    await using busy = await openPast({ HARRIER_DAILY_LABELS: '2' })
    await busy.createBank('spam')
    const nothing = policyOf('- { distance: 60, effects: [log] }')
    await busy.look(
      nothing,
      [3, 4, 5, 21, 22].map((bits) => ({ bits })),
    )
    const { heldByQuota } = await busy.replay(current, policyOf(upTo(31)))
    expect(heldByQuota.find(({ kind }) => kind === 'label')).toEqual({
      kind: 'label',
      quota: 2,
      held: 3,
      heldNow: 1,
    })
  })

  it('looks at images without hashes by their CID alone, and says how many there are', async () => {
    await past.look(current, [
      { bits: 4, record: 'hashed' },
      { bits: 4, record: 'unhashed', isHashed: false },
    ])
    const before = await past.replay(current, policyOf(upTo(31, 'label: likely')))
    expect(before.coverage).toMatchObject({ images: 2, hashed: 1, byCidAlone: 1 })
    expect(Object.keys(changesOf(before))).toEqual(['hashed'])
    const value = sha256OfBlobCid(await cidOf('unhashed'))
    await past.curation.addContent(spam, { hashes: [{ type: 'sha256', value, quality: 100 }] })
    const after = await past.replay(current, policyOf(upTo(31, 'label: likely')))
    expect(Object.keys(changesOf(after)).toSorted()).toEqual(['hashed', 'unhashed'])
  })

  it('leaves out what is older, and says how much of what stands was not judged', async () => {
    const day = 86_400_000
    await past.look(current, [
      { bits: 4, record: 'old', at: new Date(Date.now() - 9 * day) },
      images[1] as never,
    ])
    const short = await past.replay(current, policyOf(upTo(0)))
    expect(short.coverage).toMatchObject({ images: 1, unseenEffects: 1 })
    expect(short.records).toEqual([])
    const long = await past.replay(current, policyOf(upTo(0)), { sinceMs: 10 * day })
    expect(changesOf(long)).toEqual({ old: ['less label known stands'] })
    expect(long.coverage.unseenEffects).toBe(0)
  })

  it('keeps to one bank and to so many records where told, and counts all', async () => {
    await past.createBank('other')
    const both = (effect: string) =>
      `labels: [known, likely]\nbanks:\n  spam: [${upTo(31).slice(2)}]\n  other: [${upTo(31, effect).slice(2)}]\n`
    await past.look(policyOf(upTo(0)), [{ bits: 4 }, { bits: 5 }, { bits: 6, account: 1 }])
    const replay = await past.replay(policyOf(upTo(0)), both('label: likely'), { bank: 'other', limit: 2 })
    expect(replay.effects.more).toBe(3)
    expect(replay).toMatchObject({ changedRecords: 3, accounts: { more: 2 } })
    expect(replay.records).toHaveLength(2)
    expect(replay.records.flatMap(({ effects }) => effects.map(({ bank }) => bank))).toEqual([
      'other',
      'other',
    ])
    await expect(past.replay(current, current, { bank: 'nobody' })).rejects.toThrow('nobody')
  })

  it('goes by the same share of images as the pipeline', async () => {
    await past.look(current, [{ bits: 4, record: 'near' }])
    const coin = shareOf((await import('../src/model/ids.ts')).sha256OfBlobCid(await cidOf('near')))
    const whenShared = async (enabledRatio: number) => {
      await past.curation.updateBank(spam.id, { enabledRatio })
      return (await past.replay(current, current)).effects
    }
    expect(await whenShared(Math.min(1, coin + 0.001))).toMatchObject({ same: 1, left: 0 })
    expect(await whenShared(Math.max(0, coin - 0.001))).toMatchObject({ same: 0, left: 1 })
  })

  it('counts takedowns apart, each once for what it is of', async () => {
    await past.look(current, [
      { bits: 4, record: 'one' },
      { bits: 5, record: 'one' },
      { bits: 6, record: 'two' },
    ])
    await using matcher = await openMatcher(past.database)
    const of = (scope: string) => `takedown: { by: pds, of: ${scope} }`
    const other = policyOf(upTo(31, `${of('blob')}, ${of('record')}, ${of('account')}`))
    const report = await replayPolicies(
      {
        stores: past.database,
        matchHashes: matcher.examine,
        plan: somePlan,
        src: 'did:web:x' as Did,
        now: '2026',
      },
      {
        current: parsePolicy(current, 'current'),
        other: parsePolicy(other, 'other'),
        since: '1970',
        bank: undefined,
        quotas: { takedown: 1 },
        limit: 10,
        onProgress: () => {},
      },
    )
    expect(report.totals.map(({ about, kind, more, less }) => [about, kind, more, less])).toEqual([
      ['blob', 'takedown', 3, 0],
      ['record', 'takedown', 2, 0],
      ['record', 'label', 0, 2],
      ['account', 'takedown', 1, 0],
    ])
    expect(report).toMatchObject({ moreTakedowns: 6, moreAboutAccounts: 1, standingUncalled: 2 })
    expect(report.heldByQuota).toEqual([{ kind: 'takedown', quota: 1, held: 5, heldNow: 0 }])
  })

  it('finds what the pipeline finds: a match by the CID leaves the pixels alone', async () => {
    const other = (await past.createBank('other')).bank
    const both = `labels: [known, likely]\nbanks:\n  spam: [${upTo(31).slice(2)}]\n  other: [${upTo(0, 'label: likely').slice(2)}]\n`
    await past.look(both, [{ bits: 4, record: 'before', bytes: 'same' }])
    const value = sha256OfBlobCid(bytesCid('same'))
    await past.curation.addContent(other, { hashes: [{ type: 'sha256', value, quality: 100 }] })
    const replay = await past.replay(both, both)
    expect(changesOf(replay)).toEqual({ before: ['left label known stands'] })
    expect(replay.effects).toMatchObject({ same: 1, left: 1, more: 0, less: 0 })
    const [after] = await past.look(both, [{ bits: 4, record: 'after', bytes: 'same' }])
    const done = await past.database.effects.standingOn(after as AtUri)
    expect(done.map(({ detail }) => detail)).toEqual(['likely'])
  })

  it('looks at every image once, however many pages there are', async () => {
    const matching = new Set([0, 499, 500, 501, 999, 1000, 1049])
    const many = Array.from({ length: 1_050 }, (_, i) => ({
      bits: matching.has(i) ? 4 : 61,
      account: i < 700 ? 0 : 1,
      record: `r${String(i).padStart(5, '0')}`,
    }))
    await past.look(policyOf(upTo(0)), many)
    const seen: number[] = []
    const onProgress = (done: number) => void seen.push(done)
    const replay = await past.replay(policyOf(upTo(0)), current, { onProgress })
    expect(seen).toEqual([500, 1000, 1050])
    expect(replay.coverage).toMatchObject({ images: 1_050, records: 1_050 })
    expect(replay.effects.more).toBe(matching.size)
    expect(replay.accounts.more).toBe(2)
    expect(Object.keys(changesOf(replay))).toEqual([...matching].map((i) => `r${String(i).padStart(5, '0')}`))
  })

  it('changes nothing: the database is the same file, byte for byte', async () => {
    await past.look(current, images)
    const path = join(past.folder, 'data/harrier.db')
    const files = () => [path, `${path}-wal`].map((file) => readFileSync(file))
    const before = files()
    const version = await past.database.outsideVersion()
    await past.replay(current, policyOf(upTo(31)))
    expect(files().map((bytes, i) => bytes.equals(before[i] as Buffer))).toEqual([true, true])
    expect(await past.database.outsideVersion()).toBe(version)
    await using stores = await openSqliteToRead(path)
    await expect(stores.banks.remove(1)).rejects.toThrow('readonly')
  })
})
