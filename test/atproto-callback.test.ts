/** What an app tells by webhook, and what Harrier does about it and tells the app in turn. */
import { createHmac, hash } from 'node:crypto'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateSigningKey } from '../src/atproto/signing-key.ts'
import { blobCidOf, parseDid } from '../src/model/ids.ts'
import type { Database } from '../src/store/database.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { checkAudit } from './support/audit.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type LoopbackServer, openLoopbackServer } from './support/listen.ts'
import { dieAtEveryStep, liveUntil } from './support/mortal-life.ts'
import { call, openRestService, type RestService } from './support/rest-client.ts'
import { bankPicture, createServiceFolder } from './support/service.ts'
import { openWebhookReceiver, settingsFor, type WebhookReceiver } from './support/webhook-receiver.ts'

const secret = 'your_webhook_secret'
const path = '/api/v1/webhook/atproto-callback'
const owner = 'did:plc:z72i7hdynmk6r22z27h6tvur'
const recordOf = (rkey: string) => `at://${owner}/app.bsky.feed.post/${rkey}`

describe('the webhook of an app', () => {
  const stack = new AsyncDisposableStack()
  let elsewhere: LoopbackServer
  let receiver: WebhookReceiver
  let service: RestService
  let key: string
  let isGone = false
  let asked = 0

  beforeAll(async () => {
    const known = await drawLandscape(1, { width: 320, height: 240 })
    const [like, other] = [await recompress(known, 60), await drawLandscape(2, { width: 320, height: 240 })]
    elsewhere = stack.use(
      await openLoopbackServer((request, response) => {
        asked++
        const name = request.url ?? ''
        if (isGone || name.startsWith('/absent')) response.writeHead(503).end()
        else if (name.startsWith('/text')) response.end('no picture')
        else response.end(name.startsWith('/like') ? like : other)
      }),
    )
    receiver = stack.use(await openWebhookReceiver())
    service = stack.use(
      await openRestService(known, {
        ...settingsFor(receiver),
        HARRIER_WEBHOOKS: 'signed',
        HARRIER_WEBHOOK_SECRET: secret,
        HARRIER_ALLOW_PRIVATE_ORIGINS: elsewhere.origin,
        HARRIER_MAX_ATTEMPTS: '3',
        HARRIER_RETRY_BASE_MS: '20',
      }),
    )
    key = await service.makeKey()
  })
  afterAll(() => stack.disposeAsync())

  const send = (json: unknown, url = service.url) => {
    const body = JSON.stringify(json)
    const signature = createHmac('sha256', secret).update(body).digest('hex')
    const headers = { 'content-type': 'application/json', 'x-signature': signature }
    return call(url + path, undefined, { method: 'POST', headers, body })
  }
  const announce = (contentId: string, name: string) =>
    send({ event_type: 'image_upload', content_id: contentId, image_url: `${elsewhere.origin}/${name}` })
  const moderate = (contentId: string, action: string) =>
    send({ event_type: 'moderation_action', content_id: contentId, action })
  const status = async (id: string) =>
    (await call(`${service.url}/api/v1/match/status?content_id=${encodeURIComponent(id)}`, key)).json
  const logOf = async (id: string) => {
    const { json } = await call(`${service.url}/api/v1/logs/${encodeURIComponent(id)}`, key)
    return (json['logs'] as { action_taken: string; details: Record<string, unknown> }[]).map(
      ({ action_taken, details }) => [action_taken, details] as const,
    )
  }
  const isDone = (id: string) => async () =>
    (await logOf(id)).some(([action]) => action === 'image.looked-at')
  const told = (id: string) =>
    receiver
      .taken()
      .filter(({ content_id }) => content_id === id)
      .map((event) => ({ ...event, timestamp: '' }))
  const labelsOf = async (uri: string) => {
    const query = `/xrpc/com.atproto.label.queryLabels?uriPatterns=${encodeURIComponent(uri)}`
    return (await call(service.url + query, undefined)).json['labels'] as { uri: string; neg?: boolean }[]
  }

  it('has the record of an image that matches labeled, tells the app, and knows it afterwards', async () => {
    const uri = recordOf('3labeled')
    expect(await announce(uri, 'like.jpg?token=of-the-address')).toMatchObject({
      status: 200,
      json: { status: 'success', message: expect.stringContaining('will be looked at') },
    })
    await expect.poll(isDone(uri), { timeout: 20_000 }).toBe(true)
    expect(await labelsOf(uri)).toMatchObject([{ uri, val: 'known-image' }])
    await expect.poll(() => told(uri), { timeout: 10_000 }).toHaveLength(2)
    expect(told(uri)).toMatchObject([
      { event_type: 'match_found', did: owner, match_info: { bank_name: 'known', hash_type: 'pdq' } },
      { event_type: 'action_taken', action: 'label', label: 'known-image' },
    ])
    expect(await status(uri)).toMatchObject({ known: true, isMatched: true, labels: ['known-image'] })
    expect(service.lines.join('\n')).not.toContain('of-the-address')
    const rows = new Map(await logOf(uri))
    expect(rows.get('match.found')).toMatchObject({
      matches: 1,
      matched: [{ bank: 'known', hashType: 'pdq' }],
    })
    await using database = await openSqlite({ path: join(service.folder.path, 'harrier.db') })
    expect(await database.announcedImages.counts()).toMatchObject({ pending: 0, dead: 0 })
  })

  it('has what names no record put before a person, as the guide’s report is', async () => {
    await announce('content_like', 'like.jpg')
    await expect.poll(isDone('content_like'), { timeout: 20_000 }).toBe(true)
    expect(await status('content_like')).toMatchObject({ known: true, isMatched: true, action: 'review' })
    await expect.poll(() => told('content_like'), { timeout: 10_000 }).toHaveLength(2)
    expect(told('content_like')).toMatchObject([
      { event_type: 'match_found' },
      { event_type: 'action_taken', action: 'review', actor: 'webhook' },
    ])
  })

  it('knows of an image that matches nothing, and of one that is none, and tells nobody', async () => {
    await announce('content_other', 'other.png')
    await announce('content_text', 'text')
    for (const id of ['content_other', 'content_text']) {
      await expect.poll(isDone(id), { timeout: 20_000 }).toBe(true)
      expect(await status(id)).toMatchObject({ known: true, isMatched: false })
      expect(told(id)).toEqual([])
    }
    expect((await logOf('content_text'))[0]?.[1]).toMatchObject({ outcome: 'unscannable:unsupported-format' })
  })

  it('puts the label of an account’s announced picture on its profile, not on the account', async () => {
    const did = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
    await announce(did, 'like.jpg')
    await expect.poll(isDone(did), { timeout: 20_000 }).toBe(true)
    expect(await labelsOf(did)).toEqual([])
    expect(await labelsOf(`at://${did}/*`)).toMatchObject([
      { uri: `at://${did}/app.bsky.actor.profile/self` },
    ])
    expect(await status(did)).toMatchObject({ isMatched: true })
  })

  it('has the record looked for that shows an announced blob', async () => {
    const known = await recompress(await drawLandscape(1, { width: 320, height: 240 }), 60)
    const cid = blobCidOf(hash('sha256', known, 'buffer'))
    await announce(`${owner}/${cid}`, 'like.jpg')
    await expect.poll(isDone(`${owner}/${cid}`), { timeout: 20_000 }).toBe(true)
    await using database = await openSqlite({ path: join(service.folder.path, 'harrier.db') })
    const counts = await database.uploads.counts()
    expect(counts.pending + counts.done + counts.dead).toBe(1)
    expect(await database.uploads.claim(Date.now() + 1e10, 1, [])).toMatchObject([
      { did: parseDid(owner), cid, reason: 'announced' },
    ])
  })

  it('takes a reversal for a person’s judgement, also of the same image again', async () => {
    const uri = recordOf('3reversed')
    await announce(uri, 'like.jpg')
    await announce('content_reversed', 'like.jpg')
    await expect.poll(isDone(uri), { timeout: 20_000 }).toBe(true)
    await expect.poll(isDone('content_reversed'), { timeout: 20_000 }).toBe(true)
    for (const id of [uri, 'content_reversed']) {
      expect(await status(id)).toMatchObject({ isMatched: true })
      expect((await moderate(id, 'tools.ozone.moderation.defs#modEventReverseTakedown')).status).toBe(200)
      expect(await status(id)).toMatchObject({ known: true, isMatched: false, labels: [] })
      await expect.poll(() => told(id).length, { timeout: 10_000 }).toBe(3)
      expect(told(id)[2]).toMatchObject({
        event_type: 'review_decided',
        decision: 'reversed',
        actor: 'webhook',
      })
    }
    expect(await labelsOf(uri)).toEqual([])
    for (const id of [uri, 'content_reversed']) {
      await announce(id, 'like.jpg?again')
      await expect
        .poll(async () => (await logOf(id))[0]?.[1], { timeout: 20_000 })
        .toMatchObject({ outcome: 'reversed' })
      expect(await status(id)).toMatchObject({ isMatched: false })
      expect(told(id)).toHaveLength(3)
      const found = (await logOf(id)).filter(([action]) => action === 'match.found')
      expect(found.map(([, { reversed }]) => reversed)).toEqual([true, undefined])
    }
    expect(await labelsOf(uri)).toEqual([])
  })

  it('only logs what else a moderator does, which changes nothing that is known', async () => {
    await announce('content_kept', 'like.jpg')
    await expect.poll(isDone('content_kept'), { timeout: 20_000 }).toBe(true)
    await moderate('content_kept', 'acknowledge')
    expect((await logOf('content_kept'))[0]).toMatchObject([
      'webhook.moderation-action',
      { action: 'acknowledge', isReversal: false },
    ])
    expect(await status('content_kept')).toMatchObject({ isMatched: true, action: 'review' })
  })

  it('answers an event that it does not know, and warns', async () => {
    expect((await send({ event_type: 'account_created' })).status).toBe(200)
    const warning = service.lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'webhook.unknown')
    expect(warning).toMatchObject({ level: 40, event: 'account_created' })
  })

  it('processes a delivery once', async () => {
    const before = asked
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => announce('content_once', 'like.jpg?once')),
    )
    expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1)
    expect(answers.filter((answer) => answer.status === 409)).toHaveLength(5)
    await expect.poll(isDone('content_once'), { timeout: 20_000 }).toBe(true)
    expect((await announce('content_once', 'like.jpg?once')).status).toBe(409)
    expect(asked - before).toBe(1)
  })

  it('tries a host that is unwell again, then leaves the image for a person', async () => {
    isGone = true
    const before = asked
    await announce('content_later', 'like.jpg')
    await expect.poll(() => asked, { timeout: 10_000 }).toBeGreaterThan(before)
    isGone = false
    await expect.poll(isDone('content_later'), { timeout: 20_000 }).toBe(true)
    await announce('content_absent', 'absent.jpg')
    const end = async () => (await logOf('content_absent'))[0]
    await expect.poll(end, { timeout: 20_000 }).toMatchObject(['image.not-looked-at', { attempts: 3 }])
    expect(service.lines.join('\n')).toContain('announced-image.dead')
    expect(await status('content_absent')).toMatchObject({ known: true, isMatched: false })
  })

  it('does not ask private addresses', async () => {
    const inside = { event_type: 'image_upload', content_id: 'inside', image_url: 'https://10.0.0.1/x.jpg' }
    expect((await send(inside)).status).toBe(200)
    const end = async () => (await logOf('inside'))[0]
    await expect.poll(end, { timeout: 20_000 }).toMatchObject(['image.not-looked-at', { attempts: 1 }])
  })

  it('has what cannot be labeled taken down where the policy has that', async () => {
    const policyFile = join(service.folder.path, 'takedown.yaml')
    writeFileSync(
      policyFile,
      "labels: ['!takedown']\nbanks:\n  known:\n    - distance: 31\n      effects: [{ label: '!takedown' }]\n",
    )
    await using strict = await openRestService(await drawLandscape(1, { width: 320, height: 240 }), {
      HARRIER_WEBHOOKS: 'signed',
      HARRIER_WEBHOOK_SECRET: secret,
      HARRIER_ALLOW_PRIVATE_ORIGINS: elsewhere.origin,
      HARRIER_POLICY_FILE: policyFile,
    })
    const image_url = `${elsewhere.origin}/like.jpg`
    await send({ event_type: 'image_upload', content_id: 'content_down', image_url }, strict.url)
    const strictKey = await strict.makeKey()
    const action = async () =>
      (await call(`${strict.url}/api/v1/match/status?content_id=content_down`, strictKey)).json
    await expect.poll(action, { timeout: 20_000 }).toMatchObject({ isMatched: true, action: 'takedown' })
  })
})

