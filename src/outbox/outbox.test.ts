import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import {
  openWebhookReceiver,
  receiverSecret,
  type WebhookReply,
} from '../../test/support/webhook-receiver.ts'
import { createSafeFetch } from '../lib/safe-fetch.ts'
import { startTask } from '../lib/task.ts'
import { type WebhookEvent, webhookEventNames } from '../model/webhook-event.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createWebhookTarget } from '../targets/webhook-target.ts'
import { createAnnounce } from './announce.ts'
import { createOutbox, type OutboxOptions } from './outbox.ts'
import { createOutboxDesk } from './outbox-desk.ts'

const quick: OutboxOptions = {
  atOnce: 4,
  maxAttempts: 3,
  retryBaseMs: 1,
  retryMaxMs: 60_000,
}

const webhookDeps = { labeler: 'did:web:labels.example.com', newId: randomUUID }
const hooks = { onEnded: async () => {}, onRevived: async () => {} }

/** The outbox over a real store and a real receiver, with a clock that can be put forward. */
async function openFixture(
  reply?: Parameters<typeof openWebhookReceiver>[0],
  { timeoutMs = 2000, ...options }: Partial<OutboxOptions & { timeoutMs: number }> = {},
) {
  await using stack = new AsyncDisposableStack()
  const receiver = stack.use(await openWebhookReceiver(reply))
  const database = stack.use(await openSqlite({ path: ':memory:' }))
  const clock = { aheadMs: 0 }
  const now = () => new Date(Date.now() + clock.aheadMs)
  const lines: Record<string, unknown>[] = []
  const counted: string[] = []
  const endpoint = {
    id: 'app',
    url: `${receiver.origin}/hook?token=secret-of-the-address`,
    events: webhookEventNames,
    secret: receiverSecret,
  }
  const announce = createAnnounce({
    endpoints: [endpoint],
    labeler: 'did:web:labels.example.com',
    hasBankNames: false,
    newId: randomUUID,
  })
  const fetch = createSafeFetch({
    timeoutMs: 5000,
    maxRedirects: 3,
    allowedPrivateOrigins: [receiver.origin],
    userAgent: 'harrier-test',
  })
  const outbox = createOutbox(
    {
      database,
      targets: [createWebhookTarget({ ...webhookDeps, fetch, timeoutMs, now }, endpoint)],
      ...hooks,
      isPaused: async () => false,
      logger: pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) }),
      onTried: (outcome) => void counted.push(outcome),
      now,
      random: () => 0,
    },
    { ...quick, ...options },
  )
  const desk = createOutboxDesk({ database, now, onRetry: outbox.wake, ...hooks })
  const tell = async (...events: WebhookEvent[]) => {
    await database.transaction((stores) => announce(stores, events, now().toISOString()))
    outbox.wake()
  }
  const states = async () =>
    (await desk.list({ states: ['pending', 'done', 'dead', 'dropped'], limit: 100 }))
      .reverse()
      .map(({ state }) => state)
  const resources = stack.move()
  return {
    receiver,
    database,
    clock,
    lines,
    counted,
    outbox,
    desk,
    tell,
    states,
    start: () => startTask(outbox.run),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

const labeled = (contentId: string, label = 'known-image'): WebhookEvent => ({
  type: 'action_taken',
  contentId,
  action: 'label',
  label,
  actor: 'harrier',
})

describe('the outbox', () => {
  it('delivers what a library of Standard Webhooks verifies, once, and reads no more of the answer', async () => {
    await using it = await openFixture()
    await using _task = it.start()
    const match = { bankId: 1, bank: 'NCMEC', contentId: 7, distance: 4, hashType: 'md5' } as const
    const did = 'did:plc:z72i7hdynmk6r22z27h6tvur'
    await it.tell({
      type: 'match_found',
      contentId: `at://${did}/app.bsky.feed.post/3`,
      matches: [match, match],
    })
    await expect.poll(it.states).toEqual(['done'])
    expect(it.receiver.refused).toEqual([])
    const [{ payload, headers, body } = expect.fail()] = it.receiver.tries
    expect(payload).toMatchObject({
      event_type: 'match_found',
      did,
      labeler: 'did:web:labels.example.com',
      match_info: { bank_name: null, distance: 4, hash_type: 'md5' },
      matches: [{ distance: 4 }],
      id: headers['webhook-id'],
    })
    expect(body).not.toContain('NCMEC')
    expect(headers['content-type']).toBe('application/json')
    expect(it.counted).toEqual(['delivered'])
    expect(JSON.stringify(it.lines)).not.toContain('secret-of-the-address')
    expect(JSON.stringify(it.lines)).not.toContain(it.receiver.origin)
  })

  it('tries again under the same id, and keeps the order of one subject and of no other', async () => {
    let failures = 2
    await using it = await openFixture(({ payload }) => ({
      status: payload.content_id === 'slow' && failures-- > 0 ? 500 : 204,
    }))
    await it.tell(labeled('slow', 'first'), labeled('slow', 'second'), labeled('quick'))
    await using _task = it.start()
    await expect.poll(it.states, { timeout: 10_000 }).toEqual(['done', 'done', 'done'])
    const labels = it.receiver.tries.map(({ payload }) => 'label' in payload && payload.label)
    expect(labels.filter((label) => label !== 'known-image')).toEqual(['first', 'first', 'first', 'second'])
    const ids = it.receiver.tries.map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(3)
    expect(labels.indexOf('known-image')).toBeLessThan(labels.indexOf('second'))
  })

  it('gives up after so many attempts, visibly, and goes on with the next; a person has it sent again', async () => {
    let isDown = true
    await using it = await openFixture(({ payload }) => ({
      status: isDown && 'label' in payload && payload.label === 'first' ? 503 : 204,
    }))
    await it.tell(labeled('a', 'first'), labeled('a', 'second'))
    await using _task = it.start()
    await expect.poll(it.states, { timeout: 10_000 }).toContain('dead')
    await expect.poll(it.states, { timeout: 10_000 }).toEqual(['dead', 'done'])
    isDown = false
    expect(it.lines).toContainEqual(
      expect.objectContaining({ msg: 'outbox.dead', how: 'status 503', attempts: 3 }),
    )
    expect(it.counted).toEqual(['retried', 'retried', 'dead', 'delivered'])
    expect(await it.desk.retry(1, 'cli')).toBe(true)
    await expect.poll(it.states).toEqual(['done', 'done'])
    expect(await it.desk.retry(99, 'cli')).toBe(false)
    expect(await it.database.audit.list('a', 10)).toMatchObject([
      { actor: 'cli', action: 'outbox.retried', details: { message: 1, was: 'dead' } },
    ])
  })

  it.each<[string, WebhookReply, string]>([
    ['a redirect', { status: 307, headers: { location: 'http://169.254.169.254/' } }, 'status 307'],
    ['silence', 'never', 'did not answer in time'],
    ['a refusal', { status: 400 }, 'status 400'],
  ])('takes %s for a failure', async (_, reply, how) => {
    await using it = await openFixture(() => reply, { timeoutMs: 100, maxAttempts: 1 })
    await it.tell(labeled('a'))
    await using _task = it.start()
    await expect.poll(it.states).toEqual(['dead'])
    expect((await it.desk.find(1))?.outcome).toContain(how)
    expect(it.receiver.tries).toHaveLength(1)
  })

  it('does not try again what the receiver says is gone', async () => {
    await using it = await openFixture(() => ({ status: 410 }))
    await it.tell(labeled('a'))
    await using _task = it.start()
    await expect.poll(it.states).toEqual(['dead'])
    expect(it.receiver.tries).toHaveLength(1)
  })

  it('waits as long as the receiver asks, with everything for it', async () => {
    await using it = await openFixture((_, tries) =>
      tries.length === 0 ? { status: 429, headers: { 'retry-after': '30' } } : { status: 204 },
    )
    await it.tell(labeled('a'))
    await using _task = it.start()
    await expect.poll(() => it.counted).toEqual(['retried'])
    await it.tell(labeled('b'))
    const waiting = await it.desk.find(1)
    expect((waiting?.runAfter ?? 0) - Date.now()).toBeGreaterThan(25_000)
    expect(it.outbox.openCircuits).toBe(1)
    expect(it.receiver.tries).toHaveLength(1)
    it.clock.aheadMs = 31_000
    it.outbox.wake()
    await expect.poll(it.states).toEqual(['done', 'done'])
    expect(it.outbox.openCircuits).toBe(0)
  })

  it('leaves an endpoint in peace that fails five times in a row, without using up attempts', async () => {
    let isDown = true
    await using it = await openFixture(() => ({ status: isDown ? 500 : 204 }), { atOnce: 1, maxAttempts: 3 })
    await it.tell(...Array.from({ length: 20 }, (_, n) => labeled(`content-${n}`)))
    await using _task = it.start()
    await expect.poll(() => it.outbox.openCircuits).toBe(1)
    const triedBefore = it.receiver.tries.length
    expect(triedBefore).toBe(5)
    it.outbox.wake()
    isDown = false
    it.clock.aheadMs = 60_000
    it.outbox.wake()
    await expect.poll(async () => (await it.desk.counts()).done, { timeout: 10_000 }).toBe(20)
    expect((await it.desk.counts()).dead).toBe(0)
  })

  it('refuses private addresses that were not named, and keeps the message', async () => {
    await using database = await openSqlite({ path: ':memory:' })
    const endpoint = {
      id: 'x',
      url: 'https://127.0.0.1:8443/',
      events: webhookEventNames,
      secret: receiverSecret,
    }
    const announce = createAnnounce({
      endpoints: [endpoint],
      labeler: 'did:web:x',
      hasBankNames: true,
      newId: randomUUID,
    })
    await database.transaction((stores) => announce(stores, [labeled('a')], new Date().toISOString()))
    const now = () => new Date()
    const fetch = createSafeFetch({
      timeoutMs: 1000,
      maxRedirects: 0,
      allowedPrivateOrigins: [],
      userAgent: 'x',
    })
    const outbox = createOutbox(
      {
        database,
        targets: [createWebhookTarget({ ...webhookDeps, fetch, timeoutMs: 1000, now }, endpoint)],
        ...hooks,
        isPaused: async () => false,
        logger: pino({ level: 'silent' }),
        onTried: () => {},
        now,
        random: () => 0,
      },
      { ...quick, retryBaseMs: 60_000 },
    )
    await using _task = startTask(outbox.run)
    await expect.poll(async () => (await database.outbox.find(1))?.outcome).toContain('Refused to ask')
    expect((await database.outbox.find(1))?.state).toBe('pending')
  })

  it('sets aside what is for an endpoint that the settings no longer have', async () => {
    await using it = await openFixture()
    await it.database.outbox.add([
      {
        kind: 'webhook',
        target: 'removed',
        messageId: 'msg_1',
        event: 'match_found',
        subject: 'a',
        payload: '{}',
        createdAt: new Date().toISOString(),
      },
    ])
    await using _task = it.start()
    await expect.poll(it.states).toEqual(['dead'])
    expect(await it.desk.drop(1, 'cli')).toBe(true)
    expect(await it.desk.drop(1, 'cli')).toBe(false)
    expect(await it.states()).toEqual(['dropped'])
    expect(await it.database.outbox.prune(new Date(Date.now() + 1000).toISOString(), 10)).toBe(1)
    expect(await it.states()).toEqual([])
  })

  it('leaves what is on its way for the next start when the service ends', async () => {
    await using it = await openFixture((_, tries) => (tries.length === 0 ? 'never' : { status: 204 }))
    await it.tell(labeled('a'))
    const first = it.start()
    await expect.poll(() => it.receiver.tries.length).toBe(1)
    await first[Symbol.asyncDispose]()
    expect(await it.desk.find(1)).toMatchObject({ state: 'pending', attempts: 1 })
    await using _second = it.start()
    await expect.poll(it.states).toEqual(['done'])
    expect(new Set(it.receiver.tries.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
  })
})
