import { connect } from 'node:net'
import { schemas } from '@atproto/api'
import { type LexiconDoc, Lexicons } from '@atproto/lexicon'
import { describe, expect, it } from 'vitest'
import { createDidDocument } from '../src/atproto/did-document.ts'
import { wireErrorOf } from '../src/http/errors.ts'
import type { Services } from '../src/http/services.ts'
import { labelLexicons } from '../src/http/xrpc/label-lexicons.ts'
import { reportLexicons } from '../src/http/xrpc/report-lexicons.ts'
import { AppError, errorKinds } from '../src/lib/errors.ts'
import type { Did } from '../src/model/ids.ts'
import type { Match } from '../src/model/match.ts'
import type { Database } from '../src/store/database.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { labelServices, openTestHttp, type TestHttp } from './support/http-fixture.ts'
import { labelerDid, postUri, unsignedLabel } from './support/label-rows.ts'

const query = '/xrpc/com.atproto.label.queryLabels'

describe('GET /', () => {
  it('says in one line what this is', async () => {
    await using http = await openTestHttp()
    const answer = await get(http, '/')
    expect(answer).toMatchObject({ status: 200, type: 'text/plain; charset=utf-8' })
    expect(answer.text).toBe('Harrier 9.8.7, an AT Protocol labeler: did:web:labels.example.com\n')
  })
})

describe('GET /xrpc/_health', () => {
  it('gives the version on both listeners', async () => {
    await using http = await openTestHttp()
    for (const listener of ['public', 'operator'] as const) {
      const answer = await get(http, '/xrpc/_health', listener)
      expect([answer.status, answer.json]).toEqual([200, { version: '9.8.7' }])
    }
  })
})

describe('GET /.well-known/did.json', () => {
  const document = createDidDocument({
    did: 'did:web:labels.example.com',
    publicKeyMultibase: 'zKey',
    endpoint: 'https://labels.example.com',
  })

  it('serves the document of a did:web, to any origin', async () => {
    await using http = await openTestHttp({ didDocument: () => document })
    const answer = await get(http, '/.well-known/did.json')
    expect([answer.status, answer.json]).toEqual([200, document])
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  })

  it('is not there for any other DID', async () => {
    await using http = await openTestHttp()
    expectRefusal(await get(http, '/.well-known/did.json'), 404, 'NotFound')
  })
})

