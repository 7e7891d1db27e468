import { hash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { cidForRawHash } from '@atproto/lex-data'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { operations } from '../src/http/rest/operations.ts'
import { AppError } from '../src/lib/errors.ts'
import { apiScopes } from '../src/model/api-key.ts'
import { openTestHttp, testRestOptions } from './support/http-fixture.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type LoopbackServer, openLoopbackServer } from './support/listen.ts'
import {
  addDelivery,
  addReview,
  call,
  form,
  openRestService,
  post,
  type RestService,
  requestOf,
} from './support/rest-client.ts'
import { runHarrier } from './support/run-harrier.ts'
import { openServiceTools } from './support/service.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe('the REST API', () => {
  const stack = new AsyncDisposableStack()
  let service: RestService
  let elsewhere: LoopbackServer
  let key: string
  let known: Buffer
  let like: Buffer
  let other: Buffer

  beforeAll(async () => {
    known = await drawLandscape(1, { width: 480, height: 320 })
    like = await recompress(known, 60)
    other = await drawLandscape(2, { width: 480, height: 320 })
    elsewhere = stack.use(
      await openLoopbackServer((request, response) => {
        if (/^\/(?:known\.png|image\.jpg)/.test(request.url ?? '')) response.end(known)
        else if (request.url === '/large.png') response.end(Buffer.alloc(3_000_000))
        else if (request.url === '/inside') response.writeHead(302, { location: 'http://10.0.0.1/x' }).end()
        else response.writeHead(404).end('gone')
      }),
    )
    service = stack.use(
      await openRestService(known, {
        HARRIER_ALLOW_PRIVATE_ORIGINS: elsewhere.origin,
        HARRIER_MAX_BLOB_BYTES: '2000000',
        HARRIER_FETCH_TIMEOUT_MS: '5000',
      }),
    )
    key = await service.makeKey()
    await addDelivery(service)
    await addReview(service)
  })
  afterAll(() => stack.disposeAsync())

  const world = () => ({ picture: other, images: elsewhere.origin })
  const send = (path: string, init?: RequestInit) => call(`${service.url}${path}`, key, init)

  describe('the documentation', () => {
    it('is OpenAPI 3.1 of every operation, open to all', async () => {
      const { status, json, headers } = await call(`${service.url}/openapi.json`, undefined)
      expect([status, json['openapi']]).toEqual([200, '3.1.0'])
      expect(headers.get('x-request-id')).toMatch(uuid)
      const paths = json['paths'] as Record<
        string,
        Record<string, { responses: object; operationId: string }>
      >
      const documented = Object.entries(paths).flatMap(([path, methods]) =>
        Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method} ${path}`),
      )
      // Those of one path stand together.
      const names = operations.map(({ id, method, path }) => `${id} ${method} ${path}`)
      expect(documented.toSorted()).toEqual(names.toSorted())
      for (const { path, method, errors } of operations) {
        expect(Object.keys(paths[path]?.[method]?.responses ?? {})).toEqual(
          expect.arrayContaining(['200', '401', '403', '429', ...errors.map(({ status }) => String(status))]),
        )
      }
    })

    it('is shown by a page that loads nothing from anybody else', async () => {
      const load = async (path: string) => {
        const answer = await fetch(`${service.url}${path}`)
        return { answer, text: await answer.text() }
      }
      const { answer, text } = await load('/docs')
      const policy = answer.headers.get('content-security-policy') ?? ''
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self';/)
      expect(policy).not.toMatch(/unsafe|https?:|\*/)
      expect(text).not.toMatch(/<script>|<style|\sstyle=|\son\w+=/)
      const loaded = [...text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, path]) => path ?? '')
      expect(loaded).toHaveLength(4)
      for (const path of loaded) {
        expect(path).toMatch(/^\/docs\//)
        const asset = await load(path)
        expect([path, asset.answer.status, asset.text.length > 100]).toEqual([path, 200, true])
        expect(asset.answer.headers.get('content-security-policy')).toBe(policy)
      }
      const { text: start } = await load('/docs/start.js')
      expect(start).toContain("url: '/openapi.json'")
      // The library asks a validator on the network unless it is told not to.
      expect(start).toContain('validatorUrl: null')
      expect(start).not.toMatch(/https?:/)
    })

    it('has schemas that take what is sent and what is answered', async () => {
      const { json } = await call(`${service.url}/openapi.json`, undefined)
      const paths = json['paths'] as never as Record<string, Record<string, Documented>>
      const documented = paths['/api/v1/match']?.['post']
      const schemaIn = documented?.requestBody.content['application/json']?.schema
      const schemaOut = documented?.responses['200']?.content['application/json']?.schema
      const request = z.fromJSONSchema(schemaIn as never)
      const answer = z.fromJSONSchema(schemaOut as never)
      const body = { hash_value: hash('md5', known), hash_type: 'md5' }
      expect(request.safeParse(body).success).toBe(true)
      expect(request.safeParse({ ...body, threshold: 2 }).success).toBe(false)
      const answered = await send('/api/v1/match', post(body))
      expect(answer.safeParse(answered.json).success).toBe(true)
      expect(answer.safeParse({ ...answered.json, matches: [{}] }).success).toBe(false)
    })
  })

  describe.each(operations)('$method $path', (operation) => {
    it.each(operation.examples)('answers as documented: $name', async ({ request }) => {
      const [url, init] = requestOf(service.url, operation, request, world())
      const answer = await call(url, key, init)
      expect([answer.status, answer.type]).toEqual([200, 'application/json; charset=utf-8'])
      expect(answer.headers.get('x-request-id')).toMatch(uuid)
      expect(Number(answer.headers.get('ratelimit-remaining'))).toBeGreaterThan(0)
      const { error } = operation.answer.safeParse(answer.json)
      expect(error?.issues).toBeUndefined()
      const [path, search] = url.split('?')
      const slashed = await call(`${path}/${search === undefined ? '' : `?${search}`}`, key, init)
      expect(slashed.status).toBe(200)
    })

    it.each(operation.errors)('refuses as documented: $status $when', async ({ status, code, request }) => {
      const [url, init] = requestOf(service.url, operation, request, world())
      expectProblem(await call(url, key, init), status, code)
    })

    it('wants a key that is good for it', async () => {
      const [url, init] = requestOf(service.url, operation, operation.examples[0]?.request ?? {}, world())
      const scopes = apiScopes.filter((scope) => scope !== operation.scope)
      const wrong = await service.makeKey(scopes)
      const none = await call(url, undefined, init)
      expectProblem(none, 401, 'AuthenticationRequired')
      expect(none.headers.get('www-authenticate')).toContain('Bearer')
      expectProblem(await call(url, `harrier_${'A'.repeat(43)}`, init), 401, 'AuthenticationRequired')
      expectProblem(await call(url, 'nonsense', init), 401, 'AuthenticationRequired')
      expectProblem(await call(url, wrong, init), 403, 'MissingScope')
    })

    it('has no other methods', async () => {
      const [url] = requestOf(service.url, operation, operation.examples[0]?.request ?? {}, world())
      const answer = await call(url, key, { method: 'PATCH' })
      expectProblem(answer, 405, 'MethodNotAllowed')
      expect(answer.headers.get('allow')).toContain(operation.method.toUpperCase())
    })
  })

  it('removes the banks that the examples have made', async () => {
    for (const bank of ['from-an-app', 'harmless']) {
      const answer = await send(`/api/v1/admin/bank/${bank}`, { method: 'DELETE' })
      expect(answer.json).toEqual({ removed: true })
    }
  })

  describe('hashing', () => {
    it.each(['file', 'image', 'photo', 'video'])('takes a form with the field %s', async (field) => {
      const { status, json } = await send(
        '/api/v1/hash',
        form(known, { field, fields: { metadata: '{"a":1}' } }),
      )
      expect([status, json['filename'], json['content_type'], json['size']]).toEqual([
        200,
        'image.png',
        'image/png',
        known.length,
      ])
      const hashes = json['hashes'] as { algorithm: string; hash_value: string; quality: number | null }[]
      expect(hashes.map(({ algorithm }) => algorithm)).toEqual(['pdq', 'pdq', 'md5', 'sha1', 'sha256'])
      expect(hashes[0]).toMatchObject({ quality: 100, metadata: { profile: 'reference-512' } })
      for (const { algorithm, hash_value } of hashes.slice(2)) expect(hash_value).toBe(hash(algorithm, known))
      expect(json).toMatchObject({ success: true, hma_status: 'success', hash: hashes[0]?.hash_value })
    })

    it('gives the same hashes for bytes, base64 and an address', async () => {
      const hashesOf = async (path: string, init: RequestInit) => (await send(path, init)).json['hashes']
      const sent = await hashesOf('/api/v1/hash', form(known))
      const body = new Uint8Array(known)
      const bytes = { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body }
      expect(await hashesOf('/api/v1/hash', bytes)).toEqual(sent)
      expect(await hashesOf('/api/v1/hash', post({ image: known.toString('base64') }))).toEqual(sent)
      const fetched = await send('/api/v1/hash/url', post({ url: `${elsewhere.origin}/known.png?x=1` }))
      expect(fetched.json).toMatchObject({ filename: 'known.png', content_type: 'image/png', hashes: sent })
    })

    it('tells of matches only those whose key may match', async () => {
      const { json } = await send('/api/v1/hash', form(like))
      expect(json['matches']).toMatchObject([{ bank_name: 'known', content_id: 1 }])
      const hashOnly = await service.makeKey(['hash'])
      const narrow = await call(`${service.url}/api/v1/hash`, hashOnly, form(like))
      expect([narrow.status, 'matches' in narrow.json]).toEqual([200, false])
    })

    it.each([
      ['loopback', 'http://127.0.0.1:3001/metrics', 403, 'Forbidden'],
      ['a private address', 'https://192.168.1.1/x', 403, 'Forbidden'],
      ['the metadata of a cloud', 'http://169.254.169.254/latest/meta-data', 403, 'Forbidden'],
      ['a name for loopback', 'https://localhost/x', 403, 'Forbidden'],
      ['a number for loopback', 'https://2130706433/', 403, 'Forbidden'],
      ['a file', 'file:///etc/passwd', 400, 'InvalidRequest'],
      ['credentials', 'https://user:secret@example.com/', 400, 'InvalidRequest'],
      ['no address', 'nonsense', 400, 'InvalidRequest'],
      ['a long one', `https://example.com/${'a'.repeat(3000)}`, 400, 'InvalidRequest'],
    ])('refuses %s', async (_, url, status, code) => {
      expectProblem(await send('/api/v1/hash/url', post({ url })), status, code)
    })

    it('refuses what an address gives instead of an image', async () => {
      const at = (path: string) => send('/api/v1/hash/url', post({ url: `${elsewhere.origin}${path}` }))
      expectProblem(await at('/gone'), 502, 'UpstreamFailure')
      expectProblem(await at('/large.png'), 413, 'PayloadTooLarge')
      expectProblem(await at('/inside'), 403, 'Forbidden')
    })
  })

  describe('matching', () => {
    it('finds what is near enough, with what the bank holds', async () => {
      const { json } = await send('/api/v1/hash', form(like))
      const [{ hash_value }] = json['hashes'] as [{ hash_value: string }]
      const found = await send('/api/v1/match', post({ hash_value: hash_value.toUpperCase() }))
      expect(found.json).toMatchObject({
        hash_value,
        hash_type: 'pdq',
        threshold: 0.9,
        max_distance: 25,
        threshold_capped: false,
        match_count: 1,
        matches: [{ bank_id: '1', bank_name: 'known', hash_type: 'pdq', metadata: null }],
      })
      const [match] = found.json['matches'] as [{ distance: number; similarity: number; hash_value: string }]
      expect(match.distance).toBe(distanceOf(hash_value, match.hash_value))
      expect(match.similarity).toBe(1 - match.distance / 256)
    })

    it.each([
      [1, 0],
      [0.95, 12],
      [0.92, 20],
      [0.9, 25],
      [0.88, 30],
      [0.879, 30],
      [0.85, 38],
    ])('takes the threshold %d for %d bits, to the bit', async (threshold, bits) => {
      const { json } = await send('/api/v1/hash', form(known))
      const [{ hash_value }] = json['hashes'] as [{ hash_value: string }]
      const at = (distance: number) =>
        send('/api/v1/match', post({ hash_value: flip(hash_value, distance), threshold }))
      expect((await at(bits)).json).toMatchObject({ match_count: 1, max_distance: bits })
      expect((await at(bits + 1)).json['match_count']).toBe(0)
    })

    it('says when a threshold asks for more than is searched', async () => {
      const { json } = await send('/api/v1/match', post({ hash_value: '0'.repeat(64), threshold: 0.5 }))
      expect(json).toMatchObject({ max_distance: 48, threshold_capped: true })
    })

    it('keeps to the banks that are named', async () => {
      const md5 = { hash_value: hash('md5', known), hash_type: 'md5' }
      const count = async (banks: unknown) =>
        (await send('/api/v1/match', post({ ...md5, banks }))).json['match_count']
      expect([await count(['known']), await count(['other']), await count([]), await count(null)]).toEqual([
        1, 0, 0, 1,
      ])
    })

    it('matches an image by its form, as far as the form’s threshold goes', async () => {
      const found = await send('/api/v1/match', form(like, { field: 'image' }))
      expect(found.json).toMatchObject({
        success: true,
        match_count: 1,
        matches: [{ bank: 'known', content_id: 1 }],
      })
      expect((await send('/api/v1/match', form(other))).json).toMatchObject({ success: true, matches: [] })
      const wrong = form(like, { fields: { threshold: 'high' } })
      expectProblem(await send('/api/v1/match', wrong), 400, 'InvalidRequest')
    })

    it('answers a batch in order, and each wrong one by itself', async () => {
      const md5 = { hash_value: hash('md5', known), hash_type: 'md5' }
      const batch = [md5, { hash_value: 'xyz' }, null, 7, { ...md5, banks: ['other'] }]
      const { json } = await send('/api/v1/match/batch', post(batch))
      const error = { status: 400, code: 'InvalidRequest', detail: expect.any(String) }
      expect(json).toMatchObject([{ match_count: 1 }, { error }, { error }, { error }, { match_count: 0 }])
      const full = await send('/api/v1/match/batch', post(Array.from({ length: 1000 }, () => md5)))
      expect(full.json).toHaveLength(1000)
      expectProblem(
        await send('/api/v1/match/batch', post(Array.from({ length: 1001 }, () => md5))),
        400,
        'InvalidRequest',
      )
    })
  })

  describe('the status of content', () => {
    it('knows a blob by its CID alone', async () => {
      const cidOf = (bytes: Uint8Array) => cidForRawHash(Buffer.from(hash('sha256', bytes), 'hex')).toString()
      const status = (id: string) => send(`/api/v1/match/status?content_id=${encodeURIComponent(id)}`)
      const found = await status(cidOf(known))
      expect(found.json).toMatchObject({ isMatched: true, is_matched: true, known: true })
      expect(found.headers.get('cache-control')).toBe('private, max-age=30')
      expect((await status(`did:plc:z72i7hdynmk6r22z27h6tvur/${cidOf(known)}`)).json['isMatched']).toBe(true)
      expect((await status(cidOf(other))).json).toMatchObject({ isMatched: false, known: false })
    })
  })

  describe('actions', () => {
    const act = (json: object) => send('/api/v1/action', post(json))
    const record = 'at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/3l6oveex3ii2x'

    it('are done once for each id, which another action cannot have', async () => {
      const action = { action_id: 'once', action_type: 'log', content_id: 'thing_1' }
      const first = await act(action)
      expect(first.json).toMatchObject({ action_id: 'once', result: { success: true, metadata: null } })
      expect((await act(action)).json).toEqual(first.json)
      expectProblem(await act({ ...action, content_id: 'thing_2' }), 409, 'Conflict')
      const all = await Promise.all(
        Array.from({ length: 8 }, () => act({ ...action, action_id: 'at once', content_id: 'thing_3' })),
      )
      expect(new Set(all.map(({ json }) => JSON.stringify(json))).size).toBe(1)
      expect((await send('/api/v1/logs/thing_3')).json['count']).toBe(1)
      const another = await service.makeKey(['act'])
      const theirs = { ...action, content_id: 'thing_2' }
      expect((await call(`${service.url}/api/v1/action`, another, post(theirs))).status).toBe(200)
    })

    it('put records and accounts before a person', async () => {
      for (const [action_id, content_id] of [
        ['r1', record],
        ['r2', 'did:plc:z72i7hdynmk6r22z27h6tvur'],
      ]) {
        const { json } = await act({ action_id, action_type: 'review', content_id })
        expect(json['result']).toMatchObject({ success: true, details: 'Queued for review' })
      }
      await using tools = await openServiceTools(service.folder)
      const reviews = await tools.reviews.list(['open'], 10)
      expect(reviews.map(({ subject }) => subject)).toEqual(
        expect.arrayContaining([record, 'did:plc:z72i7hdynmk6r22z27h6tvur']),
      )
      const status = await send(`/api/v1/match/status?content_id=${encodeURIComponent(record)}`)
      expect(status.json).toMatchObject({ known: true, isMatched: false, action: 'review' })
    })

    it('keep the wish for a CyberTip with a review, and say that nothing was sent', async () => {
      const uri = `${record}n`
      const action = { action_id: 'tip', action_type: 'report_ncmec', content_id: uri }
      const { status, json } = await act(action)
      const result = json['result'] as { details: string; metadata: { review: number } }
      expect([status, result]).toMatchObject([
        200,
        { success: true, details: expect.stringContaining('Nothing was sent to NCMEC') },
      ])
      const { review } = result.metadata
      expect(result.metadata).toEqual({ requested: 'cybertip', review: expect.any(Number), sent: false })
      expect((await act(action)).json).toEqual(json)
      await using tools = await openServiceTools(service.folder)
      expect((await tools.reviews.find(review))?.review).toMatchObject({
        subject: uri,
        requested: 'cybertip',
      })
      const shown = await runHarrier(service.folder.path, ['review', 'show', String(review)], {
        settings: service.folder.env as Record<string, string>,
      })
      expect(shown.out).toMatch(/requested +cybertip/)
      const opaque = await act({ ...action, action_id: 'tip-2', content_id: 'photo_tip' })
      expect(opaque.json['result']).toMatchObject({ metadata: { review: null, sent: false } })
      expect((await send('/api/v1/match/status?content_id=photo_tip')).json).toMatchObject({
        isMatched: true,
        action: 'report_ncmec',
      })
    })

    it('take a record down by a label, which a withdrawal undoes', async () => {
      const policyFile = join(service.folder.path, 'takedown.yaml')
      writeFileSync(policyFile, "labels: ['!takedown']\n")
      await using strict = await openRestService(known, { HARRIER_POLICY_FILE: policyFile })
      const secret = await strict.makeKey(['act', 'match'])
      const ask = (path: string, init?: RequestInit) => call(strict.url + path, secret, init)
      const takedown = { action_id: '1', action_type: 'takedown', content_id: record }
      expect((await ask('/api/v1/action', post(takedown))).json['result']).toMatchObject({ success: true })
      const status = async () =>
        (await ask(`/api/v1/match/status?content_id=${encodeURIComponent(record)}`)).json
      expect(await status()).toMatchObject({ isMatched: true, action: 'takedown', labels: ['!takedown'] })
      const query = `/xrpc/com.atproto.label.queryLabels?uriPatterns=${encodeURIComponent(record)}`
      expect((await ask(query)).json['labels']).toMatchObject([{ uri: record, val: '!takedown' }])
      await using tools = await openServiceTools(strict.folder)
      await tools.publish({ uri: record as never, val: '!takedown', neg: true })
      expect(await status()).toMatchObject({ isMatched: false, labels: [] })
    })

    it('of a batch are each answered in their place', async () => {
      const item = { action_id: 'b1', action_type: 'log', content_id: 'thing_b' }
      const { json } = await send(
        '/api/v1/action/batch',
        post([item, null, { ...item, content_id: 'other' }, { ...item, action_id: 'b2' }]),
      )
      const results = (json as unknown as { action_id: unknown; result: object }[]).map(
        ({ action_id, result }) => [action_id, result],
      )
      expect(results).toMatchObject([
        ['b1', { success: true }],
        [null, { success: false, details: expect.stringMatching(/^Error: /) }],
        ['b1', { success: false, content_id: 'other' }],
        ['b2', { success: true }],
      ])
    })
  })

  describe('the audit log', () => {
    it('is paged, newest first', async () => {
      const read = async (query: string) => (await send(`/api/v1/logs?${query}`)).json
      const all = await read('limit=1000')
      const logs = all['logs'] as { id: number; action_taken: string }[]
      expect(all).toMatchObject({ count: logs.length, total: logs.length, limit: 1000, offset: 0 })
      expect(logs.slice(-2).map((log) => log.action_taken)).toEqual(['bank.created', 'key.taken-up'])
      expect((await read('limit=2&offset=1'))['logs']).toEqual(logs.slice(1, 3))
      expect(await read(`offset=${logs.length}`)).toMatchObject({ logs: [], count: 0 })
      const bank = await send('/api/v1/logs/known?limit=1')
      expect(bank.json).toMatchObject({ count: 1, total: 2, logs: [{ photo_id: 'known' }] })
    })
  })

  describe('the sums', () => {
    it('count what callers ask for and are told', async () => {
      const sums = async () =>
        (await send('/api/v1/status/metrics')).json['integration_metrics'] as Record<string, number>
      const before = await sums()
      await send('/api/v1/match', post({ hash_value: hash('md5', known), hash_type: 'md5' }))
      const after = await sums()
      expect(after['requests_processed']).toBe((before['requests_processed'] ?? 0) + 1)
      expect(after['matches_found']).toBe((before['matches_found'] ?? 0) + 1)
    })

    it('say that the stream is not read', async () => {
      const { json } = await send('/api/v1/status')
      expect(json).toMatchObject({ healthy: false, components: { atproto: { healthy: false } } })
    })
  })

  describe('a key', () => {
    it('is also taken as the password of basic authentication', async () => {
      const authorization = `Basic ${Buffer.from(`any:${key}`).toString('base64')}`
      const { status } = await call(`${service.url}/api/v1/status`, undefined, { headers: { authorization } })
      expect(status).toBe(200)
    })

    it('is refused beyond its rate, and told when to come back', async () => {
      const slow = await service.makeKey(['read'], 2)
      const ask = () => call(`${service.url}/api/v1/status`, slow)
      expect((await ask()).headers.get('ratelimit-remaining')).toBe('1')
      await ask()
      const refused = await ask()
      expectProblem(refused, 429, 'RateLimitExceeded')
      expect(refused.headers.get('ratelimit-policy')).toBe('2;w=60')
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    })

    it('is refused once it is revoked, and its use is remembered', async () => {
      await using tools = await openServiceTools(service.folder)
      const made = await tools.apiKeys.create({ name: 'brief', scopes: ['read'], requestsPerMinute: 10 })
      const ask = () => call(`${service.url}/api/v1/status`, made.secret)
      expect((await ask()).status).toBe(200)
      const listed = (await tools.apiKeys.list()).find(({ id }) => id === made.key.id)
      expect(listed?.lastUsedAt).toMatch(/Z$/)
      await tools.apiKeys.revoke(made.key.id)
      expectProblem(await ask(), 401, 'AuthenticationRequired')
    })

    it('is not needed on this machine where that is allowed, unless a proxy speaks', async () => {
      await using http = await openTestHttp(
        {
          rest: {
            health: async () => healthy,
            pause: { load: async () => ({ pause: undefined }) },
          } as never,
        },
        { rest: { ...testRestOptions, isLoopbackOpen: true } },
      )
      const ask = (headers: Record<string, string>) =>
        call(`${http.public.url}/api/v1/status`, undefined, { headers })
      expect((await ask({})).status).toBe(200)
      expect((await ask({ 'x-forwarded-for': '8.8.8.8' })).status).toBe(401)
    })
  })

  describe('bad input', () => {
    const takers = operations
      .filter(({ json }) => json)
      .map(({ method, path }) => [method.toUpperCase(), path] as const)

    it.each(takers)('is refused by %s %s in every form of JSON', async (method, path) => {
      const bodies = [
        '',
        '{',
        'nonsense',
        'null',
        'true',
        '0',
        '-1e999',
        '""',
        '[]',
        '{}',
        '[[]]',
        '[null]',
        '{"__proto__":{"hash_value":"a"}}',
        '{"constructor":{"prototype":{}}}',
        '['.repeat(50_000),
        `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
        `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`,
        '{"hash_value":{"toString":1},"image":[],"url":{},"content_ids":{}}',
        `{"hash_value":"${'f'.repeat(60_000)}"}`,
        '{"image":"%%%","url":"\\u0000","hash_value":"\\ud800","content_ids":["\\ud800"]}',
      ]
      for (const body of bodies) {
        const { status, json } = await send(path, {
          method,
          headers: { 'content-type': 'application/json' },
          body,
        })
        expect([body.slice(0, 40), status < 500]).toEqual([body.slice(0, 40), true])
        if (status !== 200) expect(JSON.stringify(json)).not.toContain('\ud800')
      }
      const latin = await send(path, {
        method,
        headers: { 'content-type': 'application/json' },
        body: new Uint8Array([0x22, 0xff, 0xfe, 0x22]),
      })
      expectProblem(latin, 400, 'InvalidJson')
    })

    it.each(takers)('is refused by %s %s when it is of another type, or compressed', async (method, path) => {
      const typed = (contentType: string, more: Record<string, string> = {}) =>
        send(path, { method, headers: { 'content-type': contentType, ...more }, body: '{}' })
      expectProblem(await typed('text/plain'), 415, 'UnsupportedMediaType')
      expectProblem(await typed('application/x-www-form-urlencoded'), 415, 'UnsupportedMediaType')
      const packed = await typed('application/json', { 'content-encoding': 'gzip' })
      expectProblem(packed, 415, 'UnsupportedEncoding')
    })

    it('is refused when it is too large, announced or not', async () => {
      const large = new Uint8Array(2_600_000)
      const bytes = { method: 'POST', headers: { 'content-type': 'image/png' }, body: large }
      expectProblem(await send('/api/v1/hash', bytes), 413, 'PayloadTooLarge')
      expectProblem(await send('/api/v1/hash', form(large.subarray(0, 2_100_000))), 413, 'PayloadTooLarge')
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < 30; at++) controller.enqueue(new Uint8Array(100_000))
          controller.close()
        },
      })
      const chunked = { ...bytes, body: stream, duplex: 'half' } as RequestInit
      expectProblem(await send('/api/v1/hash', chunked), 413, 'PayloadTooLarge')
    })

    it.each([
      ['no boundary', 'multipart/form-data', '--x', 'InvalidForm'],
      ['an end that does not come', 'multipart/form-data; boundary=x', '--x\r\nContent-Disp', 'InvalidForm'],
      ['nothing', 'multipart/form-data; boundary=x', '', 'InvalidForm'],
      [
        'a file under another name',
        'multipart/form-data; boundary=x',
        '--x\r\nContent-Disposition: form-data; name="other"; filename="a"\r\n\r\nb\r\n--x--\r\n',
        'MissingFile',
      ],
      [
        'two files',
        'multipart/form-data; boundary=x',
        '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nb\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nb\r\n--x--\r\n',
        'InvalidForm',
      ],
      [
        'metadata that is no object',
        'multipart/form-data; boundary=x',
        '--x\r\nContent-Disposition: form-data; name="metadata"\r\n\r\n[1]\r\n--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nb\r\n--x--\r\n',
        'InvalidRequest',
      ],
    ])('is refused as a form with %s', async (_, contentType, body, code) => {
      const answer = await send('/api/v1/hash', {
        method: 'POST',
        headers: { 'content-type': contentType },
        body,
      })
      expectProblem(answer, 400, code)
    })

    it('is refused in queries and paths', async () => {
      for (const query of [
        'limit=0',
        'limit=1001',
        'limit=x',
        'limit=1&limit=2',
        'limit[a]=1',
        'offset=-1',
      ]) {
        expectProblem(await send(`/api/v1/logs?${query}`), 400, 'InvalidRequest')
      }
      for (const id of ['', 'a'.repeat(3000)])
        expectProblem(await send(`/api/v1/match/status?content_id=${id}`), 400, 'InvalidRequest')
      for (const id of ['%00', '%ED%A0%80x', "'; DROP TABLE audit", '%F0%9F%90%A6', 'at://did:plc:x', 'did:'])
        expect((await send(`/api/v1/match/status?content_id=${id}`)).status).toBeLessThan(500)
      expectProblem(await send('/api/v1/logs/%E0%A4%A'), 400, 'InvalidRequest')
      expectProblem(await send('/api/v1/nothing'), 404, 'NotFound')
    })
  })

  it('ends a body that does not arrive, and counts images that are on their way', async () => {
    await using http = await openTestHttp(
      { rest: { authorize: async () => ({ key: anyKey, limit: anyLimit }) } as never },
      { rest: { ...testRestOptions, bodyTimeoutMs: 300, maxImagesAtOnce: 1 } },
    )
    const slow = openSlowUpload(http.public.port)
    await slow.isConnected
    await expect
      .poll(async () => (await call(`${http.public.url}/api/v1/hash`, 'x', form(other))).status)
      .toBe(503)
    expect(await slow.answer).toMatch(
      /^HTTP\/1\.1 408 [\s\S]*connection: close[\s\S]*"code":"RequestTimeout"/i,
    )
    const after = await call(`${http.public.url}/api/v1/hash`, 'x', form(other))
    expect(after.status).toBe(500) // A place was free: it got as far as the service, which this test has none of.
  })

  it('counts images that are fetched for callers as well', async () => {
    const arrived = Promise.withResolvers<void>()
    const free = Promise.withResolvers<never>()
    const fetchImage = () => {
      arrived.resolve()
      return free.promise
    }
    await using http = await openTestHttp(
      { rest: { authorize: async () => ({ key: anyKey, limit: anyLimit }), fetchImage } as never },
      { rest: { ...testRestOptions, maxImagesAtOnce: 1 } },
    )
    const ask = () => call(`${http.public.url}/api/v1/hash/url`, 'x', post({ url: 'https://example.com/x' }))
    const first = ask()
    await arrived.promise
    const second = await ask()
    expectProblem(second, 503, 'NotEnoughResources')
    expect(second.headers.get('retry-after')).toBe('2')
    free.reject(new AppError('upstream', 'gone'))
    expectProblem(await first, 502, 'UpstreamFailure')
    expectProblem(await ask(), 502, 'UpstreamFailure')
  })

  it('logs no key, no address and nothing that was sent', () => {
    const text = service.lines.join('\n')
    expect(text).toContain('"route":"/api/v1/hash"')
    expect(text).not.toContain('http.fault')
    for (const secret of [key, 'content_123', 'example.com', 'meta-data', hash('md5', known)])
      expect(text).not.toContain(secret)
  })
})

type Documented = {
  readonly requestBody: { readonly content: Record<string, { schema: object }> }
  readonly responses: Record<string, { content: Record<string, { schema: object }> }>
}

const healthy = {
  bankHashes: 0,
  pendingHashes: 0,
  isStreaming: true,
  totals: { requests: 0, matches: 0, actions: 0 },
}
const anyKey = { scopes: ['hash'] }
const anyLimit = { points: 1, periodMs: 1000, remaining: 1, resetAt: 0 }

function expectProblem(answer: Awaited<ReturnType<typeof call>>, status: number, code: string): void {
  const { json, headers } = answer
  expect([answer.status, json['code'], json['detail']]).toEqual([status, code, expect.any(String)])
  expect(answer.type).toBe('application/problem+json; charset=utf-8')
  expect(headers.get('x-request-id')).toMatch(uuid)
  expect(json).toMatchObject({ type: 'about:blank', status, request_id: headers.get('x-request-id') })
}

function distanceOf(a: string, b: string): number {
  const bits = BigInt(`0x${a}`) ^ BigInt(`0x${b}`)
  return bits.toString(2).replaceAll('0', '').length
}

/** Returns the hash with the first so many bits the other way round. */
function flip(hex: string, bits: number): string {
  const mask = ((1n << BigInt(bits)) - 1n) << BigInt(256 - bits)
  return (BigInt(`0x${hex}`) ^ mask).toString(16).padStart(64, '0')
}

/** Begins an upload that never ends. */
function openSlowUpload(port: number): { isConnected: Promise<void>; answer: Promise<string> } {
  const socket = connect(port, '127.0.0.1')
  const isConnected = new Promise<void>((resolve) => socket.once('connect', () => resolve()))
  socket.write(
    'POST /api/v1/hash HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer x\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nabc',
  )
  const answer = new Promise<string>((resolve, reject) => {
    let text = ''
    socket.on('data', (piece) => void (text += piece.toString()))
    socket.once('close', () => resolve(text))
    socket.once('error', reject)
  })
  return { isConnected, answer }
}

// The picture that the documentation shows in base64 is one.
it('documents a picture that is one', async () => {
  const [operation] = operations
  const example = operation?.examples.find(({ request }) => request.json !== undefined)
  const image = (example?.request.json as { image?: string } | undefined)?.image ?? ''
  expect(await sharp(Buffer.from(image, 'base64')).metadata()).toMatchObject({ format: 'png', width: 8 })
})
