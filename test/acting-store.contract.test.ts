import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { NewEffect } from '../src/model/effect.ts'
import type { AtUri, Did } from '../src/model/ids.ts'
import type { Database } from '../src/store/database.ts'
import { rollingBack } from '../src/store/roll-back.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { otherCid, someCid, someDid, someUri } from './support/builders.ts'

const implementations: Record<string, (path: string) => Promise<Database>> = {
  sqlite: (path) => openSqlite({ path }),
}
const at = '2026-01-01T00:00:00.000Z'
const later = '2026-01-02T00:00:00.000Z'
const atMs = Date.parse(at)
const hourMs = 3_600_000
const farDid = 'did:plc:z72i7hdynmk6r22z27h6tvur' as Did
const otherUri = `${someUri}x` as AtUri
const cause = { bankId: 1, bank: 'known', contentId: 7, distance: 3 }

function effectOf(parts: Partial<NewEffect> = {}): NewEffect {
  return {
    kind: 'label',
    target: 'labels',
    subject: someUri,
    did: someDid,
    uri: someUri,
    recordCid: otherCid,
    blobCid: someCid,
    detail: 'known-image',
    action: { kind: 'label', label: { uri: someUri, val: 'known-image' }, priority: 'normal' },
    state: 'done',
    actor: 'harrier',
    jobId: 1,
    reviewId: undefined,
    cause,
    createdAt: at,
    ...parts,
  }
}

function takedownOf(did: Did, parts: Partial<NewEffect> = {}): NewEffect {
  const subject = { kind: 'blob', did, cid: someCid } as const
  return effectOf({
    kind: 'takedown',
    target: 'pds',
    subject: `${did}/${someCid}`,
    did,
    recordCid: undefined,
    detail: '',
    action: { kind: 'takedown', subject, isEverywhere: true },
    state: 'pending',
    actor: 'cli',
    jobId: undefined,
    cause: undefined,
    ...parts,
  })
}

