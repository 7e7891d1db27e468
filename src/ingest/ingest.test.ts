import { describe, expect, it } from 'vitest'
import { claimJobs } from '../../test/support/claim-jobs.ts'
import type { AtUri, Cid, Did } from '../model/ids.ts'
import type { StreamEvent } from '../model/stream-event.ts'
import type { Database } from '../store/database.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createIngest, type IngestDatabase, jetstreamCursor } from './ingest.ts'

const alice = 'did:plc:44ybard66vv44zksje25o7dz' as Did
const bob = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz' as Did
const [versionA, versionB] = [
  'bafyreibqzwyljauexe3j6stwnh6t2g2lgxbywxpyzi62w7oja6lashcv34' as Cid,
  'bafyreicmzocuo44umj5esfnjeqsgxzndzstrn5qmauro7qot2ccavi7riq' as Cid,
]
const [blobA, blobB] = [
  'bafkreie2rfkf6vlf5vhwamxxxpd36dtcrb54pqlyphx5xaj65hxqt3z7cq',
  'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
]
const now = Date.parse('2026-11-22T10:00:00.000Z')
const startUs = (now - 5_000) * 1000

describe('createIngest', () => {
  it('makes a job of every image, with its place, and remembers where it was', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const run = await ingest(database, [[create(alice, 'one', versionA, [blobA, blobB]), like(bob)]])
    const jobs = await claim(database)
    const uri = `at://${alice}/app.bsky.feed.post/one`
    expect(jobs.map(({ image }) => image)).toEqual([
      { did: alice, uri, recordCid: versionA, cid: blobA, use: 'post', mimeType: 'image/jpeg', size: 7 },
    ])
    expect(jobs[0]?.seenAt).toBe('2026-11-22T10:00:00.000Z')
    expect(await database.jobs.counts()).toMatchObject({ pending: 2 })
    const last = { host: 'wss://a.example', timeUs: startUs + 1, seq: undefined }
    expect(await database.cursors.load(jetstreamCursor)).toEqual(last)
    expect(run.committed).toEqual([last])
    expect(run.batches).toEqual([{ events: 2, jobs: 2, durationMs: 0, lagMs: expect.closeTo(5_000, 0) }])
  })

  it('wakes the worker after commits that added jobs, and only then', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const post = create(alice, 'one', versionA, [blobA])
    const run = await ingest(database, [[like(bob)], [post], [post], [like(alice)]])
    expect(run.wakes).toBe(1)
    expect(run.committed).toHaveLength(4)
  })

  it('counts what a record was refused for, and takes the rest of it', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const run = await ingest(database, [
      [
        create(alice, 'one', versionA, [versionA, blobA]),
        { ...create(alice, 'two', versionA, []), record: 'text' },
      ],
    ])
    expect(run.drops).toEqual(['bad-blob-cid', 'record-unreadable'])
    expect(await database.jobs.counts()).toMatchObject({ pending: 1 })
  })

  it('cancels the jobs of a deleted record, in the batch that brought it and in a later one', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const [one, two, three] = ['one', 'two', 'three'].map((rkey) => create(alice, rkey, versionA, [blobA]))
    await ingest(database, [
      [one, two, remove(alice, 'one'), three],
      [remove(alice, 'two')],
    ] as StreamEvent[][])
    expect(await database.jobs.counts()).toMatchObject({ pending: 1, cancelled: 2 })
    expect((await claim(database)).map(({ image }) => image.uri)).toEqual([
      `at://${alice}/app.bsky.feed.post/three`,
    ])
  })

  it('cancels the jobs of older versions of an updated record, and keeps those of the new one', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const update = { ...create(alice, 'self', versionB, [blobA]), operation: 'update' } as const
    await ingest(database, [[create(alice, 'self', versionA, [blobA, blobB]), update], [update]])
    expect(await database.jobs.counts()).toMatchObject({ pending: 1, cancelled: 2 })
    expect((await claim(database)).map(({ image }) => image.recordCid)).toEqual([versionB])
  })

  it('cancels the jobs of an account that goes, and revives them when it comes back', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const posts = [create(alice, 'one', versionA, [blobA]), create(bob, 'two', versionA, [blobA])]
    await ingest(database, [[...posts, account(alice, false)]])
    expect((await claim(database)).map(({ image }) => image.did)).toEqual([bob])
    await ingest(database, [[account(alice, true)]])
    expect((await claim(database)).map(({ image }) => image.did)).toEqual([alice])
  })

  it('forgets the DID document of an account that changed its identity', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    for (const did of [alice, bob]) await database.dids.save(did, { doc: '{}', updatedAt: now })
    await ingest(database, [[{ kind: 'identity', did: alice, cursor: cursor() }]])
    expect(await database.dids.load(alice)).toBeUndefined()
    expect(await database.dids.load(bob)).toBeDefined()
  })

  it('stops when the store fails, and leaves nothing of that batch nor tells the source of it', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const first = [create(alice, 'one', versionA, [blobA])]
    const second = [create(bob, 'two', versionA, [blobB]), remove(alice, 'one')]
    let writes = 0
    // The last write of the second batch fails: its cursor.
    const failing: IngestDatabase = {
      withoutSync: (work) =>
        database.withoutSync(({ transaction }) =>
          work({
            transaction: (inner) =>
              transaction((stores) =>
                inner({
                  ...stores,
                  cursors: {
                    save: (stream, place) =>
                      ++writes === 2
                        ? Promise.reject(new Error('disk full'))
                        : stores.cursors.save(stream, place),
                  },
                }),
              ),
          }),
        ),
    }
    const committed: unknown[] = []
    await expect(ingest(failing, [first, second, [like(bob)]], committed)).rejects.toThrow('disk full')
    expect(writes).toBe(2)
    expect(committed).toEqual([first[0]?.cursor])
    expect(await database.cursors.load(jetstreamCursor)).toEqual(first[0]?.cursor)
    expect(await database.jobs.counts()).toEqual({ pending: 1, done: 0, cancelled: 0, dead: 0 })
  })

  it('does the same again when the stream repeats a stretch', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const stretch = [
      create(alice, 'one', versionA, [blobA]),
      create(alice, 'two', versionA, [blobA]),
      remove(alice, 'one'),
      account(alice, false),
      create(bob, 'three', versionA, [blobA]),
      account(alice, true),
    ]
    await ingest(database, [stretch])
    const once = await database.jobs.counts()
    await ingest(database, [stretch, stretch])
    expect(await database.jobs.counts()).toEqual(once)
    expect(once).toMatchObject({ pending: 2, cancelled: 1 })
  })
})