describe('com.atproto.label.queryLabels', () => {
  it('answers with signed labels in the form of the lexicon', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    await using http = await openTestHttp(labelServices(database))
    const cid = 'bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a' as never
    const label = unsignedLabel({ uri: postUri(1), cid, exp: '2030-01-01T00:00:00.000Z' })
    await database.labels.append([label, unsignedLabel({ uri: postUri(2) })])
    const answer = await getLabels(http, { uriPatterns: ['*'] })
    const { sig, bytes: _, signedBy: __, ...fields } = label
    expect(answer.json).toMatchObject({ cursor: '2', labels: [fields, { uri: postUri(2) }] })
    expect(answer.json.labels[0]).toEqual({
      ...fields,
      sig: { $bytes: Buffer.from(sig).toString('base64').replaceAll('=', '') },
    })
    expect(Object.keys(answer.json.labels[1] ?? {}).sort()).toEqual([
      'cts',
      'sig',
      'src',
      'uri',
      'val',
      'ver',
    ])
    const body = { ...answer.json, labels: answer.json.labels.map((item) => ({ ...item, sig })) }
    const lexicons = new Lexicons(schemas)
    expect(() => lexicons.assertValidXrpcOutput('com.atproto.label.queryLabels', body)).not.toThrow()
    const wrong = { ...body, labels: [{}] }
    expect(() => lexicons.assertValidXrpcOutput('com.atproto.label.queryLabels', wrong)).toThrow('labels')
    expect([answer.type, answer.headers.get('access-control-allow-origin')]).toEqual([
      'application/json; charset=utf-8',
      '*',
    ])
  })

  it('takes _ and % for themselves, tells case apart, and matches a prefix only where * ends it', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    await using http = await openTestHttp(labelServices(database))
    const base = 'at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/'
    const rkeys = ['a_b', 'aXb', 'a%b', 'A_B', 'a_bc', 'b']
    await database.labels.append(rkeys.map((rkey) => unsignedLabel({ uri: base + rkey })))
    const found = async (...patterns: string[]): Promise<string[]> => {
      const { json } = await getLabels(http, { uriPatterns: patterns.map((pattern) => base + pattern) })
      return json.labels.map(({ uri }) => uri.slice(base.length))
    }
    expect(await found('a_b')).toEqual(['a_b'])
    expect(await found('a%b')).toEqual(['a%b'])
    expect(await found('a_b*')).toEqual(['a_b', 'a_bc'])
    expect(await found('a%*')).toEqual(['a%b'])
    expect(await found('A*')).toEqual(['A_B'])
    expect(await found('a*')).toEqual(['a_b', 'aXb', 'a%b', 'a_bc'])
    expect(await found('b', 'aXb', 'none')).toEqual(['aXb', 'b'])
    expect(await found('a_b', 'a_*', '*')).toHaveLength(rkeys.length)
    expect(await found('none')).toEqual([])
  })

  it('shows what holds now: nothing superseded, withdrawn or expired', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    await using http = await openTestHttp(labelServices(database, '2026-01-01T00:00:00.000Z'))
    const uri = postUri(1)
    await database.labels.append([
      unsignedLabel({ uri, val: 'kept', cts: '2025-01-01T00:00:00.000Z' }),
      unsignedLabel({ uri, val: 'kept', cts: '2025-01-02T00:00:00.000Z', exp: '2027-01-01T00:00:00.000Z' }),
      unsignedLabel({ uri, val: 'withdrawn', cts: '2025-01-01T00:00:00.000Z' }),
      unsignedLabel({ uri, val: 'withdrawn', cts: '2025-01-02T00:00:00.000Z', neg: true }),
      unsignedLabel({ uri, val: 'expired', exp: '2026-01-01T00:00:00.000Z' }),
    ])
    const { json } = await getLabels(http, { uriPatterns: [uri] })
    expect(json.labels).toMatchObject([{ val: 'kept', cts: '2025-01-02T00:00:00.000Z' }])
    expect(json.labels).toHaveLength(1)
  })

  it('asks by source, and by several of them', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    await using http = await openTestHttp(labelServices(database))
    const other = 'did:web:other.example.com' as Did
    await database.labels.append([
      unsignedLabel({ uri: postUri(1) }),
      unsignedLabel({ uri: postUri(2), src: other }),
    ])
    const sourcesOf = async (sources: string[]): Promise<string[]> => {
      const { json } = await getLabels(http, { uriPatterns: ['*'], sources })
      return json.labels.map(({ src }) => src)
    }
    expect(await sourcesOf([other])).toEqual([other])
    expect(await sourcesOf([other, labelerDid])).toEqual([labelerDid, other])
    expect(await sourcesOf([])).toHaveLength(2)
    expect(await sourcesOf(['did:plc:nobody'])).toEqual([])
  })

  it('pages without a gap or a double while labels are superseded, and the last, empty page has no cursor', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    await using http = await openTestHttp(labelServices(database))
    await fill(database, 95)
    const seen: string[] = []
    let cursor: string | undefined
    let pages = 0
    do {
      const { json } = await getLabels(http, {
        uriPatterns: ['at://*'],
        limit: ['10'],
        ...(cursor === undefined ? {} : { cursor: [cursor] }),
      })
      seen.push(...json.labels.map(({ uri }) => uri))
      cursor = json.cursor
      pages += 1
      // A label that was read is renewed: it moves to the end, and none of those not read yet is passed over.
      if (pages === 3)
        await database.labels.append([
          unsignedLabel({
            uri: postUri(1),
            exp: '2031-01-01T00:00:00.000Z',
            cts: '2025-06-01T00:00:00.000Z',
          }),
        ])
    } while (cursor !== undefined)
    const all = Array.from({ length: 95 }, (_, index) => postUri(index + 1))
    expect(seen).toEqual([...all, postUri(1)])
    expect(pages).toBe(11)
  })

  it('gives 50 unless told, and up to 250', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    await using http = await openTestHttp(labelServices(database))
    await fill(database, 300)
    expect((await getLabels(http, { uriPatterns: ['*'] })).json.labels).toHaveLength(50)
    expect((await getLabels(http, { uriPatterns: ['*'], limit: ['250'] })).json.labels).toHaveLength(250)
    const many = Array.from({ length: 100 }, (_, index) => postUri(index + 1))
    expect((await getLabels(http, { uriPatterns: many, limit: ['250'] })).json.labels).toHaveLength(100)
  })

  const refused: Record<string, Record<string, string[]>> = {
    'no pattern': {},
    'a star in the middle': { uriPatterns: ['at://*/app.bsky.feed.post/1'] },
    'two stars': { uriPatterns: ['at://**'] },
    'more than 100 patterns': { uriPatterns: Array(101).fill('at://x*') },
    'a source that is no DID': { uriPatterns: ['*'], sources: ['someone'] },
    'a limit of 0': { uriPatterns: ['*'], limit: ['0'] },
    'a limit of 251': { uriPatterns: ['*'], limit: ['251'] },
    'a limit that is no number': { uriPatterns: ['*'], limit: ['many'] },
    'a cursor that is no number': { uriPatterns: ['*'], cursor: ['abc'] },
    'a negative cursor': { uriPatterns: ['*'], cursor: ['-1'] },
  }
  it.each(Object.entries(refused))('refuses %s', async (_, params) => {
    await using http = await openTestHttp({ queryLabels: async () => [] })
    expectRefusal(await getLabels(http, params), 400, 'InvalidRequest')
    expect((await getLabels(http, { uriPatterns: ['*'] })).status).toBe(200)
  })

  it('refuses another HTTP method, and answers a preflight', async () => {
    await using http = await openTestHttp({ queryLabels: async () => [] })
    expectRefusal(await get(http, query, 'public', { method: 'POST' }), 400, 'InvalidRequest')
    const preflight = await get(http, query, 'public', { method: 'OPTIONS' })
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
    expect(preflight.headers.get('access-control-allow-headers')).toBe('*')
  })

  it('shows only an id when we are at fault, and logs the rest under it', async () => {
    const queryLabels = (): never => {
      throw new Error('secret detail')
    }
    await using http = await openTestHttp({ queryLabels })
    const answer = await getLabels(http, { uriPatterns: ['*'] })
    expectRefusal(answer, 500, 'InternalServerError')
    expect(answer.text).not.toContain('secret')
    const { message } = answer.json as unknown as { readonly message: string }
    const id = message.slice('Internal error '.length)
    expect(http.lines).toContainEqual(
      expect.objectContaining({
        msg: 'http.fault',
        id,
        // The place where it happened is there, though refusals are made without theirs.
        err: expect.objectContaining({ message: 'secret detail', stack: expect.stringContaining('    at ') }),
      }),
    )
  })
})

