/** A service that is killed after any step of acting, or of undoing it: nothing is lost, and nothing is done twice. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { effectStates } from '../src/model/effect.ts'
import type { Database } from '../src/store/database.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import type { Account, Post } from './support/accounts.ts'
import { createActingFolder, isBlobServed, isRecordServed, pdsTarget } from './support/acting-service.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { dieAtEveryStep, liveUntil } from './support/mortal-life.ts'
import { type Network, openNetwork } from './support/network.ts'
import { openOzone } from './support/ozone.ts'
import { type AdminSubject, setTakedown, takedownRefOf } from './support/pds-admin.ts'
import { createDatabase, postgresUrl } from './support/postgres.ts'
import { bankPicture, createServiceFolder, openServiceTools, type ServiceFolder } from './support/service.ts'

const reasonType = 'com.atproto.moderation.defs#reasonViolation'

/** What a network has that a service acts on: a post, and a folder whose service has still to read of it. */
async function prepare(
  stack: AsyncDisposableStack,
  wish: (
    network: Network,
    labeler: Account,
  ) => Promise<Pick<Parameters<typeof createActingFolder>[1], 'effects' | 'targets'>>,
) {
  const network = stack.use(await openNetwork())
  const alice = await network.createAccount('alice.test')
  const labeler = await network.createAccount('labeler.test')
  const folder = stack.use(await createActingFolder(network, { labeler, ...(await wish(network, labeler)) }))
  const picture = await recompress(await drawLandscape(1, { width: 320, height: 240 }), 90)
  const post = await network.post(alice, 'the picture', [picture])
  // Known by its bytes, so that a life after the first finds it without the blob, which is down by then.
  await bankPicture(folder, picture)
  await using database = await openSqlite({ path: join(folder.path, 'harrier.db') })
  await database.cursors.save('jetstream', { host: network.jetstreamUrl, timeUs: 0, seq: undefined })
  return { network, alice, folder, post }
}

/** Runs a copy of a folder's service to an end, once killed on its way; hands over what it leaves. */
async function liveAndDie(
  { network, folder }: { readonly network: Network; readonly folder: ServiceFolder },
  killAfter: number,
  isOver: (database: Database) => Promise<boolean>,
  look: (database: Database, copy: ServiceFolder) => Promise<void>,
): Promise<boolean> {
  using copy = createServiceFolder(network, { ...folder.env })
  cpSync(folder.path, copy.path, { recursive: true })
  const env = { ...folder.env, HARRIER_DATA_DIR: copy.path }
  const wasKilled = await liveUntil(env, killAfter, isOver)
  if (wasKilled) expect(await liveUntil(env, 0, isOver)).toBe(false)
  await using database = await openSqlite({ path: join(copy.path, 'harrier.db') })
  await look(database, { ...copy, env })
  return wasKilled
}

const statesOf = async (database: Database): Promise<string[]> =>
  (await database.effects.list({ states: effectStates, limit: 100 }))
    .map(({ kind, state }) => `${kind} ${state}`)
    .sort()