/** Runs ingest over the batches and stops it after the last. */
async function ingest(
  database: IngestDatabase,
  batches: readonly (readonly StreamEvent[])[],
  committed: unknown[] = [],
) {
  const stopping = new AbortController()
  const waiting = [...batches]
  const seen = { committed, batches: [] as unknown[], drops: [] as string[], wakes: 0 }
  const nothing = (): void => {}
  const deps = {
    database,
    logger: { info: nothing, debug: nothing },
    now: () => now,
    onJobs: () => void seen.wakes++,
    metrics: {
      dropped: (reason: string) => void seen.drops.push(reason),
      committed: (batch: unknown) => void seen.batches.push(batch),
    },
    source: {
      take: async () => {
        const batch = waiting.shift() ?? []
        if (waiting.length === 0) stopping.abort()
        return batch
      },
      commit: (place: unknown) => void committed.push(place),
    },
  }
  await createIngest(deps, { maxEvents: 10, lingerMs: 0, maxBlobsPerRecord: 10 }).run(stopping.signal)
  return seen
}

function claim(database: Database) {
  return claimJobs(database.jobs, { now, leaseMs: 1_000, limit: 10, busy: [] })
}

function create(did: Did, rkey: string, recordCid: Cid, blobs: readonly string[]) {
  const images = blobs.map((cid) => ({
    image: { $type: 'blob', ref: { $link: cid }, mimeType: 'image/jpeg', size: 7 },
  }))
  const record: unknown = {
    $type: 'app.bsky.feed.post',
    text: '',
    embed: { $type: 'app.bsky.embed.images', images },
  }
  return {
    kind: 'commit',
    operation: 'create',
    did,
    uri: uriOf(did, rkey),
    recordCid,
    record,
    cursor: cursor(),
  } as const
}

function like(did: Did): StreamEvent {
  const record = { subject: { uri: uriOf(alice, 'one'), cid: versionA } }
  return {
    kind: 'commit',
    operation: 'create',
    did,
    uri: uriOf(did, 'like'),
    recordCid: versionB,
    record,
    cursor: cursor(1),
  }
}

function remove(did: Did, rkey: string): StreamEvent {
  return { kind: 'commit', operation: 'delete', did, uri: uriOf(did, rkey), cursor: cursor(2) }
}

function account(did: Did, isActive: boolean): StreamEvent {
  return { kind: 'account', did, isActive, cursor: cursor(3) }
}

function uriOf(did: Did, rkey: string): AtUri {
  return `at://${did}/app.bsky.feed.post/${rkey}` as AtUri
}

function cursor(later = 0) {
  return { host: 'wss://a.example', timeUs: startUs + later, seq: undefined }
}