describe('the lexicons that are carried', () => {
  it('are those that are published', () => {
    const published = new Map((schemas as readonly LexiconDoc[]).map((document) => [document.id, document]))
    for (const { id, defs } of [...labelLexicons, ...reportLexicons]) {
      for (const [name, def] of Object.entries(defs))
        expect(def, `${id}#${name}`).toEqual(published.get(id)?.defs[name])
    }
    expect([labelLexicons.length, reportLexicons.length]).toEqual([2, 4])
  })
})

describe('looking a hash up', () => {
  const found: Match[] = [
    {
      bankId: 2,
      bank: 'B',
      contentId: 5,
      hashType: 'pdq',
      distance: 0,
      profile: 'unknown',
      variant: 'original',
    },
    {
      bankId: 1,
      bank: 'A',
      contentId: 4,
      hashType: 'pdq',
      distance: 26,
      profile: 'unknown',
      variant: 'original',
    },
    {
      bankId: 2,
      bank: 'B',
      contentId: 9,
      hashType: 'pdq',
      distance: 31,
      profile: 'unknown',
      variant: 'original',
    },
  ]
  const pdq = '0123456789abcdef'.repeat(4)
  const asked: unknown[] = []
  const lookup: Services['lookup'] = async (...args) => {
    asked.push(args)
    return found
  }
  const open = () => openTestHttp({ lookup })

  it('answers as Hasher-Matcher-Actioner does, nearest first', async () => {
    await using http = await open()
    const byBank = await get(http, `/m/lookup?signal_type=pdq&signal=${pdq}`, 'operator')
    expect([byBank.status, byBank.json]).toEqual([
      200,
      {
        B: [
          { bank_content_id: 5, distance: '0' },
          { bank_content_id: 9, distance: '31' },
        ],
        A: [{ bank_content_id: 4, distance: '26' }],
      },
    ])
    const raw = await get(
      http,
      `//m/raw_lookup?signal_type=pdq&signal=${pdq.toUpperCase()}&banks=A,B`,
      'operator',
    )
    expect(raw.json).toEqual({ matches: [5, 4, 9] })
    const told = await get(
      http,
      `/m/raw_lookup?signal_type=pdq&signal=${pdq}&include_distance=true`,
      'operator',
    )
    expect(told.json).toMatchObject({ matches: [{ bank_content_id: 5, distance: '0' }, {}, {}] })
    expect(asked).toEqual([
      [{ type: 'pdq', value: pdq }, { coin: expect.any(Number) }],
      [
        { type: 'pdq', value: pdq },
        { banks: ['A', 'B'], coin: 0, hasDisabled: true, hasSuppressed: true },
      ],
      [
        { type: 'pdq', value: pdq },
        { coin: 0, hasDisabled: true, hasSuppressed: true },
      ],
    ])
  })

  it('tells a digest by a dash for its distance, under either name of MD5', async () => {
    const digest: Match = { bankId: 1, bank: 'A', contentId: 7, hashType: 'md5', distance: 0 }
    await using http = await openTestHttp({ lookup: async () => [digest] })
    for (const name of ['md5', 'video_md5']) {
      const { json } = await get(http, `/m/lookup?signal_type=${name}&signal=${'a'.repeat(32)}`, 'operator')
      expect(json).toEqual({ A: [{ bank_content_id: 7, distance: '-' }] })
    }
  })

  it('says what is wrong with a question', async () => {
    await using http = await open()
    const refused = async (params: string, message: RegExp) => {
      const answer = await get(http, `/m/lookup?${params}`, 'operator')
      expect([answer.status, answer.json]).toEqual([400, { message: expect.stringMatching(message) }])
    }
    await refused('', /Either url or both signal and signal_type are required/)
    await refused(`signal=${pdq}`, /Either url or both/)
    await refused('signal_type=pdq&signal=', /Either url or both/)
    await refused(`signal_type=photodna&signal=${pdq}`, /No such SignalType 'photodna'/)
    await refused(`signal_type=pdq&signal=${pdq}0`, /invalid signal/)
    await refused(`signal_type=md5&signal=${pdq}`, /invalid signal/)
    await refused(`signal_type=pdq&signal=${'z'.repeat(64)}`, /invalid signal/)
    await refused(`signal_type=pdq&signal=${pdq}&banks=A&banks=B`, /names of banks/)
  })

  it('is there for the operator and not for the world', async () => {
    await using http = await open()
    expectRefusal(await get(http, `/m/lookup?signal_type=pdq&signal=${pdq}`), 404, 'NotFound')
  })
})

