import type { RequestListener } from 'node:http'
import { describe, expect, it } from 'vitest'
import { openLoopbackServer } from '../../test/support/listen.ts'
import { createSafeFetch } from '../lib/safe-fetch.ts'
import type { AtUri } from '../model/ids.ts'
import { createFetchRecord, type FetchedRecord } from './fetch-record.ts'

const never = new AbortController().signal
const uri = 'at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3l3qo2vutsw2b' as AtUri

/** A record, and its CID as a program of another language computed it. */
const record = {
  $type: 'app.bsky.feed.post',
  text: 'äöü',
  count: 7,
  nested: { list: [true, null, 'x'] },
  createdAt: '2026-01-01T00:00:00.000Z',
}
const cid = 'bafyreiezbiljxuqce7pvwfl23bsgxq6ntaunjatibm2xooq7lteti6usyq'

async function fetched(
  answer: RequestListener,
  { isAllowed = true, idleTimeoutMs = 10_000 } = {},
): Promise<FetchedRecord> {
  using server = await openLoopbackServer(answer)
  const fetch = createSafeFetch({
    timeoutMs: 20_000,
    maxRedirects: 1,
    allowedPrivateOrigins: isAllowed ? [server.origin] : [],
    userAgent: 'test',
  })
  const fetchRecord = createFetchRecord(
    { resolvePds: async () => server.origin, fetch },
    { timeoutMs: 20_000, idleTimeoutMs },
  )
  return await fetchRecord(uri, never)
}

const json =
  (body: unknown, status = 200): RequestListener =>
  (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  }

describe('createFetchRecord', () => {
  it('asks the host for the record and returns it as JSON when its CID is that of its bytes', async () => {
    const asked: unknown[] = []
    const found = await fetched((request, response) => {
      asked.push(request.url)
      json({ uri, cid, value: record })(request, response)
    })
    expect(found).toEqual({ kind: 'record', cid, record })
    expect(asked).toEqual([
      '/xrpc/com.atproto.repo.getRecord?repo=did%3Aplc%3Aewvi7nxzyoun6zhxrhs64oiz&collection=app.bsky.feed.post&rkey=3l3qo2vutsw2b',
    ])
  })

  it.each<[string, string, RequestListener]>([
    [
      'has other content than its CID',
      'cid-mismatch',
      json({ uri, cid, value: { ...record, text: 'other' } }),
    ],
    [
      'is nested deeper than can be followed',
      'cid-mismatch',
      json(`{"cid":"${cid}","value":${deep(200_000)}}`),
    ],
    ['has numbers that no record has', 'cid-mismatch', json({ uri, cid, value: { ...record, count: 7.5 } })],
    ['has no CID', 'bad-response', json({ uri, value: record })],
    ['is no object', 'bad-response', json({ uri, cid, value: 'text' })],
    ['is no JSON', 'bad-response', json('<html>')],
    ['is null', 'bad-response', json('null')],
    ['has no end', 'too-large', (_, response) => void response.end(Buffer.alloc(5_000_000, 32))],
    [
      'is gone',
      'not-found',
      json({ error: 'RecordNotFound', message: 'Could not locate record: at://x' }, 400),
    ],
    [
      'is gone from a host that names no error',
      'not-found',
      json({ message: 'Could not locate record' }, 400),
    ],
    ['is of an account that is taken down', 'account-inactive', json({ error: 'RepoTakendown' }, 400)],
    ['is refused otherwise', 'bad-response', json({ error: 'InvalidRequest' }, 400)],
    [
      'is elsewhere, and elsewhere again',
      'too-many-redirects',
      (request, response) => void response.writeHead(302, { location: request.url ?? '' }).end(),
    ],
  ])('tells why when the record %s', async (_, reason, answer) => {
    expect(await fetched(answer)).toEqual({ kind: 'unavailable', reason })
  })

  it('goes to no private address', async () => {
    expect(await fetched(json({ uri, cid, value: record }), { isAllowed: false })).toEqual({
      kind: 'unavailable',
      reason: 'refused-address',
    })
  })

  it.each<[string, RequestListener]>([
    ['is unwell', json({}, 503)],
    ['asks us to wait', json({}, 429)],
    ['breaks off', (request) => void request.socket.destroy()],
    ['falls silent', (_, response) => void response.write('{')],
  ])('leaves a host that %s to be tried again', async (_, answer) => {
    const error = await fetched(answer, { idleTimeoutMs: 200 }).catch((thrown: unknown) => thrown)
    expect((error as { shouldRetry(): boolean }).shouldRetry()).toBe(true)
  })

  it('knows when the account has no host', async () => {
    const fetchRecord = createFetchRecord(
      { resolvePds: async () => undefined, fetch: () => Promise.reject(new Error('asked')) },
      { timeoutMs: 100, idleTimeoutMs: 100 },
    )
    expect(await fetchRecord(uri, never)).toEqual({ kind: 'unavailable', reason: 'no-account' })
  })
})

function deep(levels: number): string {
  return `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
}
