import { Client } from '@atproto/lex'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { generateSigningKey } from '../src/atproto/signing-key.ts'
import { harrier } from '../src/lexicons/tools.js'
import type { Account } from './support/accounts.ts'
import { openClient, refusalOf } from './support/harrier-client.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type Network, openNetwork } from './support/network.ts'
import { bankPicture, createServiceFolder, openService, type ServiceFolder } from './support/service.ts'

const { scan, match, bank } = harrier

describe('an account that calls through its host', () => {
  const stack = new AsyncDisposableStack()
  const lines: string[] = []
  let network: Network
  let folder: ServiceFolder
  let app: App
  let labeler: Account
  let alice: Account
  let bob: Account
  let carol: Account
  let picture: Buffer

  beforeAll(async () => {
    network = stack.use(await openNetwork())
    labeler = await network.createAccount('labeler.test')
    alice = await network.createAccount('alice.test')
    bob = await network.createAccount('bob.test')
    carol = await network.createAccount('carol.test')
    const key = await generateSigningKey()
    folder = stack.use(
      createServiceFolder(network, {
        HARRIER_LABELER_DID: labeler.did,
        HARRIER_SIGNING_KEY: key.exportHex(),
        HARRIER_SERVICE_CALLERS: `${alice.did}=hash+match+admin, ${bob.did}=match`,
        HARRIER_SERVICE_CALLER_RATE: '20',
      }),
    )
    picture = await recompress(await drawLandscape(1), 90)
    app = stack.use(await openService(folder, { lines }))
    // A host refuses to send calls to an address; a name it resolves.
    const endpoint = app.publicUrl.replace('127.0.0.1', 'localhost')
    await network.declareLabeler(labeler, { labelKeyDidKey: key.did(), endpoint })
    await bankPicture(folder, picture)
  })
  afterAll(() => stack.disposeAsync())

  /** A typed client whose calls go through the account's host, to our service. */
  const clientOf = ({ agent }: Account) => {
    const service = `${labeler.did as `did:plc:${string}`}#atproto_labeler` as const
    return new Client({ fetchHandler: (path, init) => agent.fetchHandler(path, init) }, { service })
  }
  const tokenFor = async ({ agent }: Account, lxm: string, aud = labeler.did) =>
    (await agent.com.atproto.server.getServiceAuth({ aud, lxm })).data.token

  it('has its image scanned, byte for byte', async () => {
    const { body } = await clientOf(alice).xrpc(scan.image, {
      body: new Uint8Array(await recompress(picture, 60)),
      encoding: 'image/jpeg',
    })
    expect(body).toMatchObject({
      outcome: 'matched',
      matches: [{ bank: 'known' }],
      image: { format: 'jpeg' },
    })
  })

  it('has a blob of a post scanned, and then asks for its status', async () => {
    const post = await network.post(carol, 'a picture', [await recompress(picture, 70)])
    const [cid = ''] = post.blobCids
    const { body } = await clientOf(alice).xrpc(scan.blob, {
      body: { did: carol.did as `did:plc:${string}`, cid },
    })
    expect(body).toMatchObject({ cid, outcome: 'matched', matches: [{ bank: 'known' }] })
    const status = await clientOf(bob).xrpc(match.getStatus, { params: { cid } })
    expect(status.body).toMatchObject({ isKnown: true, isMatched: true })
  })

  it('is called by the agent of the reference implementation alike', async () => {
    const proxied = alice.agent.withProxy('atproto_labeler', labeler.did)
    const answer = await proxied.fetchHandler(`/xrpc/${match.getStatus.$nsid}?uri=${carol.did}`, {})
    expect([answer.status, await answer.json()]).toMatchObject([200, { uri: carol.did }])
  })

  it('changes banks as itself', async () => {
    const { body } = await clientOf(alice).xrpc(bank.createBank, { body: { name: 'of-alice' } })
    expect(body.name).toBe('of-alice')
    const refused = await refusalOf(clientOf(bob).xrpc(bank.createBank, { body: { name: 'of-bob' } }))
    expect(refused).toMatchObject({ status: 403, error: 'MissingScope' })
  })

  it('is refused when the operator has not allowed it', async () => {
    const refused = await refusalOf(
      clientOf(carol).xrpc(match.getStatus, { params: { uri: 'did:web:x.test' } }),
    )
    expect(refused).toMatchObject({ status: 403, error: 'MissingScope' })
  })

  it('can call us itself with a token, which is good once, and for one method', async () => {
    const params = { uri: carol.did as `did:plc:${string}` }
    const token = await tokenFor(alice, match.getStatus.$nsid)
    const own = openClient(app.publicUrl, token)
    expect((await own.xrpc(match.getStatus, { params })).body.uri).toBe(carol.did)
    const again = await refusalOf(own.xrpc(match.getStatus, { params }))
    expect(again).toMatchObject({ status: 401, error: 'JwtReused' })
    const other = openClient(app.publicUrl, await tokenFor(alice, match.getStatus.$nsid))
    const wrongMethod = await refusalOf(other.xrpc(match.getStatuses, { params: { uris: [params.uri] } }))
    expect(wrongMethod).toMatchObject({ status: 401, error: 'BadJwtLexiconMethod' })
    const elsewhere = openClient(app.publicUrl, await tokenFor(alice, match.getStatus.$nsid, carol.did))
    const wrongService = await refusalOf(elsewhere.xrpc(match.getStatus, { params }))
    expect(wrongService).toMatchObject({ status: 401, error: 'BadJwtAudience' })
  })

  it('is told where it stands, and stopped at its rate', async () => {
    // Its host does not pass the headers on, so it calls us itself.
    const ask = async () => {
      const headers = { authorization: `Bearer ${await tokenFor(bob, match.getStatus.$nsid)}` }
      return await fetch(`${app.publicUrl}/xrpc/${match.getStatus.$nsid}?uri=${carol.did}`, { headers })
    }
    const left = Number((await ask()).headers.get('ratelimit-remaining'))
    expect(left).toBeGreaterThan(10)
    for (let i = 0; i < left; i++) expect((await ask()).status).toBe(200)
    const last = await ask()
    expect([last.status, await last.json()]).toMatchObject([429, { error: 'RateLimitExceeded' }])
    expect(last.headers.get('retry-after')).toMatch(/^\d+$/)
    // The rate of one is not that of another.
    const other = await clientOf(alice).xrpc(match.getStatus, { params: { uri: 'did:web:x.test' } })
    expect(other.body.isKnown).toBe(false)
  })

  it('leaves no token in the log', () => {
    expect(lines.some((line) => line.includes(match.getStatuses.$nsid))).toBe(true)
    expect(lines.join('\n')).not.toMatch(/eyJ[\w-]+\.[\w-]+\./)
  })

  it('reaches nothing else with it: the REST API wants a key', async () => {
    const token = await tokenFor(alice, match.getStatus.$nsid)
    const headers = { authorization: `Bearer ${token}` }
    const answer = await fetch(`${app.publicUrl}/api/v1/match/status?content_id=x`, { headers })
    expect(answer.status).toBe(401)
  })
})