describe('GET /metrics', () => {
  const metricsText = async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'a 1\n' })

  it('is there for the operator and not for the world', async () => {
    await using http = await openTestHttp({ metricsText })
    const answer = await get(http, '/metrics', 'operator')
    expect([answer.status, answer.text]).toEqual([200, 'a 1\n'])
    expect(answer.type).toContain('version=0.0.4')
    expectRefusal(await get(http, '/metrics'), 404, 'NotFound')
  })

  it('answers with an id when the metrics cannot be read', async () => {
    await using http = await openTestHttp()
    expectRefusal(await get(http, '/metrics', 'operator'), 500, 'InternalServerError')
  })
})

describe('every answer', () => {
  it('forbids sniffing and framing, and does not say what it is made with', async () => {
    await using http = await openTestHttp({ queryLabels: async () => [] })
    const paths = [
      '/',
      '/xrpc/_health',
      `${query}?uriPatterns=*`,
      query,
      '/none',
      '/xrpc/com.example.none',
      '/.well-known/did.json',
    ]
    for (const path of paths) {
      const { headers } = await get(http, path)
      expect([headers.get('x-content-type-options'), headers.get('x-powered-by')], path).toEqual([
        'nosniff',
        null,
      ])
      expect(headers.get('content-security-policy'), path).toContain("default-src 'none'")
    }
  })

  it('is an XRPC error when nothing is served there', async () => {
    await using http = await openTestHttp()
    expectRefusal(await get(http, '/none'), 404, 'NotFound')
    expectRefusal(await get(http, '/none', 'operator'), 404, 'NotFound')
    expectRefusal(await get(http, '/xrpc/com.example.none'), 501, 'MethodNotImplemented')
    expectRefusal(
      await get(http, '/xrpc/com.example.none', 'public', { method: 'POST' }),
      501,
      'MethodNotImplemented',
    )
    expectRefusal(await get(http, '/xrpc/not!a!method'), 400, 'InvalidRequest')
    expectRefusal(await get(http, '/%zz'), 404, 'NotFound')
  })

  it('is told once, without the query and the address of the caller', async () => {
    await using http = await openTestHttp({ queryLabels: async () => [] })
    await get(http, `${query}?uriPatterns=secret*`)
    await get(http, `${query}?uriPatterns=secret*&limit=0`)
    await get(http, '/secret/path')
    await get(http, '/xrpc/_health')
    const lines = http.lines.filter(({ msg }) => msg === 'http.request')
    const durationMs = expect.any(Number)
    expect(lines).toMatchObject([
      // What machines ask all the time is told where they are refused.
      { level: 20, listener: 'public', method: 'GET', route: query, status: 200, durationMs },
      { level: 30, listener: 'public', method: 'GET', route: query, status: 400, durationMs },
      { level: 30, listener: 'public', method: 'GET', route: 'none', status: 404, durationMs },
      { level: 20, listener: 'public', method: 'GET', route: '/xrpc/_health', status: 200, durationMs },
    ])
    expect(JSON.stringify(http.lines)).not.toMatch(/secret|127\.0\.0\.1/)
    expect(http.counted).toEqual(
      lines.map(({ method, route, status }) => [
        'requestDone',
        { listener: 'public', method, route, status, durationMs },
      ]),
    )
  })
})