describe.each(Object.entries(implementations))('acting on %s', (_, open) => {
  let folder: string
  let db: Database
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'harrier-acting-'))
    db = await open(join(folder, 'harrier.db'))
  })
  afterEach(async () => {
    await db[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })
  const add = async (parts: Partial<NewEffect> = {}) => (await db.effects.add(effectOf(parts))).id
  const ids = (effects: readonly { readonly id: number }[]) => effects.map(({ id }) => id)

  describe('an effect', () => {
    it('is kept as it was decided', async () => {
      const id = await add({ because: 'quota', state: 'held' })
      expect(await db.effects.find(id)).toEqual({
        ...effectOf({ state: 'held' }),
        id,
        because: 'quota',
        outcome: undefined,
        settledAt: undefined,
        undoneAt: undefined,
        undoneBy: undefined,
      })
      expect(await db.effects.find(id + 1)).toBeUndefined()
    })

    it('changes from the states that were named alone, and keeps who undid it, when and why', async () => {
      const id = await add({ state: 'pending' })
      expect(await db.effects.change(id, ['held'], { state: 'done', at: later })).toBe(false)
      expect(
        await db.effects.change(id, ['pending'], { state: 'done', outcome: 'confirmed', at: later }),
      ).toBe(true)
      expect(await db.effects.find(id)).toMatchObject({
        state: 'done',
        outcome: 'confirmed',
        settledAt: later,
      })
      const undoing = { state: 'undoing', because: 'restored', at: later, by: 'cli' } as const
      expect(await db.effects.change(id, ['done'], undoing)).toBe(true)
      expect(
        await db.effects.change(id, ['undoing'], { state: 'undone', outcome: 'lifted', at: later }),
      ).toBe(true)
      expect(await db.effects.find(id)).toMatchObject({
        state: 'undone',
        because: 'restored',
        outcome: 'lifted',
        undoneAt: later,
        undoneBy: 'cli',
      })
    })

    it('is listed newest first: by state, hold, content, bank, record and account', async () => {
      const first = await add({ state: 'held', because: 'flood' })
      const second = await add({ subject: someDid, recordCid: undefined })
      const third = await add({
        subject: otherUri,
        uri: otherUri,
        cause: { ...cause, bankId: 2, contentId: 8 },
      })
      const fourth = await add({ did: farDid, subject: farDid, uri: undefined })
      const list = async (parts: Partial<Parameters<typeof db.effects.list>[0]>) =>
        ids(await db.effects.list({ states: ['held', 'done'], limit: 10, ...parts }))
      expect(await list({})).toEqual([fourth, third, second, first])
      expect(await list({ states: ['held'] })).toEqual([first])
      expect(await list({ because: 'flood' })).toEqual([first])
      expect(await list({ because: 'quota' })).toEqual([])
      expect(await list({ contentId: 8 })).toEqual([third])
      expect(await list({ bankId: 2 })).toEqual([third])
      expect(await list({ subject: someUri })).toEqual([second, first])
      expect(await list({ subject: someDid })).toEqual([third, second, first])
      expect(await list({ limit: 1, before: third })).toEqual([second])
    })

    it('stands about a record with what was done because of it, or about an account alone', async () => {
      const label = await add()
      const account = await add({ subject: someDid, recordCid: undefined })
      await add({ subject: otherUri, uri: otherUri })
      await add({ state: 'undone' })
      expect(ids(await db.effects.standingOn(someUri))).toEqual([label, account])
      expect(ids(await db.effects.standingOn(someDid))).toEqual([account])
    })

    it('stands about a blob by itself and because of it; of one record where that is asked', async () => {
      const { id: blob } = await db.effects.add(takedownOf(someDid, { uri: otherUri }))
      const label = await add()
      const other = await add({ subject: otherUri, uri: otherUri })
      await add({ blobCid: otherCid })
      await db.effects.add(takedownOf(farDid))
      expect(ids(await db.effects.standingOn(someDid, someCid))).toEqual([blob, label, other])
      expect(ids(await db.effects.standingOn(someUri, someCid))).toEqual([blob, label])
    })

    it('stands in every account where it takes a blob down, and tells the others of that once a target', async () => {
      const { id: near } = await db.effects.add(takedownOf(someDid))
      const { id: far } = await db.effects.add(takedownOf(farDid))
      await db.effects.add(takedownOf(farDid, { state: 'undone' }))
      await add({ kind: 'takedown', target: 'pds' })
      expect(ids(await db.effects.takedownsOfBlob(someCid))).toEqual([near, far])
      expect(ids(await db.effects.takenDownElsewhere(someCid, someDid))).toEqual([far])
      expect(ids(await db.effects.takenDownElsewhere(someCid, 'did:web:third.test' as Did))).toHaveLength(1)
    })

    it('is found by its content and its bank in pieces, and counted', async () => {
      const all = [await add(), await add(), await add()]
      await add({ state: 'dropped' })
      expect(ids(await db.effects.ofContent(7, 0, 2))).toEqual(all.slice(0, 2))
      expect(ids(await db.effects.ofContent(7, all[1] ?? 0, 2))).toEqual(all.slice(2))
      expect(ids(await db.effects.ofBank(1, all[0] ?? 0, 10))).toEqual(all.slice(1))
      expect(await db.effects.countOfBank(1)).toBe(3)
      expect(await db.effects.counts()).toMatchObject({ done: 3, dropped: 1, held: 0 })
    })

    it('gets another cause with the image that it is of', async () => {
      const id = await add()
      await db.effects.reattribute(id, { ...cause, contentId: 9 }, { uri: otherUri, cid: otherCid })
      expect(await db.effects.find(id)).toMatchObject({
        cause: { contentId: 9 },
        uri: otherUri,
        blobCid: otherCid,
        subject: someUri,
      })
    })

    it('can be released when no pause, no quarantine and no reversal is about it, and never from a quota', async () => {
      const paused = await add({ state: 'held', because: 'paused' })
      const flooded = await add({ state: 'held', because: 'flood' })
      await add({ state: 'held', because: 'quota' })
      const releasable = async () => ids(await db.effects.releasable(10))
      expect(await releasable()).toEqual([paused, flooded])
      await db.brakes.quarantine({ ...cause, recent: 9, baseline: 0, reviewId: undefined, begunAt: at })
      expect(await releasable()).toEqual([paused])
      await db.brakes.beginPause('why', 'cli', at)
      expect(await releasable()).toEqual([])
      await db.brakes.endPause('cli', later)
      await db.brakes.endQuarantine(7, 'released', 'cli', later)
      expect(await releasable()).toEqual([paused, flooded])
      await db.reversals.add({ contentId: 7, because: 'deconfirmed', actor: 'cli' }, at)
      expect(await releasable()).toEqual([])
    })
  })

  describe('the brakes', () => {
    it('have one pause at a time', async () => {
      expect(await db.brakes.pause()).toBeUndefined()
      expect(await db.brakes.beginPause('why', 'cli', at)).toBe(true)
      expect(await db.brakes.beginPause('else', 'cli', later)).toBe(false)
      expect(await db.brakes.pause()).toMatchObject({ reason: 'why', actor: 'cli', begunAt: at })
      expect(await db.brakes.endPause('other', later)).toMatchObject({ endedAt: later, endedBy: 'other' })
      expect(await db.brakes.endPause('other', later)).toBeUndefined()
      expect(await db.brakes.beginPause('again', 'cli', later)).toBe(true)
    })

    it('count what is spent for each day and kind', async () => {
      await db.brakes.spend('2026-01-01', 'label', 2)
      await db.brakes.spend('2026-01-01', 'label', 1)
      await db.brakes.spend('2026-01-02', 'report', 1)
      expect(await db.brakes.spent('2026-01-01')).toEqual(new Map([['label', 3]]))
      expect(await db.brakes.spent('2026-01-03')).toEqual(new Map())
      await db.brakes.forget(Date.parse('2026-02-02T00:00:00.000Z'))
      expect(await db.brakes.spent('2026-01-01')).toEqual(new Map())
      expect(await db.brakes.spent('2026-01-02')).toEqual(new Map([['report', 1]]))
    })

    it('tell how often a content matched in the last hour and in the mean hour of the week before', async () => {
      const count = (hours: number) => db.brakes.countMatch(7, atMs + hours * hourMs)
      expect(await count(0)).toEqual({ recent: 1, baseline: 0 })
      expect(await count(0.5)).toEqual({ recent: 2, baseline: 0 })
      expect(await count(2)).toEqual({ recent: 1, baseline: 2 / 168 })
      expect(await db.brakes.countMatch(8, atMs + 2 * hourMs)).toEqual({ recent: 1, baseline: 0 })
      expect(await count(24 * 8)).toEqual({ recent: 1, baseline: 0 })
      await db.brakes.forget(atMs + 24 * 16 * hourMs)
      expect(await count(24 * 8 + 1)).toEqual({ recent: 1, baseline: 0 })
    })

    it('have a content in one quarantine at a time, and forget its matches with the end of it', async () => {
      const begun = { ...cause, recent: 9, baseline: 0.5, reviewId: undefined, begunAt: at }
      const id = await db.brakes.quarantine(begun)
      expect(await db.brakes.quarantineOf(7)).toMatchObject({ id, contentId: 7, recent: 9, baseline: 0.5 })
      await expect(db.brakes.quarantine(begun)).rejects.toThrow('UNIQUE')
      expect(await db.brakes.quarantined([6, 7])).toEqual(new Set([7]))
      await db.brakes.countMatch(7, atMs)
      expect(await db.brakes.endQuarantine(7, 'released', 'cli', later)).toMatchObject({
        id,
        decision: 'released',
        endedBy: 'cli',
      })
      expect(await db.brakes.endQuarantine(7, 'released', 'cli', later)).toBeUndefined()
      expect(await db.brakes.quarantineOf(7)).toBeUndefined()
      expect(await db.brakes.countMatch(7, atMs)).toEqual({ recent: 1, baseline: 0 })
      const again = await db.brakes.quarantine(begun)
      expect(ids(await db.brakes.quarantines(false, 10))).toEqual([again])
      expect(ids(await db.brakes.quarantines(true, 10))).toEqual([again, id])
    })
  })

  /** A bank with a content of a PDQ hash and a digest. */
  async function addContent(name = 'known') {
    const bank = await db.banks.create({
      name,
      threshold: 31,
      minQuality: 50,
      profile: 'reference-512',
      createdAt: at,
    })
    const hashes = [
      { type: 'pdq', value: '0f'.repeat(32), quality: 100 },
      { type: 'md5', value: '0f'.repeat(16), quality: 100 },
    ] as const
    const content = { hashes, note: '', label: '', sourceId: '' }
    const { contentId } = await db.transaction(({ banks }) => banks.addContent(bank.id, content, at))
    return { bank, contentId }
  }

  describe('a rehearsal', () => {
    it('tells what came of it, and changes nothing, numbers that were given included', async () => {
      const rehearsal = rollingBack(db)
      const rehearsed = await rehearsal.transaction(async ({ effects, audit }) => {
        const { id } = await effects.add(effectOf())
        await audit.append([{ at, actor: 'cli', action: 'a', subject: someUri, details: {} }])
        return [id, await effects.counts()]
      })
      expect(rehearsed).toMatchObject([1, { done: 1 }])
      expect(await db.effects.counts()).toMatchObject({ done: 0 })
      expect(await db.audit.list(someUri, 10)).toEqual([])
      expect(await add()).toBe(1)
    })

    it('passes on what went wrong', async () => {
      const failing = rollingBack(db).transaction(() => Promise.reject(new Error('no')))
      await expect(failing).rejects.toThrow('no')
    })
  })

  describe('opinions', () => {
    it('are a person’s before an exchange’s, and can be taken back', async () => {
      const { bank, contentId } = await addContent()
      const opinion = async () => (await db.verdicts.opinions([contentId, 99])).get(contentId)
      expect(await opinion()).toBeUndefined()
      await db.verdicts.saveExchange(contentId, 'disputed')
      expect(await opinion()).toBe('disputed')
      const verdict = { contentId, bankId: bank.id, actor: 'cli', reason: 'seen', at } as const
      await db.verdicts.save({ ...verdict, verdict: 'confirmed' })
      expect(await opinion()).toBe('confirmed')
      await db.verdicts.save({ ...verdict, verdict: 'negative', reason: 'a logo' })
      expect(await db.verdicts.find(contentId)).toEqual({ ...verdict, verdict: 'negative', reason: 'a logo' })
      expect(await db.verdicts.forget(contentId)).toBe(true)
      expect(await db.verdicts.forget(contentId)).toBe(false)
      expect(await opinion()).toBe('disputed')
      await db.verdicts.saveExchange(contentId, undefined)
      expect(await opinion()).toBeUndefined()
    })
  })

  describe('a reversal', () => {
    const reversals = () => db.reversals.next()

    it.each([
      [
        'its content is removed',
        ({ bank, contentId }: Awaited<ReturnType<typeof addContent>>) =>
          db.transaction(({ removals }) => removals.removeContent(bank.id, contentId, at)),
      ],
      [
        'an exchange withdraws it',
        ({ contentId }: Awaited<ReturnType<typeof addContent>>) =>
          db.transaction(({ removals }) => removals.deleteContents([contentId])),
      ],
      [
        'its removed bank is purged',
        ({ bank }: Awaited<ReturnType<typeof addContent>>) =>
          db.transaction(async ({ removals }) => {
            await removals.removeBank(bank.id, at)
            await removals.purgeSome(bank.id)
          }),
      ],
    ])('comes by itself when a hash goes that effects go back to, because %s', async (_because, lose) => {
      const lost = await addContent()
      await add({ cause: { ...cause, bankId: lost.bank.id, contentId: lost.contentId } })
      expect(await reversals()).toBeUndefined()
      await lose(lost)
      expect(await reversals()).toMatchObject({
        contentId: lost.contentId,
        because: 'hash-withdrawn',
        actor: 'harrier',
      })
    })

    it('does not come for a content that nothing goes back to, nor when a bank is removed and can be restored', async () => {
      const idle = await addContent('idle')
      await db.transaction(({ removals }) => removals.removeContent(idle.bank.id, idle.contentId, at))
      const { bank, contentId } = await addContent()
      await add({ cause: { ...cause, contentId } })
      await db.transaction(({ removals }) => removals.removeBank(bank.id, at))
      expect(await reversals()).toBeUndefined()
    })

    it('is taken in its turn, and goes when it is finished', async () => {
      await db.reversals.add({ contentId: 1, because: 'deconfirmed', actor: 'cli' }, at)
      await db.reversals.add({ contentId: 2, because: 'hash-withdrawn', actor: 'harrier' }, at)
      const first = await reversals()
      expect(first).toMatchObject({ contentId: 1, because: 'deconfirmed', actor: 'cli' })
      await db.reversals.finish(first?.id ?? 0)
      expect([(await reversals())?.contentId, await db.reversals.count()]).toEqual([2, 1])
    })

    it('knows which matches have lost their hash, or are judged to be none', async () => {
      const { bank, contentId } = await addContent()
      const matches = [
        { contentId, hashType: 'pdq' as const },
        { contentId: 99, hashType: 'md5' as const },
      ]
      expect(await db.reversals.lost(matches)).toEqual([{ contentId: 99, because: 'hash-withdrawn' }])
      expect(await db.reversals.lost([{ contentId, hashType: 'sha1' }])).toHaveLength(1)
      const verdict = { contentId, bankId: bank.id, actor: 'cli', reason: '', at }
      await db.verdicts.save({ ...verdict, verdict: 'negative' })
      expect(await db.reversals.lost(matches.slice(0, 1))).toEqual([{ contentId, because: 'deconfirmed' }])
    })
  })
})
