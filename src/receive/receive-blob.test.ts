import { hash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { AppError } from '../lib/errors.ts'
import type { ImageHash } from '../model/hash.ts'
import type { AtUri, Did } from '../model/ids.ts'
import type { Findings, Match } from '../model/match.ts'
import type { NewBlob } from '../model/received-blob.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createReceiveBlob, type ReceiveBlobDeps } from './receive-blob.ts'

const did = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz' as Did
const uri = `at://${did}/app.bsky.feed.post/3l3qo2vutsw2b` as AtUri
const bytes = Buffer.from('what the decoder dies of')
const scanned: NewBlob = { kind: 'scan', sender: 'hepa', bytes, place: { did, uri } }
const reported: NewBlob = { kind: 'report', sender: 'ozone', bytes, place: { did, uri } }
const known: Match = { bankId: 1, bank: 'known', contentId: 7, distance: 0, hashType: 'md5' }
const unwell = async (): Promise<never> => {
  throw new AppError('unavailable', 'The decoder died')
}
const matchMd5 = async (hashes: readonly ImageHash[]): Promise<Findings> => ({
  matches: hashes.some(({ value }) => value === hash('md5', bytes)) ? [known] : [],
  suppressed: [],
})

describe('a blob whose decoder is unwell', () => {
  it('is in a review when it was reported, whatever it matches', async () => {
    await using it = await open({ hashBytes: unwell })
    const { reviewId, outcome } = await it.receive(reported)
    expect(outcome).toBe('unhashed:AppError')
    expect(await it.database.reviews.find(reviewId ?? 0)).toMatchObject({ subject: uri, state: 'open' })
    expect(await it.database.evidence.images(reviewId ?? 0)).toMatchObject([{ uri, outcome }])
    expect(await it.database.subjectFetches.claim(Date.now(), 1, [])).toMatchObject([{ reviewId, uri }])
    expect((await it.database.audit.list(uri, 10)).map(({ action }) => action)).toEqual([
      'blob.reported',
      'review.opened',
    ])
  })

  it('is known by its digests, and otherwise to be sent again', async () => {
    await using it = await open({ hashBytes: unwell, matchHashes: matchMd5 })
    expect(await it.receive(scanned)).toMatchObject({ matches: [known], reviewId: undefined })
    const { bankId: _, ...named } = known
    expect(await it.database.audit.list(uri, 10)).toMatchObject([
      { actor: 'hepa', action: 'blob.received' },
      { actor: 'harrier', action: 'match.found', details: { matches: 1, matched: [named] } },
    ])
    await using other = await open({ hashBytes: unwell })
    await expect(other.receive(scanned)).rejects.toMatchObject({ kind: 'unavailable' })
    expect(await other.database.subjectFetches.claim(Date.now(), 1, [])).toEqual([])
  })

  it('does not wait for ever', async () => {
    const hangs: ReceiveBlobDeps['hashBytes'] = (_cid, _bytes, signal) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    await using it = await open({ hashBytes: hangs })
    await expect(it.receive(scanned)).rejects.toMatchObject({ kind: 'timeout' })
  })

  it('does not hide a fault of ours', async () => {
    const broken = async (): Promise<never> => {
      throw new TypeError('broken')
    }
    await using it = await open({ hashBytes: broken })
    await expect(it.receive(reported)).rejects.toThrow('broken')
    expect(await it.database.reviews.counts()).toMatchObject({ open: 0 })
  })
})

describe('a match that no moderator has reported', () => {
  it('has its record fetched once however often it is sent, and leaves nothing behind when that is done', async () => {
    await using it = await open({ hashBytes: unwell, matchHashes: matchMd5 })
    await it.receive(scanned)
    await it.receive(scanned)
    const [fetch, ...more] = await it.database.subjectFetches.claim(Date.now(), 10, [])
    expect([fetch, more]).toMatchObject([{ reviewId: undefined, uri }, []])
    await it.database.subjectFetches.end(fetch?.id ?? 0, 'done', 'found', new Date().toISOString())
    await it.receive(scanned)
    expect(await it.database.subjectFetches.claim(Date.now(), 10, [])).toMatchObject([{ attempts: 1 }])
    expect(await it.database.reviews.counts()).toMatchObject({ open: 0 })
  })
})

async function open(parts: Pick<ReceiveBlobDeps, 'hashBytes'> & Partial<ReceiveBlobDeps>) {
  const database = await openSqlite({ path: ':memory:' })
  const deps = {
    database,
    matchHashes: async () => ({ matches: [], suppressed: [] }),
    versions: () => ({ policy: 'none', banks: '0-0' }),
    onRecord: () => {},
    now: () => new Date(),
    ...parts,
  }
  return {
    database,
    receive: createReceiveBlob(deps, { timeoutMs: 100 }),
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}
