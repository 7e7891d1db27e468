/** From a match to what the network sees, and back again: a whole service against the reference PDS and the reference Ozone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { effectStates } from '../src/model/effect.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import type { Tools } from '../src/tools.ts'
import type { Account, Post } from './support/accounts.ts'
import {
  createActingFolder,
  isBlobServed,
  isRecordServed,
  labelsOn,
  pdsTarget,
} from './support/acting-service.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type Network, openNetwork } from './support/network.ts'
import { type LocalOzone, openOzone, stateOf } from './support/ozone.ts'
import { createDatabase, postgresUrl } from './support/postgres.ts'
import {
  bankPicture,
  openService,
  openServiceTools,
  type ServiceFolder,
  testLabel,
} from './support/service.ts'

const patience = { timeout: 30_000 }
const drawSmall = async (seed: number): Promise<Buffer> =>
  recompress(await drawLandscape(seed, { width: 320, height: 240 }), 90)

/** Opens a network, and the folder of a service whose PDS it is, which has this done about every match of bank `known`. */
async function openWorld(stack: AsyncDisposableStack, effect: string) {
  const network = stack.use(await openNetwork())
  const labeler = await network.createAccount('labeler.test')
  const targets = [pdsTarget(network, labeler.did)]
  const folder = stack.use(await createActingFolder(network, { labeler, effects: [effect], targets }))
  return { network, folder }
}

/** Takes the only content of bank `known` out, as a curator does who has found that it was wrong. */
async function withdrawHash(tools: Tools): Promise<void> {
  const bank = await tools.banks.find('known')
  const [content] = bank ? await tools.banks.contents(bank, 0, 10) : []
  if (!bank || !content) throw new Error('Expected a content in bank known')
  expect(await tools.banks.removeContent(bank, content.id)).toBe(true)
}

describe('a match on a PDS that is ours', () => {
  const stack = new AsyncDisposableStack()
  let network: Network
  let alice: Account
  let folder: ServiceFolder
  let tools: Tools
  let picture: Buffer

  beforeAll(async () => {
    const world = await openWorld(stack, 'takedown: { by: pds, of: record }')
    network = world.network
    folder = world.folder
    alice = await network.createAccount('alice.test')
    picture = await drawSmall(1)
    await bankPicture(folder, picture)
    stack.use(await openService(folder))
    tools = stack.use(await openServiceTools(folder))
  })
  afterAll(() => stack.disposeAsync())

  const isUp = async ({ uri, blobCids }: Post): Promise<boolean[]> => [
    await isRecordServed(network, uri),
    ...(await Promise.all(blobCids.map((cid) => isBlobServed(network, alice.did, cid)))),
  ]

  it('takes the record down with all of its blobs, and no other; a withdrawn hash gives all of it back', async () => {
    const [copy, other] = [await recompress(picture, 70), await drawSmall(2)]
    const clean = await network.post(alice, 'another picture', [await drawSmall(3)])
    const bad = await network.post(alice, 'a copy and another', [copy, other])
    await expect.poll(() => isUp(bad), patience).toEqual([false, false, false])
    expect(await labelsOn(tools, bad.uri)).toEqual([testLabel])
    expect(await isUp(clean)).toEqual([true, true])
    const effects = async () => {
      await using database = await openSqlite({ path: `${folder.path}/harrier.db` })
      const all = await database.effects.list({ states: effectStates, limit: 50 })
      return all.map(({ kind, state, because, undoneBy }) => ({ kind, state, because, undoneBy })).reverse()
    }
    await expect.poll(effects, patience).toMatchObject([
      { kind: 'label', state: 'done' },
      { kind: 'takedown', state: 'done' },
    ])
    await withdrawHash(tools)
    await expect.poll(() => isUp(bad), patience).toEqual([true, true, true])
    await expect.poll(() => labelsOn(tools, bad.uri), patience).toEqual([])
    const undone = { state: 'undone', because: 'hash-withdrawn', undoneBy: 'harrier' }
    await expect.poll(effects, patience).toMatchObject([
      { kind: 'label', ...undone },
      { kind: 'takedown', ...undone },
    ])
  })
})

