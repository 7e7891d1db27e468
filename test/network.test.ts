import { createHash } from 'node:crypto'
import { Secp256k1Keypair } from '@atproto/crypto'
import { DidResolver, getKey } from '@atproto/identity'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cid, sha256OfBlobCid } from '../src/model/ids.ts'
import type { Account } from './support/accounts.ts'
import { resolveLabelKey } from './support/label-key.ts'
import { type Network, openNetwork } from './support/network.ts'

describe('openNetwork', () => {
  let network: Network
  let alice: Account

  beforeAll(async () => {
    network = await openNetwork()
    alice = await network.createAccount('alice.test')
  })
  afterAll(() => network[Symbol.asyncDispose]())

  it('publishes a post whose blob the PDS serves under the CID that is the SHA-256 of its bytes', async () => {
    const image = tinyPng()
    const post = await network.post(alice, 'a picture', [image])
    expect(post.uri).toMatch(`at://${alice.did}/app.bsky.feed.post/`)
    const [cid] = post.blobCids as [Cid]
    const query = new URLSearchParams({ did: alice.did, cid })
    const response = await fetch(`${network.pdsUrl}/xrpc/com.atproto.sync.getBlob?${query.toString()}`)
    expect(response.status).toBe(200)
    expect(Buffer.from(await response.arrayBuffer())).toEqual(image)
    expect(sha256OfBlobCid(cid)).toBe(createHash('sha256').update(image).digest('hex'))
  })

  it('gives a labeler account its label key and its service, and keeps what its DID document had', async () => {
    const key = await Secp256k1Keypair.create()
    const labeler = await network.createLabelerAccount('labeler.test', {
      labelKeyDidKey: key.did(),
      endpoint: 'http://localhost:1',
    })
    expect(await resolveLabelKey(network.plcUrl, labeler.did)).toBe(key.did())
    const document = await new DidResolver({ plcUrl: network.plcUrl, fetch }).ensureResolve(labeler.did)
    expect(document.service?.map((service) => [service.id, service.serviceEndpoint])).toEqual([
      ['#atproto_pds', network.pdsUrl],
      ['#atproto_labeler', 'http://localhost:1'],
    ])
    expect(getKey(document)).toMatch(/^did:key:z/)
    const record = await labeler.agent.com.atproto.repo.getRecord({
      repo: labeler.did,
      collection: 'app.bsky.labeler.service',
      rkey: 'self',
    })
    expect(record.data.value).toMatchObject({ policies: { labelValues: ['known-image'] } })
  })

  it('puts the post on the Jetstream stand-in', async () => {
    const post = await network.post(alice, 'a second picture', [tinyPng()])
    const socket = new WebSocket(`${network.jetstreamUrl}/subscribe?cursor=0`)
    const uri = await new Promise<string>((resolve, reject) => {
      socket.addEventListener('error', () => reject(new Error('The socket failed')))
      socket.addEventListener('message', ({ data }) => {
        const { did, commit } = JSON.parse(String(data)) as {
          did: string
          commit?: { collection: string; rkey: string }
        }
        const seen = `at://${did}/${commit?.collection}/${commit?.rkey}`
        if (seen === post.uri) resolve(seen)
      })
    }).finally(() => socket.close())
    expect(uri).toBe(post.uri)
  })
})

/** A picture of one pixel. */
function tinyPng(): Buffer {
  const base64 =
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
  return Buffer.from(base64, 'base64')
}
