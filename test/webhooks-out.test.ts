/** Events that a whole service sends: what causes them, what they say, and that no crash loses or doubles one. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateSigningKey } from '../src/atproto/signing-key.ts'
import { ConfigError, parseConfig } from '../src/config/config.ts'
import type { AtUri } from '../src/model/ids.ts'
import type { Database } from '../src/store/database.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { dieAtEveryStep, liveUntil } from './support/mortal-life.ts'
import { type Network, openNetwork } from './support/network.ts'
import { call, openRestService, post, type RestService } from './support/rest-client.ts'
import { linesOf, runHarrier } from './support/run-harrier.ts'
import { bankPicture, createServiceFolder, openServiceTools, type ServiceFolder } from './support/service.ts'
import { openWebhookReceiver, settingsFor, type WebhookReceiver } from './support/webhook-receiver.ts'

const record = 'at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/3l6oveex3ii2l' as AtUri

describe('events of a service', () => {
  const stack = new AsyncDisposableStack()
  let receiver: WebhookReceiver
  let service: RestService
  let key: string
  let isDown = false

  beforeAll(async () => {
    receiver = stack.use(await openWebhookReceiver(() => ({ status: isDown ? 500 : 204 })))
    service = stack.use(
      await openRestService(await drawLandscape(1, { width: 160, height: 120 }), {
        ...settingsFor(receiver),
        HARRIER_WEBHOOK_MAX_ATTEMPTS: '2',
      }),
    )
    key = await service.makeKey()
  })
  afterAll(() => stack.disposeAsync())

  const about = (contentId: string) => receiver.taken().filter(({ content_id: id }) => id === contentId)

  it('tell of a label and of its withdrawal, in order, though a command made them', async () => {
    {
      await using tools = await openServiceTools(service.folder)
      await tools.publish({ uri: record, val: 'known-image' })
      await tools.publish({ uri: record, val: 'known-image', neg: true })
    }
    await expect.poll(() => about(record), { timeout: 10_000 }).toHaveLength(2)
    expect(about(record)).toMatchObject([
      { event_type: 'action_taken', action: 'label', label: 'known-image', actor: 'cli' },
      { event_type: 'review_decided', decision: 'reversed', label: 'known-image', actor: 'cli' },
    ])
    expect(receiver.refused).toEqual([])
  })

  it('tell of what a caller has had done, once', async () => {
    const action = { action_id: 'r-1', action_type: 'review', content_id: 'content_5' }
    for (let n = 0; n < 2; n++) await call(`${service.url}/api/v1/action`, key, post(action))
    await call(`${service.url}/api/v1/action`, key, post({ ...action, action_id: 'l-1', action_type: 'log' }))
    await call(
      `${service.url}/api/v1/action`,
      key,
      post({ ...action, action_id: 't-1', action_type: 'takedown' }),
    )
    await expect.poll(() => about('content_5'), { timeout: 10_000 }).toHaveLength(2)
    expect(about('content_5')).toMatchObject([
      { event_type: 'action_taken', action: 'review', actor: expect.stringMatching(/^api-key:/) },
      { event_type: 'action_taken', action: 'takedown' },
    ])
  })

  it('that were not delivered are seen, and sent again, over HTTP and by command', async () => {
    isDown = true
    const action = { action_id: 'd-1', action_type: 'review', content_id: 'content_down' }
    await call(`${service.url}/api/v1/action`, key, post(action))
    const path = `${service.url}/api/v1/admin/webhooks/deliveries`
    const dead = async () => (await call(`${path}?state=dead`, key)).json['deliveries'] as { id: number }[]
    await expect.poll(dead, { timeout: 10_000 }).toHaveLength(1)
    const [{ id } = expect.fail()] = await dead()
    expect(await dead()).toMatchObject([
      { endpoint: 'app', content_id: 'content_down', state: 'dead', attempts: 2, outcome: 'status 500' },
    ])
    expect((await call(`${path}?state=dead`, await service.makeKey(['read']))).status).toBe(403)
    isDown = false
    expect(await call(`${path}/${id}/redeliver`, key, post({}))).toMatchObject({ status: 200, json: { id } })
    await expect.poll(() => about('content_down'), { timeout: 10_000 }).toHaveLength(1)

    const { env, path: folder } = service.folder
    const settings = env as Record<string, string>
    const harrier = (...argv: string[]) => runHarrier(folder, ['outbox', ...argv], { settings })
    const listed = await harrier('list', '--state', 'done', '--json')
    expect(listed.code).toBe(0)
    expect(linesOf(listed.out)).toContainEqual(expect.objectContaining({ id, state: 'done', target: 'app' }))
    expect((await harrier('list')).code).toBe(3)
    expect((await harrier('show', String(id))).out).toContain('"event_type":"action_taken"')
    expect(await harrier('retry', String(id))).toMatchObject({ code: 0, out: `retried message ${id}\n` })
    await expect.poll(() => about('content_down'), { timeout: 10_000 }).toHaveLength(2)
    expect(new Set(about('content_down').map((event) => event.id)).size).toBe(1)
    expect((await harrier('drop', '--dead')).code).toBe(3)
    expect((await harrier('drop')).code).toBe(2)
    // Six commands, each a process.
  }, 120_000)

  it('are described, and no address or secret is shown or logged', async () => {
    const { json } = await call(`${service.url}/openapi.json`, undefined)
    expect(Object.keys(json['webhooks'] as object)).toEqual([
      'match_found',
      'action_taken',
      'review_decided',
      'ping',
    ])
    const log = service.lines.join('\n')
    expect(log).toContain('outbox.tried')
    expect(log).not.toContain('of-the-address')
    expect(log).not.toContain('whsec_')
    const { json: deliveries } = await call(`${service.url}/api/v1/admin/webhooks/deliveries`, key)
    expect(JSON.stringify(deliveries)).not.toContain(receiver.origin)
    const text = await (await fetch(`${service.app.operatorUrl}/metrics`)).text()
    expect(text).toMatch(/labeler_outbox_messages\{state="done"\} [1-9]/)
    expect(text).toMatch(/labeler_outbox_try_duration_seconds_count\{outcome="delivered"\} [1-9]/)
  })
})

describe('HARRIER_WEBHOOK_ENDPOINTS', () => {
  const parse = (endpoints: unknown, more = {}) =>
    parseConfig({
      HARRIER_WEBHOOK_ENDPOINTS: typeof endpoints === 'string' ? endpoints : JSON.stringify(endpoints),
      ...more,
    })
  const good = { webhook_url: 'https://app.example.com/hook?key=1', secret: 'your_webhook_secret' }

  it('takes a document of the guide’s form, or several', () => {
    const { config, secrets } = parse(good)
    expect(secrets.webhookEndpoints).toEqual([
      {
        id: expect.stringMatching(/^endpoint-[0-9a-f]{12}$/),
        url: good.webhook_url,
        events: ['match_found', 'action_taken', 'review_decided'],
        secret: good.secret,
      },
    ])
    expect(JSON.stringify([config, secrets])).not.toContain('key=1')
    const two = [
      { ...good, id: 'a', events: ['match_found'] },
      { ...good, webhook_url: 'https://b.example.com/' },
    ]
    expect(parse(two).secrets.webhookEndpoints).toHaveLength(2)
  })

  it.each([
    ['{', 'no JSON'],
    [[{ ...good, webhook_url: 'ftp://app.example.com' }], 'an http or https address'],
    [[{ ...good, webhook_url: 'https://me:pw@app.example.com' }], 'without a password'],
    [[{ ...good, secret: 'short' }], '16 to 500'],
    [[{ ...good, secret: 'whsec_AAAA' + '='.repeat(12) }], '16 bytes or more'],
    [[{ ...good, events: ['image_upload'] }], 'events'],
    [[{ ...good, events: [] }], 'events'],
    [[{ ...good, sekret: 1 }], 'sekret'],
    [[good, good], 'again'],
    [[1], 'expected object'],
  ])('refuses %j', (endpoints, told) => {
    const start = () => parse(endpoints)
    expect(start).toThrow(ConfigError)
    expect(start).toThrow(told)
    expect(start).not.toThrow('your_webhook_secret')
  })

  it('takes plain HTTP only by name', () => {
    const plain = { ...good, webhook_url: 'http://10.0.0.5:8080/hook' }
    expect(() => parse(plain)).toThrow('HARRIER_WEBHOOK_PRIVATE_ORIGINS')
    const named = { HARRIER_WEBHOOK_PRIVATE_ORIGINS: 'http://10.0.0.5:8080' }
    expect(parse(plain, named).secrets.webhookEndpoints).toHaveLength(1)
  })
})

describe('events of a service that is killed after any durable step', () => {
  const stack = new AsyncDisposableStack()
  let network: Network
  let prepared: ServiceFolder
  let uri: string

  beforeAll(async () => {
    network = stack.use(await openNetwork())
    const alice = await network.createAccount('alice.test')
    const picture = await recompress(await drawLandscape(1, { width: 320, height: 240 }), 90)
    uri = (await network.post(alice, 'the picture', [await recompress(picture, 70)])).uri
    const key = (await generateSigningKey()).exportHex()
    prepared = stack.use(
      createServiceFolder(network, { HARRIER_LABELER_DID: alice.did, HARRIER_SIGNING_KEY: key }),
    )
    await bankPicture(prepared, picture)
    await using db = await openSqlite({ path: join(prepared.path, 'harrier.db') })
    await db.cursors.save('jetstream', { host: network.jetstreamUrl, timeUs: 0, seq: undefined })
  })
  afterAll(() => stack.disposeAsync())

  it('are all delivered, each of them one event whatever number of times it is sent', async () => {
    // A batch of events, a claim, the account's document, a job that ends, and of two deliveries a claim and an end each.
    expect(await dieAtEveryStep(liveAndDie)).toBeGreaterThanOrEqual(7)
  }, 400_000)

  async function liveAndDie(killAfter: number): Promise<boolean> {
    using receiver = await openWebhookReceiver()
    using folder = createServiceFolder(network, { ...prepared.env })
    cpSync(prepared.path, folder.path, { recursive: true })
    const env = { ...prepared.env, ...settingsFor(receiver), HARRIER_DATA_DIR: folder.path }
    const isOver = async ({ outbox }: Database) => (await outbox.counts()).done === 2
    const wasKilled = await liveUntil(env, killAfter, isOver)
    if (wasKilled) expect(await liveUntil(env, 0, isOver)).toBe(false)
    const events = new Map(receiver.taken().map((event) => [event.id, event]))
    expect([...events.values()], `after step ${killAfter}`).toMatchObject([
      { event_type: 'match_found', content_id: uri, match_info: { bank_name: 'known' } },
      { event_type: 'action_taken', content_id: uri, label: 'known-image' },
    ])
    expect(receiver.refused).toEqual([])
    return wasKilled
  }
})
