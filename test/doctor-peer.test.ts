import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CheckResult } from '../src/identity/doctor.ts'
import { doctorDepsOf, examine } from './support/doctor.ts'
import { createLabelKey } from './support/label-key.ts'
import { type Network, openNetwork } from './support/network.ts'
import { openSkywareLabeler, type SkywareOptions } from './support/open-skyware-labeler.ts'

let network: Network
let post: string
let peers = 0

beforeAll(async () => {
  network = await openNetwork()
  const alice = await network.createAccount('alice.test')
  post = `at://${alice.did}/app.bsky.feed.post`
})
afterAll(() => network[Symbol.asyncDispose]())

describe('@skyware/labeler 0.2.0 under examination', () => {
  it('signs and sends neg: false, makes any value, and shows in queryLabels what holds no more', async () => {
    const val = 'known-image'
    const results = await examinePeer([
      { uri: `${post}/3kplain`, val },
      { uri: `${post}/3k_under_score`, val },
      { uri: `${post}/3kwithdrawn`, val },
      { uri: `${post}/3kwithdrawn`, val, neg: true },
      { uri: `${post}/3kexpired`, val, exp: '2026-01-01T00:00:00.000Z' },
      { uri: `${post}/3kbad`, val: 'Bad Name!' },
    ])
    // What it does right is not complained of.
    for (const check of ['label-key', 'record', 'https', 'websocket', 'replay', 'seq', 'clock']) {
      expect(results[check]).toMatchObject({ status: 'ok' })
    }
    const { signatures, query, 'query-paging': paging, 'published-values': values } = results
    expect(signatures).toMatchObject({
      status: 'warn',
      says: expect.stringMatching(/^5 of 6 labels sign and send neg: false/),
      fix: expect.stringContaining('Leave neg out'),
    })
    expect(values).toMatchObject({
      status: 'fail',
      says: expect.stringContaining('"Bad Name!" is not of a-z and -'),
    })
    expect(query?.status).toBe('fail')
    for (const says of [
      'leaves out 1 label of the stream, such as seq 2 (a subject with _ in it)',
      '1 label withdrawn on the stream',
      '1 label with neg: true',
      '1 label past its exp',
      'takes upper and lower case for the same',
    ]) {
      expect(query?.says).toContain(says)
    }
    expect(paging).toMatchObject({
      status: 'warn',
      says: expect.stringContaining('an empty page of queryLabels carries the cursor "0"'),
    })
  })

  it('cuts the connection after FutureCursor, also when it has lost its labels', async () => {
    for (const labels of [[{ uri: `${post}/3kplain`, val: 'known-image' }], []]) {
      const results = await examinePeer(labels)
      expect(results['websocket']).toMatchObject({ status: 'ok' })
      expect(results['future-cursor']).toMatchObject({
        status: 'warn',
        says: 'after the error frame FutureCursor the connection is cut without a close',
        fix: expect.stringContaining('and close'),
      })
    }
  })
})

/** Runs the peer with an account of its own, and examines it as a stranger does. */
async function examinePeer(labels: SkywareOptions['labels']): Promise<Readonly<Record<string, CheckResult>>> {
  const account = await network.createAccount(`peer${++peers}.test`)
  const key = await createLabelKey()
  await using peer = await openSkywareLabeler({ did: account.did, keyHex: key.privateHex, labels })
  await network.declareLabeler(account, { labelKeyDidKey: key.didKey, endpoint: peer.url })
  // Awaited here: the peer ends with this function.
  return await examine(account.did, doctorDepsOf(network, { origins: [peer.url] }))
}
