import { Secp256k1Keypair } from '@atproto/crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import type { Tools } from '../src/tools.ts'
import type { Account, Post } from './support/accounts.ts'
import { type LocalAppview, openAppview } from './support/appview.ts'
import { createLabelKey } from './support/label-key.ts'
import { openScriptedLabeler, type ScriptedLabeler } from './support/labeler.ts'
import { type Network, openNetwork } from './support/network.ts'
import { createDatabase, postgresUrl, type TestDatabase } from './support/postgres.ts'
import { createServiceFolder, openService, openServiceTools, testLabel } from './support/service.ts'
import { startSync } from './support/sync.ts'

describe.skipIf(!postgresUrl)('the reference AppView beside appview-sync', () => {
  const stack = new AsyncDisposableStack()
  let network: Network
  let database: TestDatabase
  let appview: LocalAppview
  let service: App
  let tools: Tools
  let labeler: Account
  let other: ScriptedLabeler
  let alice: Account
  let post: Post

  beforeAll(async () => {
    ;[database, network] = await Promise.all([createDatabase(), openNetwork()])
    stack.use(database)
    stack.use(network)
    const { plcUrl, pdsUrl } = network
    labeler = await network.createAccount('labeler.test')
    appview = stack.use(
      await openAppview({
        databaseUrl: database.url,
        plcUrl,
        pdsUrl,
        labelsFromIssuerDids: [labeler.did],
      }),
    )
    alice = await network.createAccount('alice.test')
    const key = await createLabelKey()
    const folder = stack.use(
      createServiceFolder(network, { HARRIER_LABELER_DID: labeler.did, HARRIER_SIGNING_KEY: key.privateHex }),
    )
    service = stack.use(await openService(folder))
    const endpoint = service.publicUrl.replace('127.0.0.1', 'localhost')
    await network.declareLabeler(labeler, { labelKeyDidKey: key.didKey, endpoint })
    tools = stack.use(await openServiceTools(folder))
    post = await network.post(alice, 'a post', [])
    const account = await network.createAccount('second.test')
    other = stack.use(await openScriptedLabeler({ as: account.did }))
    await network.declareLabeler(account, { labelKeyDidKey: other.didKey, endpoint: other.origin })
    const labelers = [{ did: labeler.did, origin: endpoint }, other]
    stack.use(await startSync({ database, plcUrl, labelers }))
  })
  afterAll(() => stack.disposeAsync())

  /** The labels that a reader of the post is shown, who asks for those of the labelers; undefined before it is indexed. */
  const shown = async () => {
    const { data } = await appview
      .agent([labeler.did, other.did])
      .app.bsky.feed.getPosts({ uris: [post.uri] })
    return data.posts[0]?.labels?.map(({ src, val, cid }) => ({ src, val, cid }))
  }

  it('shows a label of our service on the post, until it is withdrawn', async () => {
    await expect.poll(shown).toEqual([])
    await tools.publish({ uri: post.uri as never, val: testLabel })
    await expect.poll(shown).toEqual([{ src: labeler.did, val: testLabel, cid: undefined }])
    await tools.publish({ uri: post.uri as never, val: testLabel, neg: true })
    await expect.poll(shown).toEqual([])
    await tools.publish({ uri: post.uri as never, val: testLabel, cid: post.cid as never })
    await expect.poll(shown).toEqual([{ src: labeler.did, val: testLabel, cid: post.cid }])
    // Without a cid, as the specification allows: the AppView itself would not find the row of the version.
    await tools.publish({ uri: post.uri as never, val: testLabel, neg: true })
    await expect.poll(shown).toEqual([])
  })

  it('shows what a second labeler says until it expires, and never what does not verify', async () => {
    const forged = await other.sign({ uri: post.uri, val: 'forged' }, await Secp256k1Keypair.create())
    other.publish(forged)
    // In another zone, so that an offset that was dropped would show.
    const exp = new Date(Date.now() + 3_000 + 9 * 3_600_000).toISOString().replace('Z', '+09:00')
    other.publish(await other.sign({ uri: post.uri, val: 'brief', exp }))
    await expect.poll(shown).toEqual([{ src: other.did, val: 'brief', cid: undefined }])
    await expect.poll(shown).toEqual([])
    const rows = await database.query('SELECT val FROM bsky.label WHERE src = $1', [other.did])
    expect(rows).toEqual([{ val: 'brief' }])
  })

  it('shows its own labelers’ labels to requests that name none, and to no others', async () => {
    const ask = async (headers: Record<string, string>) => {
      const url = `${appview.url}/xrpc/app.bsky.feed.getPosts?uris=${post.uri}`
      const answer = (await (await fetch(url, { headers })).json()) as {
        posts: { labels: { src: string }[] }[]
      }
      return answer.posts[0]?.labels.map(({ src }) => src)
    }
    await tools.publish({ uri: post.uri as never, val: testLabel })
    await expect.poll(() => ask({})).toEqual([labeler.did])
    expect(await ask({ 'atproto-accept-labelers': `${labeler.did};redact` })).toEqual([labeler.did])
    expect(await ask({ 'atproto-accept-labelers': other.did })).toEqual([])
    await tools.publish({ uri: post.uri as never, val: testLabel, neg: true })
    await expect.poll(() => ask({})).toEqual([])
  })

  it('shows a label on an account', async () => {
    await tools.publish({ uri: alice.did as never, val: testLabel })
    const ofAccount = async () => {
      const { data } = await appview.agent([labeler.did]).app.bsky.actor.getProfile({ actor: alice.did })
      return data.labels?.map(({ src, val }) => ({ src, val }))
    }
    await expect.poll(ofAccount).toEqual([{ src: labeler.did, val: testLabel }])
  })
})