describe('a picture that was posted before anybody knew it', () => {
  it('is found in every account where it was seen, once it is posted again and is known', async () => {
    await using stack = new AsyncDisposableStack()
    const { network, folder } = await openWorld(stack, 'takedown: { by: pds, of: blob }')
    await bankPicture(folder, await drawSmall(8))
    stack.use(await openService(folder))
    const tools = stack.use(await openServiceTools(folder))
    const [alice, bob, carol] = [
      await network.createAccount('alice.test'),
      await network.createAccount('bob.test'),
      await network.createAccount('carol.test'),
    ]
    const [picture, other] = [await drawSmall(6), await drawSmall(7)]
    const early = [await network.post(alice, 'early', [picture]), await network.post(bob, 'early', [picture])]
    const clean = await network.post(alice, 'another picture', [other])
    await using database = await openSqlite({ path: `${folder.path}/harrier.db` })
    await expect.poll(async () => (await database.jobs.counts()).done, patience).toBe(3)
    expect(await labelsOn(tools, early[0]!.uri)).toEqual([])
    await bankPicture(folder, picture)
    const late = await network.post(carol, 'late', [picture])
    const blobOf = ({ uri, blobCids }: Post) => isBlobServed(network, uri.split('/')[2]!, blobCids[0]!)
    for (const post of [late, ...early]) {
      await expect.poll(() => labelsOn(tools, post.uri), patience).toEqual([testLabel])
      await expect.poll(() => blobOf(post), patience).toBe(false)
    }
    expect(await labelsOn(tools, clean.uri)).toEqual([])
    expect(await blobOf(clean)).toBe(true)
    expect(await database.effects.counts()).toMatchObject({ done: 6, pending: 0 })
  }, 60_000)
})

describe('one picture that a hundred accounts post in the same second', () => {
  const accounts = 100

  it('is labeled and taken down a hundred times, each of them once', async () => {
    await using stack = new AsyncDisposableStack()
    const { network, folder } = await openWorld(stack, 'takedown: { by: pds, of: blob }')
    const picture = await drawSmall(4)
    await bankPicture(folder, picture)
    stack.use(await openService(folder))
    const posters: Account[] = []
    for (let n = 0; n < accounts; n++) posters.push(await network.createAccount(`poster-${n}.test`))
    const posts = await Promise.all(posters.map((poster) => network.post(poster, 'the picture', [picture])))
    const isServed = async () =>
      (
        await Promise.all(
          posts.map(({ blobCids }, n) => isBlobServed(network, posters[n]!.did, blobCids[0]!)),
        )
      ).filter(Boolean).length
    await expect.poll(isServed, { timeout: 120_000, interval: 500 }).toBe(0)
    await using database = await openSqlite({ path: `${folder.path}/harrier.db` })
    await expect.poll(async () => (await database.effects.counts()).pending, patience).toBe(0)
    const labels = await database.labels.page(0, 1000)
    expect(labels.map(({ uri }) => uri).sort()).toEqual(posts.map(({ uri }) => uri).sort())
    expect(await database.effects.counts()).toMatchObject({ done: accounts * 2, held: 0, failed: 0 })
    expect(await database.outbox.counts()).toMatchObject({ done: accounts, dead: 0, pending: 0 })
    const messages = await database.outbox.list({ states: ['done'], limit: 1000 })
    expect(new Set(messages.map(({ subject }) => subject)).size).toBe(accounts)
  }, 300_000)
})

describe.skipIf(!postgresUrl)('a match that an Ozone hears of', () => {
  const stack = new AsyncDisposableStack()
  let network: Network
  let alice: Account
  let moderator: Account
  let ozone: LocalOzone
  let tools: Tools
  let picture: Buffer

  beforeAll(async () => {
    network = stack.use(await openNetwork())
    alice = await network.createAccount('alice.test')
    moderator = await network.createAccount('moderator.test')
    const labeler = await network.createAccount('labeler.test')
    const { url: databaseUrl } = stack.use(await createDatabase())
    ozone = stack.use(
      await openOzone(network, { handle: 'ozone.test', databaseUrl, moderators: [moderator] }),
    )
    const { handle: identifier, password } = moderator
    const folder = stack.use(
      await createActingFolder(network, {
        labeler,
        effects: [
          'report: { to: ozone, reasonType: com.atproto.moderation.defs#reasonViolation }',
          'takedown: { by: ozone, of: record }',
        ],
        targets: [{ id: 'ozone', kind: 'ozone', did: ozone.did, identifier, password, pds: network.pdsUrl }],
      }),
    )
    picture = await drawSmall(5)
    await bankPicture(folder, picture)
    stack.use(await openService(folder))
    tools = stack.use(await openServiceTools(folder))
  })
  afterAll(() => stack.disposeAsync())

  it('is reported and taken down there, as its events and its status say, and reversed when the hash is withdrawn', async () => {
    const post = await network.post(alice, 'a copy', [await recompress(picture, 70)])
    const state = () => stateOf(ozone, moderator, post)
    const names = (...events: string[]) => events.map((name) => `tools.ozone.moderation.defs#modEvent${name}`)
    await expect.poll(state, patience).toEqual({ events: names('Report', 'Takedown'), isTakenDown: true })
    expect(await isBlobServed(network, alice.did, post.blobCids[0]!)).toBe(false)
    await withdrawHash(tools)
    await expect
      .poll(state, patience)
      .toEqual({ events: names('Report', 'Takedown', 'ReverseTakedown'), isTakenDown: false })
    await expect.poll(() => isBlobServed(network, alice.did, post.blobCids[0]!), patience).toBe(true)
  }, 120_000)
})