describe('an announced image and a service that is killed after any durable step', () => {
  const stack = new AsyncDisposableStack()
  afterAll(() => stack.disposeAsync())

  it('are labeled and told of once', async () => {
    const known = await drawLandscape(1, { width: 320, height: 240 })
    const like = await recompress(known, 60)
    const elsewhere = stack.use(await openLoopbackServer((_request, response) => void response.end(like)))
    const nowhere = 'http://127.0.0.1:9'
    const network = { jetstreamUrl: 'ws://127.0.0.1:9', plcUrl: nowhere, pdsUrl: nowhere }
    const prepared = stack.use(
      createServiceFolder(network, {
        HARRIER_ALLOW_PRIVATE_ORIGINS: elsewhere.origin,
        HARRIER_SIGNING_KEY: (await generateSigningKey()).exportHex(),
      }),
    )
    await bankPicture(prepared, known)
    const uri = recordOf('3killed')
    {
      await using database = await openSqlite({ path: join(prepared.path, 'harrier.db') })
      const image = { deliveryId: 'webhook-1', contentId: uri, url: `${elsewhere.origin}/like.jpg` }
      await database.announcedImages.add(image, new Date().toISOString())
    }

    async function liveAndDie(killAfter: number): Promise<boolean> {
      using receiver = await openWebhookReceiver()
      using folder = createServiceFolder(network)
      cpSync(prepared.path, folder.path, { recursive: true })
      const env = { ...prepared.env, ...settingsFor(receiver), HARRIER_DATA_DIR: folder.path }
      const isOver = async ({ announcedImages, outbox }: Database) =>
        (await announcedImages.counts()).done === 1 && (await outbox.counts()).pending === 0
      const wasKilled = await liveUntil(env, killAfter, isOver)
      if (wasKilled) expect(await liveUntil(env, 0, isOver)).toBe(false)
      const events = new Map(receiver.taken().map((event) => [event.id, event]))
      expect([...events.values()], `after step ${killAfter}`).toMatchObject([
        { event_type: 'match_found', content_id: uri },
        { event_type: 'action_taken', content_id: uri, action: 'label' },
      ])
      await using database = await openSqlite({ path: join(folder.path, 'harrier.db') })
      expect(await database.labels.lastSeq()).toBe(1)
      expect(await checkAudit(database)).toMatchObject({ kind: 'intact' })
      const actions = (await database.audit.list(uri, 20)).map(({ action }) => action)
      expect(actions.filter((action) => action === 'match.found')).toHaveLength(1)
      expect(await database.audit.list('settings', 20)).toHaveLength(1)
      return wasKilled
    }

    // A claim, what was found, the label, the end; and of two deliveries a claim and an end each.
    expect(await dieAtEveryStep(liveAndDie)).toBeGreaterThanOrEqual(6)
  }, 400_000)
})