describe('the limits of a request', () => {
  it('are 32 KiB of headers, answered with 431', async () => {
    await using http = await openTestHttp()
    const answer = await rawAnswer(http, `GET /?${'a'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('hold for what is not HTTP', async () => {
    await using http = await openTestHttp()
    expect(await rawAnswer(http, 'nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  })
})

describe('openHttp', () => {
  it('says which address is taken, and leaves nothing open', async () => {
    await using http = await openTestHttp()
    const taken = { host: '127.0.0.1', port: http.public.port }
    await expect(openTestHttp({}, { operator: taken })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('operator'),
    })
    await expect(openTestHttp({}, { public: taken })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('public'),
    })
  })

  it('answers what is under way before it stops', async () => {
    const answering = Promise.withResolvers<never[]>()
    const asked = Promise.withResolvers<void>()
    const http = await openTestHttp({ queryLabels: () => (asked.resolve(), answering.promise) })
    const answer = getLabels(http, { uriPatterns: ['*'] })
    await asked.promise
    const stopped = http[Symbol.asyncDispose]()
    answering.resolve([])
    expect((await answer).status).toBe(200)
    await stopped
  })
})

describe('wireErrorOf', () => {
  it('has a status for every kind of failure, and shows nothing of an internal one', () => {
    const statuses = errorKinds.map((kind) => [kind, wireErrorOf(new AppError(kind, 'text')).status])
    expect(Object.fromEntries(statuses)).toEqual({
      invalid: 400,
      unauthenticated: 401,
      forbidden: 403,
      'not-found': 404,
      conflict: 409,
      'too-large': 413,
      'rate-limited': 429,
      upstream: 502,
      unavailable: 503,
      timeout: 504,
      internal: 500,
    })
    for (const error of [
      new AppError('internal', 'secret'),
      new Error('secret'),
      'secret',
      undefined,
      { status: 400 },
    ]) {
      expect(wireErrorOf(error)).toMatchObject({
        status: 500,
        error: 'InternalServerError',
        id: expect.any(String),
      })
      expect(wireErrorOf(error).message).not.toContain('secret')
    }
  })
})

type Answer = {
  readonly status: number
  readonly type: string | null
  readonly headers: Headers
  readonly text: string
  readonly json: {
    readonly cursor?: string
    readonly labels: { readonly uri: string; readonly src: string }[]
  }
}

async function get(
  http: TestHttp,
  path: string,
  listener: 'public' | 'operator' = 'public',
  init: RequestInit = {},
): Promise<Answer> {
  const response = await fetch(http[listener].url + path, init)
  const text = await response.text()
  const type = response.headers.get('content-type')
  const json = (type?.startsWith('application/json') ? JSON.parse(text) : undefined) as Answer['json']
  return { status: response.status, type, headers: response.headers, text, json }
}

function getLabels(http: TestHttp, params: Readonly<Record<string, readonly string[]>>): Promise<Answer> {
  const pairs = Object.entries(params).flatMap(([name, values]) =>
    values.map((value): [string, string] => [name, value]),
  )
  return get(http, `${query}?${new URLSearchParams(pairs).toString()}`)
}

function expectRefusal({ status, json }: Answer, wanted: number, error: string): void {
  expect(status).toBe(wanted)
  expect(json).toEqual({ error, message: expect.stringMatching(/./) })
}

async function fill(database: Database, count: number): Promise<void> {
  await database.labels.append(
    Array.from({ length: count }, (_, index) => unsignedLabel({ uri: postUri(index + 1) })),
  )
}

async function rawAnswer(http: TestHttp, request: string): Promise<string> {
  const socket = connect(http.public.port, http.public.host)
  socket.setEncoding('utf8').end(request)
  let answer = ''
  for await (const chunk of socket) answer += String(chunk)
  return answer
}