describe('a service that is killed after any step', () => {
  const stack = new AsyncDisposableStack()
  let world: Awaited<ReturnType<typeof prepare>>
  let post: Post
  const acted: ServiceFolder[] = []
  const refs: (string | undefined)[] = []

  beforeAll(async () => {
    world = await prepare(stack, async (network, labeler) => ({
      effects: ['takedown: { by: pds, of: record }'],
      targets: [pdsTarget(network, labeler.did)],
    }))
    post = world.post
  })
  afterAll(() => stack.disposeAsync())

  const isUp = async (): Promise<boolean[]> => [
    await isRecordServed(world.network, post.uri),
    await isBlobServed(world.network, world.alice.did, post.blobCids[0]!),
  ]
  /** What is taken down, part by part. */
  const parts = (): AdminSubject[] => [
    { $type: 'com.atproto.repo.strongRef', uri: post.uri, cid: post.cid },
    ...post.blobCids.map((cid) => ({
      $type: 'com.atproto.admin.defs#repoBlobRef' as const,
      did: world.alice.did,
      cid,
    })),
  ]
  // The lives share the PDS, so one comes after the other, and each finds it as the first did.
  const oneByOne = { atOnce: 1 }

  it('of acting on a match labels once and takes down once', async () => {
    const isOver = async ({ outbox }: Database) => (await outbox.counts()).done === 1
    const deaths = await dieAtEveryStep(async (killAfter) => {
      for (const part of parts()) await setTakedown(world.network, part, { applied: false })
      return await liveAndDie(world, killAfter, isOver, async (database, copy) => {
        expect(await statesOf(database), `after step ${killAfter}`).toEqual(['label done', 'takedown done'])
        expect(await database.labels.page(0, 10)).toMatchObject([{ uri: post.uri, seq: 1 }])
        expect(await isUp()).toEqual([false, false])
        if (acted.length === 0) {
          const kept = stack.use(createServiceFolder(world.network, { ...copy.env }))
          cpSync(copy.path, kept.path, { recursive: true })
          acted.push({ ...kept, env: { ...copy.env, HARRIER_DATA_DIR: kept.path } })
          refs.push(...(await Promise.all(parts().map((part) => takedownRefOf(world.network, part)))))
        }
      })
    }, oneByOne)
    // A batch of events, a claim, a job that ends, and of a takedown its claim, the document that says whose the account is, what
    // the PDS took, the record and its blob, and its end.
    expect(deaths).toBeGreaterThanOrEqual(8)
  }, 400_000)

  it('of undoing what a withdrawn hash caused withdraws once and gives back once', async () => {
    const [folder = expect.fail()] = acted
    {
      await using tools = await openServiceTools(folder)
      const bank = (await tools.banks.find('known')) ?? expect.fail()
      const [content = expect.fail()] = await tools.banks.contents(bank, 0, 10)
      await tools.banks.removeContent(bank, content.id)
    }
    const isOver = async ({ effects, reversals, emissions }: Database) =>
      (await effects.counts()).undone === 2 &&
      (await reversals.count()) === 0 &&
      (await emissions.lengths()).every(({ count }) => count === 0)
    const deaths = await dieAtEveryStep(async (killAfter) => {
      for (const [n, part] of parts().entries())
        await setTakedown(world.network, part, { applied: true, ref: refs[n] })
      expect(await isUp()).toEqual([false, false])
      return await liveAndDie({ ...world, folder }, killAfter, isOver, async (database) => {
        expect(await statesOf(database), `after step ${killAfter}`).toEqual([
          'label undone',
          'takedown undone',
        ])
        expect((await database.labels.page(0, 10)).map(({ neg = false }) => neg)).toEqual([false, true])
        expect(await isUp()).toEqual([true, true])
      })
    }, oneByOne)
    // What undoes, and of a restore its claim, the document, what the PDS gave back, the blob and the record, and its end.
    expect(deaths).toBeGreaterThanOrEqual(6)
  }, 400_000)
})

describe.skipIf(!postgresUrl)('a report to an Ozone by a service that is killed after any step', () => {
  it('is there once, whenever that was', async () => {
    await using stack = new AsyncDisposableStack()
    const { url: databaseUrl } = stack.use(await createDatabase())
    let eventsOf: () => Promise<string[]> = async () => []
    const world = await prepare(stack, async (network) => {
      const moderator = await network.createAccount('moderator.test')
      const { handle: identifier, password } = moderator
      const ozone = stack.use(
        await openOzone(network, { handle: 'ozone.test', databaseUrl, moderators: [moderator] }),
      )
      eventsOf = async () => {
        const { data } = await ozone
          .agent(moderator)
          .tools.ozone.moderation.queryEvents({ subject: world.post.uri, limit: 100 })
        const reports = data.events.filter(({ event }) => event.$type?.endsWith('#modEventReport'))
        return reports.map(({ modTool }) => JSON.stringify(modTool))
      }
      return {
        effects: [`report: { to: ozone, reasonType: ${reasonType} }`],
        targets: [{ id: 'ozone', kind: 'ozone', did: ozone.did, identifier, password, pds: network.pdsUrl }],
      }
    })
    let lives = 0
    const isOver = async ({ outbox }: Database) => (await outbox.counts()).done === 1
    const deaths = await dieAtEveryStep((killAfter) =>
      liveAndDie(world, killAfter, isOver, async (database) => {
        lives += 1
        expect(await statesOf(database), `after step ${killAfter}`).toEqual(['label done', 'report done'])
      }),
    )
    // A batch of events, a claim, a job that ends, and of a report its claim, what the Ozone took, and its end.
    expect(deaths).toBeGreaterThanOrEqual(6)
    // Each life made its own, since each had a database of its own.
    expect(await eventsOf()).toHaveLength(lives)
  }, 400_000)
})
