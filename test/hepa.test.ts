import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Tools } from '../src/tools.ts'
import type { Account } from './support/accounts.ts'
import { buildHepa, type Hepa, type HepaLine, type HepaSettings, hasHepa } from './support/hepa.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { openLoopbackServer } from './support/listen.ts'
import { type Network, openNetwork } from './support/network.ts'
import { openOzone, stateOf } from './support/ozone.ts'
import { createDatabase, postgresUrl } from './support/postgres.ts'
import { openRelay, type Relay } from './support/relay.ts'
import {
  bankPicture,
  createServiceFolder,
  openService,
  openServiceTools,
  testLabel,
} from './support/service.ts'

const password = 'hepa-hepa-hepa-hepa'
const events = 'tools.ozone.moderation.defs'

describe.skipIf(!hasHepa())('the real hepa', () => {
  const stack = new AsyncDisposableStack()
  const lines: string[] = []
  let hepa: Hepa
  let network: Network
  let relay: Relay
  let tools: Tools
  let alice: Account
  let picture: Buffer
  let settings: HepaSettings

  beforeAll(async () => {
    hepa = await buildHepa()
    network = stack.use(await openNetwork())
    alice = await network.createAccount('alice.test')
    picture = await recompress(await drawLandscape(1), 90)
    const folder = stack.use(
      createServiceFolder(network, {
        HARRIER_HEPA_PASSWORD: password,
        HARRIER_RECEIVER_LABELS: 'known=csam',
        // Nothing listens there: all that this one hears of is what hepa asks it.
        HARRIER_JETSTREAM_URLS: 'ws://127.0.0.1:1/subscribe',
      }),
    )
    await bankPicture(folder, picture)
    const app = stack.use(await openService(folder, { lines }))
    tools = stack.use(await openServiceTools(folder))
    relay = stack.use(await openRelay(app.publicUrl))
    // An AppView has nothing that this rule needs; hepa goes on without one that does not know the method.
    const appview = stack.use(await openLoopbackServer((_, response) => response.writeHead(501).end()))
    settings = {
      ATP_PLC_HOST: network.plcUrl,
      ATP_BSKY_HOST: appview.origin,
      ABYSS_HOST: relay.origin,
      ABYSS_PASSWORD: password,
      HEPA_RULESET: 'only-blobs',
    }
  }, 1_600_000)
  afterAll(() => stack.disposeAsync())
  beforeEach(() => {
    relay.answers.length = 0
  })

  const statuses = (): number[] => relay.answers.map(({ status }) => status)
  /** What hepa made of a record: the canonical line of its log. */
  const verdictOf = (log: readonly HepaLine[]): unknown =>
    log.find(({ msg }) => msg === 'canonical-event-line')
  const acquitted = { recordFlags: null, recordTakedown: false, recordReports: 0 }
  const convicted = { recordFlags: ['abyss-match'], recordTakedown: true, recordReports: 1 }

  it('takes a copy of a known picture down and reports it, and Harrier labels its record', async () => {
    const post = await network.post(alice, 'a copy', [await recompress(picture, 60)])
    expect(verdictOf(await hepa.processRecord(post.uri, settings))).toMatchObject(convicted)
    await expect.poll(async () => (await tools.queryLabels([post.uri], 0, 10)).length).toBe(1)
    expect(await tools.queryLabels([post.uri], 0, 10)).toMatchObject([{ cid: post.cid, val: testLabel }])
  })

  it('leaves another picture alone', async () => {
    const post = await network.post(alice, 'another', [await recompress(await drawLandscape(2), 90)])
    expect(verdictOf(await hepa.processRecord(post.uri, settings))).toMatchObject(acquitted)
    expect(statuses()).toEqual([200])
  })

  it('asks about every picture of a record', async () => {
    const clean = await recompress(await drawLandscape(3), 90)
    const post = await network.post(alice, 'two', [clean, await recompress(picture, 61)])
    expect(verdictOf(await hepa.processRecord(post.uri, settings))).toMatchObject(convicted)
    expect(statuses()).toEqual([200, 200])
  })

  it('logs what could not be looked at, and leaves it alone', async () => {
    const post = await network.post(alice, 'no picture', [Buffer.from('this is no picture at all')])
    const log = await hepa.processRecord(post.uri, settings)
    const match = { status: 'unscannable:unsupported-format', hits: [] }
    expect(log).toContainEqual(
      expect.objectContaining({ msg: 'abyss-scan-response', obj: expect.objectContaining({ match }) }),
    )
    expect(log).toContainEqual(expect.objectContaining({ msg: 'abyss blob scan failed' }))
    expect(verdictOf(log)).toMatchObject(acquitted)
  })

  it('asks again when Harrier could not be reached once', async () => {
    const post = await network.post(alice, 'asked twice', [await recompress(picture, 62)])
    relay.losses.push('request')
    expect(verdictOf(await hepa.processRecord(post.uri, settings))).toMatchObject(convicted)
    expect(statuses()).toEqual([503, 200])
  })

  it('says that its password is wrong, does not ask again, and is in no log of ours', async () => {
    const post = await network.post(alice, 'with the wrong password', [await recompress(picture, 63)])
    const wrong = 'not-the-password-of-it'
    const log = await hepa.processRecord(post.uri, { ...settings, ABYSS_PASSWORD: wrong })
    const err = 'abyss request failed statusCode=401'
    expect(log).toContainEqual(expect.objectContaining({ msg: 'failed to fetch and process blobs', err }))
    expect(verdictOf(log)).toMatchObject(acquitted)
    expect(statuses()).toEqual([401])
    const text = lines.join('\n')
    expect(text).toContain('scanBlob')
    for (const secret of [password, wrong]) expect(text).not.toContain(secret)
  })

  it.skipIf(!postgresUrl)(
    'takes what is posted down in the real Ozone, as its daemon follows the firehose',
    async () => {
      const moderator = await network.createAccount('moderator.test')
      await using database = await createDatabase()
      await using ozone = await openOzone(network, {
        handle: 'ozone.test',
        databaseUrl: database.url,
        moderators: [moderator],
      })
      await using daemon = hepa.start({
        ...settings,
        ATP_RELAY_HOST: network.pdsUrl.replace('http', 'ws'),
        ATP_OZONE_HOST: ozone.url,
        HEPA_OZONE_DID: moderator.did,
        HEPA_OZONE_AUTH_ADMIN_TOKEN: ozone.adminPassword,
        HEPA_METRICS_LISTEN: '127.0.0.1:0',
      })
      // Its log says that it subscribes before it has: it does once it has seen a post.
      const hasSeen = async (): Promise<boolean> => {
        await network.post(alice, 'is anybody there', [])
        return verdictOf(daemon.lines()) !== undefined
      }
      await expect.poll(hasSeen, { interval: 200 }).toBe(true)
      const post = await network.post(alice, 'as it is posted', [await recompress(picture, 64)])
      const isHosted = async () => {
        const query = `did=${alice.did}&cid=${post.blobCids[0]}`
        return (await fetch(`${network.pdsUrl}/xrpc/com.atproto.sync.getBlob?${query}`)).ok
      }
      await expect.poll(isHosted).toBe(false)
      expect(await stateOf(ozone, moderator, post)).toEqual({
        events: [`${events}#modEventReport`, `${events}#modEventTakedown`],
        isTakenDown: true,
      })
    },
    90_000,
  )
})
