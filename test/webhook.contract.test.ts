import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from '../src/config/config.ts'
import { webhookOperations } from '../src/http/rest/operations.ts'
import { drawLandscape } from './support/images.ts'
import { call, openRestService, type RestAnswer, type RestService } from './support/rest-client.ts'

const secret = 'your_webhook_secret'
const path = '/api/v1/webhook/hma-callback'
const record = 'at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/3l6oveex3ii2l'

describe('a webhook from a Hasher-Matcher-Actioner', () => {
  const stack = new AsyncDisposableStack()
  let known: Buffer
  let service: RestService
  let key: string

  beforeAll(async () => {
    known = await drawLandscape(1, { width: 160, height: 120 })
    service = stack.use(
      await openRestService(known, { HARRIER_WEBHOOKS: 'signed', HARRIER_WEBHOOK_SECRET: secret }),
    )
    key = await service.makeKey()
  })
  afterAll(() => stack.disposeAsync())

  const send = (text: string, headers: Record<string, string> = {}, url = service.url, at = path) =>
    call(url + at, undefined, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: text,
    })
  const sendSigned = (json: unknown, at = path) => {
    const text = JSON.stringify(json)
    return send(text, { 'x-hma-signature': sign(text) }, service.url, at)
  }
  const logOf = async (id: string) => {
    const { json } = await call(`${service.url}/api/v1/logs/${encodeURIComponent(id)}`, key)
    return json['logs'] as { action_taken: string; actor: string; details: object }[]
  }

  describe.each(webhookOperations)('$path', (operation) => {
    it.each(operation.examples)('answers as documented: $name', async ({ request }) => {
      const { status, json } = await sendSigned(request.json, operation.path)
      expect([status, operation.answer.safeParse(json).error]).toEqual([200, undefined])
    })

    it.each(operation.errors)('refuses as documented: $status $when', async ({ status, code, request }) => {
      expectProblem(await sendSigned(request.json, operation.path), status, code)
    })

    it('is believed only when it is signed', async () => {
      const text = JSON.stringify({ ...(operation.examples[0]?.request.json as object), n: 1 })
      for (const headers of [{}, { 'x-hma-signature': sign(text, 'another secret') }])
        expectProblem(await send(text, headers, service.url, operation.path), 401, 'AuthenticationRequired')
    })

    it('is described where it is served, and only there', async () => {
      const paths = async (url: string) =>
        (await call(`${url}/openapi.json`, undefined)).json['paths'] as Record<string, object>
      expect(await paths(service.url)).toHaveProperty([operation.path, 'post', 'responses', '401'])
      await using without = await openRestService(known)
      expect(await paths(without.url)).not.toHaveProperty([operation.path])
      expectProblem(await send('{}', {}, without.url, operation.path), 404, 'NotFound')
    })
  })

  it('is believed only with a signature over its very bytes', async () => {
    const text = JSON.stringify({ event_type: 'error', error_info: { n: 1 } })
    const missing = await send(text)
    expectProblem(missing, 401, 'AuthenticationRequired')
    expect(missing.json['detail']).toBe('Missing signature header')
    for (const wrong of [
      sign(text, 'another secret'),
      sign(`${text} `),
      sign(text).toUpperCase(),
      sign(text).slice(1),
      'sha256=',
      '',
      'é'.repeat(64),
    ]) {
      const answer = await send(text, { 'x-hma-signature': encodeURI(wrong) })
      expectProblem(answer, 401, 'AuthenticationRequired')
    }
    expect((await call(service.url + path, key, post(text))).status).toBe(401)
    expect((await send(text, { 'x-hma-signature': sign(text) })).status).toBe(200)
  })

  it.each([
    'x-hma-signature',
    'x-signature',
    'x-hub-signature-256',
  ])('may have its signature in %s, with or without its prefix', async (header) => {
    const text = (n: number) => JSON.stringify({ event_type: 'index_updated', match_info: { header, n } })
    expect((await send(text(1), { [header]: sign(text(1)) })).status).toBe(200)
    expect((await send(text(2), { [header]: `sha256=${sign(text(2))}` })).status).toBe(200)
  })

  it('is processed once', async () => {
    const event = { event_type: 'match_found', content_id: 'content_once', match_info: {} }
    expect((await sendSigned(event)).status).toBe(200)
    expectProblem(await sendSigned(event), 409, 'Conflict')
    expect(await logOf('content_once')).toMatchObject([{ action_taken: 'api.review', actor: 'webhook' }])
  })

  it('is processed once also when it comes eight times at once', async () => {
    const event = { event_type: 'match_found', content_id: 'content_at_once', match_info: {} }
    const statuses = (await Promise.all(Array.from({ length: 8 }, () => sendSigned(event)))).map(
      ({ status }) => status,
    )
    expect(statuses).toContain(200)
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([])
    expect(await logOf('content_at_once')).toHaveLength(1)
  })

  it('has a time that is signed with it, and is of now', async () => {
    const text = (n: number) => JSON.stringify({ event_type: 'index_updated', match_info: { timed: n } })
    const at = (n: number, offset: number, signed = true) => {
      const time = String(Math.floor(Date.now() / 1000) + offset)
      const signature = sign(signed ? `${time}.${text(n)}` : text(n))
      return send(text(n), { 'x-hma-signature': signature, 'x-timestamp': time })
    }
    expect((await at(1, 0)).status).toBe(200)
    expect((await at(2, -290)).status).toBe(200)
    expect((await at(3, 290)).status).toBe(200)
    expectProblem(await at(4, -310), 401, 'AuthenticationRequired')
    expectProblem(await at(5, 310), 401, 'AuthenticationRequired')
    expectProblem(await at(6, 0, false), 401, 'AuthenticationRequired')
  })

  it('has a severe match taken down, and any other put before a person', async () => {
    const policyFile = join(service.folder.path, 'takedown.yaml')
    writeFileSync(policyFile, "labels: ['!takedown']\n")
    await using strict = await openRestService(known, {
      HARRIER_WEBHOOKS: 'unsigned',
      HARRIER_POLICY_FILE: policyFile,
    })
    const found = (severity: string) =>
      JSON.stringify({ event_type: 'match_found', content_id: record, match_info: { severity } })
    const labels = async () => {
      const query = `/xrpc/com.atproto.label.queryLabels?uriPatterns=${encodeURIComponent(record)}`
      return (await call(strict.url + query, undefined)).json['labels']
    }
    expect((await send(found('low'), {}, strict.url)).status).toBe(200)
    expect(await labels()).toEqual([])
    expect((await send(found('high'), {}, strict.url)).status).toBe(200)
    expect(await labels()).toMatchObject([{ uri: record, val: '!takedown' }])
    expectProblem(await send(found('high'), {}, strict.url), 409, 'Conflict')
  })

  it('puts a severe match before a person where the policy has no takedowns', async () => {
    const event = { event_type: 'match_found', content_id: record, match_info: { severity: 'high' } }
    expect((await sendSigned(event)).json).toEqual({
      status: 'success',
      message: 'Processed match_found event',
    })
    expect((await logOf(record))[0]).toMatchObject({
      action_taken: 'api.review',
      details: { event: 'match_found', review: expect.any(Number) },
    })
  })

  it('may bring the result of another service, which the log has', async () => {
    const author_did = 'did:plc:z72i7hdynmk6r22z27h6tvur'
    const sent = {
      photo_id: 'photo_9',
      author_did,
      match_result: true,
      match_type: 'pdq',
      match_score: 12.5,
      action: 'takedown',
    }
    const answer = await sendSigned(sent, '/api/v1/webhook/callback')
    expect(answer).toMatchObject({ status: 200, json: { success: true } })
    expect(await logOf('photo_9')).toMatchObject([
      {
        action_taken: 'webhook.result',
        actor: 'webhook',
        author_did,
        match_result: 'true',
        match_type: 'pdq',
        match_score: 12.5,
        details: { taken: 'takedown' },
      },
    ])
    expectProblem(await sendSigned(sent, '/api/v1/webhook/callback'), 409, 'Conflict')
    expect((await call(`${service.url}/api/v1/match/status?content_id=photo_9`, key)).json).toMatchObject({
      known: false,
    })
  })

  it('is refused in every form that is none', async () => {
    for (const text of ['', '{', 'null', '[]', '{"event_type":1}', '['.repeat(20_000)]) {
      expect((await send(text, { 'x-hma-signature': sign(text) })).status).toBe(400)
    }
    const large = JSON.stringify({ event_type: 'x', match_info: { a: 'b'.repeat(70_000) } })
    expectProblem(await send(large, { 'x-hma-signature': sign(large) }), 413, 'PayloadTooLarge')
    expect(service.lines.join('\n')).not.toContain('http.fault')
    expect(service.lines.join('\n')).not.toContain(secret)
  })

  it('is not taken unsigned by an oversight: the start is refused', () => {
    const start = (env: Record<string, string>) => () => parseConfig(env)
    expect(start({ HARRIER_WEBHOOKS: 'signed' })).toThrow(ConfigError)
    expect(start({ HARRIER_WEBHOOK_SECRET: secret })).toThrow('HARRIER_WEBHOOK_SECRET')
    expect(start({ HARRIER_WEBHOOKS: 'signed', HARRIER_WEBHOOK_SECRET: 'short' })).toThrow(
      '16 to 500 visible',
    )
    const { config, secrets } = parseConfig({ HARRIER_WEBHOOKS: 'signed', HARRIER_WEBHOOK_SECRET: secret })
    expect(JSON.stringify([config, secrets])).not.toContain(secret)
  })
})

function sign(text: string, by: string = secret): string {
  return createHmac('sha256', by).update(text).digest('hex')
}

function post(body: string): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body }
}

function expectProblem({ status, json, type }: RestAnswer, expected: number, code: string): void {
  expect([status, json['code'], type]).toEqual([expected, code, 'application/problem+json; charset=utf-8'])
}
