import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import type { ReviewDetails } from '../src/model/review.ts'
import type { Tools } from '../src/tools.ts'
import type { Account, Post } from './support/accounts.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type Network, openNetwork } from './support/network.ts'
import { emitEvent, type LocalOzone, openOzone, stateOf } from './support/ozone.ts'
import { createDatabase, postgresUrl } from './support/postgres.ts'
import { openRelay, type Relay } from './support/relay.ts'
import {
  bankPicture,
  createServiceFolder,
  openService,
  openServiceTools,
  testLabel,
} from './support/service.ts'

const password = 'ozone-ozone-ozone-ozone'
const divertEvent = 'tools.ozone.moderation.defs#modEventDivert'
const takedownEvent = 'tools.ozone.moderation.defs#modEventTakedown'
const reverseEvent = 'tools.ozone.moderation.defs#modEventReverseTakedown'
const failed = { status: 502, message: 'Failed to process blobs' }

describe.skipIf(!postgresUrl)('a divert by the reference Ozone', () => {
  const stack = new AsyncDisposableStack()
  const lines: string[] = []
  let network: Network
  let app: App
  let tools: Tools
  let relay: Relay
  let alice: Account
  let moderator: Account
  let ozone: LocalOzone
  let misled: LocalOzone
  let picture: Buffer

  beforeAll(async () => {
    network = stack.use(await openNetwork())
    alice = await network.createAccount('alice.test')
    moderator = await network.createAccount('moderator.test')
    picture = await recompress(await drawLandscape(1), 90)
    const folder = stack.use(
      createServiceFolder(network, {
        HARRIER_OZONE_DIVERT_PASSWORD: password,
        // Nothing listens there: all that this one hears of is what Ozone sends it.
        HARRIER_JETSTREAM_URLS: 'ws://127.0.0.1:1/subscribe',
      }),
    )
    await bankPicture(folder, picture)
    app = stack.use(await openService(folder, { lines }))
    tools = stack.use(await openServiceTools(folder))
    relay = stack.use(await openRelay(app.publicUrl))
    const open = async (handle: string, secret: string): Promise<LocalOzone> => {
      const { url: databaseUrl } = stack.use(await createDatabase())
      const divert = { url: relay.origin, password: secret }
      return stack.use(await openOzone(network, { handle, databaseUrl, moderators: [moderator], divert }))
    }
    misled = await open('misled.test', 'not-the-password-of-it')
    ozone = await open('ozone.test', password)
  }, 120_000)
  afterAll(() => stack.disposeAsync())
  beforeEach(() => {
    relay.answers.length = 0
  })

  const divert = (post: Post, { at = ozone, by = moderator } = {}): Promise<void> =>
    emitEvent(at, by, { type: divertEvent, subject: post, blobs: post.blobCids })
  const statuses = (): number[] => relay.answers.map(({ status }) => status)
  const reviewsOf = async (post: Post): Promise<(ReviewDetails | undefined)[]> => {
    const reviews = await tools.reviews.list(['open', 'escalated', 'closed'], 1000)
    const ids = reviews.filter(({ subject }) => subject === post.uri).map(({ id }) => id)
    return await Promise.all(ids.map((id) => tools.reviews.find(id)))
  }
  const isHosted = async (cid: string): Promise<boolean> => {
    const query = `did=${alice.did}&cid=${cid}`
    return (await fetch(`${network.pdsUrl}/xrpc/com.atproto.sync.getBlob?${query}`)).ok
  }

  it('has every blob in a review, a known one with its match, and the record taken down', async () => {
    const copy = await recompress(picture, 70)
    const post = await network.post(alice, 'diverted', [copy, await drawHarmless(2)])
    const [known, unknown] = post.blobCids
    expect(await isHosted(known ?? '')).toBe(true)
    await divert(post)
    const path = '/xrpc/com.atproto.unspecced.reportBlob'
    expect(relay.answers).toEqual([
      { path, status: 200 },
      { path, status: 200 },
    ])
    const [found, ...others] = await reviewsOf(post)
    expect(others).toEqual([])
    expect(found?.review.state).toBe('open')
    expect(found?.images.map(({ cid, outcome }) => ({ cid, outcome }))).toEqual(
      expect.arrayContaining([
        { cid: known, outcome: 'hashed' },
        { cid: unknown, outcome: 'hashed' },
      ]),
    )
    expect(found?.evidence).toMatchObject([{ cid: known, match: { bank: 'known', hashType: 'pdq' } }])
    expect(await stateOf(ozone, moderator, post)).toEqual({
      events: [divertEvent, takedownEvent],
      isTakenDown: true,
    })
    // The PDS does not give the picture any more; what was sent is enough to label the record as the policy says.
    await expect.poll(() => isHosted(known ?? '')).toBe(false)
    await expect.poll(async () => (await tools.queryLabels([post.uri], 0, 10)).length).toBe(1)
    expect(await tools.queryLabels([post.uri], 0, 10)).toMatchObject([{ cid: post.cid, val: testLabel }])
    await emitEvent(ozone, moderator, { type: reverseEvent, subject: post })
    await expect.poll(() => isHosted(known ?? '')).toBe(true)
  })

  it('is one review when Harrier could not be reached once, or when its answer was lost', async () => {
    const post = await network.post(alice, 'sent three times', [await recompress(picture, 71)])
    relay.losses.push('request', 'answer')
    await divert(post)
    expect(statuses()).toEqual([503, 503, 200])
    const [found, ...others] = await reviewsOf(post)
    expect(others).toEqual([])
    expect(found?.images).toHaveLength(1)
    expect(found?.evidence).toHaveLength(1)
    expect((await stateOf(ozone, moderator, post)).isTakenDown).toBe(true)
  })

  it('fails for the moderator while Harrier cannot be reached, takes nothing down, and can be repeated', async () => {
    const post = await network.post(alice, 'sent in vain', [await drawHarmless(3)])
    relay.losses.push('request', 'request', 'request', 'request')
    await expect(divert(post)).rejects.toMatchObject(failed)
    expect(statuses()).toEqual([503, 503, 503, 503])
    expect(await reviewsOf(post)).toEqual([])
    expect(await stateOf(ozone, moderator, post)).toEqual({ events: [], isTakenDown: false })
    await divert(post)
    expect(await reviewsOf(post)).toMatchObject([{ review: { state: 'open' }, evidence: [] }])
    expect(await stateOf(ozone, moderator, post)).toEqual({
      events: [divertEvent, takedownEvent],
      isTakenDown: true,
    })
  })

  it('fails for the moderator of an Ozone that has another password, which is in no log', async () => {
    const post = await network.post(alice, 'sent with the wrong password', [await drawHarmless(4)])
    await expect(divert(post, { at: misled })).rejects.toMatchObject(failed)
    expect(statuses()).toEqual([401])
    expect(await reviewsOf(post)).toEqual([])
    expect(await stateOf(misled, moderator, post)).toEqual({ events: [], isTakenDown: false })
    const log = lines.join('\n')
    expect(log).toContain('reportBlob')
    for (const secret of [password, 'not-the-password-of-it']) expect(log).not.toContain(secret)
  })

  it('of a record without its blobs, or of an account, takes that down, and Harrier hears nothing', async () => {
    const post = await network.post(alice, 'without its pictures', [await drawHarmless(5)])
    const bob = await network.createAccount('bob.test')
    for (const subject of [post, bob]) {
      await emitEvent(ozone, moderator, { type: divertEvent, subject })
      expect(await stateOf(ozone, moderator, subject)).toEqual({
        events: [divertEvent, takedownEvent],
        isTakenDown: true,
      })
    }
    expect(relay.answers).toEqual([])
    expect(await reviewsOf(post)).toEqual([])
  })

  it('is refused to who is no moderator', async () => {
    const post = await network.post(alice, 'of nobody’s business', [await drawHarmless(6)])
    await expect(divert(post, { by: alice })).rejects.toMatchObject({ status: 401 })
    expect(relay.answers).toEqual([])
  })
})

/** A PDS does not take a picture again that was taken down, so that each test has its own. */
async function drawHarmless(seed: number): Promise<Buffer> {
  return await recompress(await drawLandscape(seed), 90)
}
