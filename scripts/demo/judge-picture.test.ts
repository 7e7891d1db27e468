import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JobOutcome } from '../../src/model/job.ts'
import type { CheckedLabel } from './follow-labels.ts'
import { judgePicture } from './judge-picture.ts'

const uri = 'at://did:plc:a/app.bsky.feed.post/3ke6kg42c5s22'
const outcome = { matches: [{ distance: 3 }] } as unknown as JobOutcome
const label = {
  label: { val: 'known-image' },
  isVerified: true,
  receivedAt: 1_700_000_000_323,
} as CheckedLabel
const picture = { name: 'p', file: 'p.png', bytes: new Uint8Array(), poster: 'bob', isKnown: true } as const
const harmless = { ...picture, isKnown: false }

describe('judgePicture', () => {
  let server: Server
  let url: string
  let vals: readonly string[] = []

  beforeAll(async () => {
    server = createServer((_request, response) => {
      response.end(JSON.stringify({ labels: vals.map((val) => ({ val })) }))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => server.close())

  it('is content with a known picture that has its verified label on the stream and in queryLabels', async () => {
    vals = ['known-image']
    expect(await judgePicture({ picture, uri, outcome, label }, url)).toEqual({
      picture: 'p',
      expected: 'known-image',
      found: 'known-image',
      distance: 3,
      postToLabelMs: 200,
      isAsExpected: true,
    })
  })

  it('is content with a harmless picture that has none', async () => {
    vals = []
    const verdict = await judgePicture({ picture: harmless, uri, outcome, label: undefined }, url)
    expect(verdict).toMatchObject({ found: 'no label', isAsExpected: true })
  })

  it.each([
    ['a known picture without a label', { picture, label: undefined }, [], 'no label, queryLabels disagrees'],
    [
      'a harmless picture with one',
      { picture: harmless, label },
      ['known-image'],
      'known-image, queryLabels disagrees',
    ],
    [
      'a signature that does not fit',
      { picture, label: { ...label, isVerified: false } },
      ['known-image'],
      'known-image, badly signed',
    ],
    ['a label that queryLabels lacks', { picture, label }, [], 'known-image, queryLabels disagrees'],
  ] as const)('objects to %s', async (_, posted, queried, found) => {
    vals = queried
    const verdict = await judgePicture({ uri, outcome, ...posted }, url)
    expect(verdict).toMatchObject({ found, isAsExpected: false })
  })

  it('objects to a job that was given up', async () => {
    vals = []
    const verdict = await judgePicture({ picture: harmless, uri, outcome: undefined, label: undefined }, url)
    expect(verdict).toMatchObject({ found: 'no outcome', isAsExpected: false })
  })
})
