import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { createSafeFetch } from '../src/lib/safe-fetch.ts'
import { startTask } from '../src/lib/task.ts'
import { createActionMessage } from '../src/model/action-message.ts'
import { parseDid } from '../src/model/ids.ts'
import { createOutbox } from '../src/outbox/outbox.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { createModerationTarget } from '../src/targets/moderation-target.ts'
import { createPdsTarget } from '../src/targets/pds-target.ts'
import { createProxiedCaller } from '../src/targets/service-caller.ts'
import { actionOf, carryOut } from './support/action-targets.ts'
import { hostilePassword, openHostileModeration, type ReportReply } from './support/hostile-moderation.ts'
import { openLoopbackServer } from './support/listen.ts'

const service = parseDid('did:plc:ar7c4by46qjdydhdevvrndac') ?? expect.fail()
const labeler = parseDid('did:web:labels.example.com') ?? expect.fail()

const safeFetchTo = (origin: string) =>
  createSafeFetch({
    timeoutMs: 5000,
    maxRedirects: 0,
    allowedPrivateOrigins: [origin],
    userAgent: 'harrier-test',
  })

/** The outbox over a real store, with a moderation service that is hostile, and a clock that can be put forward. */
async function openFixture({ password = hostilePassword, timeoutMs = 500 } = {}) {
  await using stack = new AsyncDisposableStack()
  const hostile = stack.use(await openHostileModeration())
  const database = stack.use(await openSqlite({ path: ':memory:' }))
  const clock = { aheadMs: 0 }
  const now = () => new Date(Date.now() + clock.aheadMs)
  const lines: string[] = []
  const calls = { fetch: safeFetchTo(hostile.origin), timeoutMs, now }
  const openOutbox = () => {
    const account = { identifier: 'mod.test', password, resolveHost: async () => hostile.origin }
    const target = createModerationTarget(
      { caller: createProxiedCaller(calls, service, account), labeler },
      { id: 'bsky', did: service },
    )
    return createOutbox(
      {
        database,
        targets: [target],
        onEnded: async () => {},
        isPaused: async () => false,
        logger: pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) }),
        onTried: () => {},
        now,
        random: () => 0,
      },
      { atOnce: 4, maxAttempts: 5, retryBaseMs: 1, retryMaxMs: 3_600_000 },
    )
  }
  const outbox = openOutbox()
  const resources = stack.move()
  return {
    hostile,
    database,
    lines,
    clock,
    outbox,
    /** Reports so many accounts. */
    async report(count = 1) {
      const wish = { kind: 'report', reasonType: 'com.atproto.moderation.defs#reasonOther' } as const
      for (let n = 0; n < count; n++) {
        const did = parseDid(`did:web:account-${n}.example.com`) ?? expect.fail()
        const message = createActionMessage(
          { id: 'bsky', kind: 'moderation' },
          actionOf(wish, { kind: 'account', did }),
          now().toISOString(),
        )
        await database.outbox.add([message])
      }
      outbox.wake()
    },
    start: (sending = outbox) => startTask(sending.run),
    restart: () => startTask(openOutbox().run),
    /** As when the process is killed once an attempt has been counted. */
    killInAttempt: () =>
      database.outbox.claim({ kind: 'moderation', target: 'bsky', now: now().getTime(), limit: 9, busy: [] }),
    pass(ms: number) {
      clock.aheadMs += ms
      outbox.wake()
    },
    message: () => database.outbox.find(1),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

/** Those after which a report may have been taken. */
const ambiguous = [
  'drop',
  'take-and-drop',
  'fail',
  'take-and-fail',
  'take-and-be-unavailable',
  'take-and-babble',
  'take-and-never-end',
  'take-and-be-silent',
] as const satisfies readonly ReportReply[]

describe('a moderation service that cannot be asked for reports', () => {
  it.each(
    ambiguous,
  )('and does “%s” has at most one, and a person sees that it may have one', async (reply) => {
    await using it = await openFixture()
    it.hostile.replies = [reply]
    await it.report()
    await using _task = it.start()
    await expect.poll(async () => (await it.message())?.state, { timeout: 5000 }).toBe('dead')
    expect(await it.message()).toMatchObject({
      attempts: 1,
      outcome: expect.stringContaining('may have been received') as string,
    })
    it.pass(3_600_000)
    it.pass(3_600_000)
    expect(it.hostile.calls.get('createReport')).toBe(1)
  })

  it.each([
    'limit',
    'busy',
  ] as const)('and says “%s” is asked again when it said, and has one', async (reply) => {
    await using it = await openFixture()
    it.hostile.replies = [reply, reply]
    await it.report()
    await using _task = it.start()
    for (let tries = 1; tries <= 2; tries++) {
      await expect.poll(() => it.hostile.calls.get('createReport')).toBe(tries)
      await expect.poll(async () => (await it.message())?.outcome).toContain('status')
      it.pass(1000)
    }
    await expect.poll(async () => (await it.message())?.state).toBe('done')
    expect(it.hostile.reports).toHaveLength(1)
  })

  it('and answers twice has one, and the next is not taken for answered', async () => {
    await using it = await openFixture()
    it.hostile.replies = ['take-and-answer-twice', 'refuse']
    await it.report(2)
    await using _task = it.start()
    await expect.poll(async () => (await it.database.outbox.counts()).pending).toBe(0)
    const states = (await it.database.outbox.list({ states: ['done', 'dead'], limit: 9 })).map(
      ({ state }) => state,
    )
    expect(states.toSorted()).toEqual(['dead', 'done'])
    expect(it.hostile.reports).toHaveLength(1)
  })

  it('and refuses is not asked again', async () => {
    await using it = await openFixture()
    it.hostile.replies = ['refuse']
    await it.report()
    await using _task = it.start()
    await expect.poll(it.message).toMatchObject({ state: 'dead', outcome: 'status 400 InvalidRequest' })
    expect(it.hostile.calls.get('createReport')).toBe(1)
  })

  it('has no second report from a process that was killed while it sent the first', async () => {
    await using it = await openFixture()
    await it.report()
    await it.killInAttempt()
    await using _task = it.restart()
    await expect.poll(it.message).toMatchObject({
      state: 'dead',
      outcome: expect.stringContaining('cut off') as string,
    })
    expect(it.hostile.calls.get('createReport')).toBeUndefined()
  })

  it('has a report that was on its way when the service ended seen through', async () => {
    await using it = await openFixture({ timeoutMs: 3000 })
    it.hostile.replies = ['take-and-be-silent']
    await it.report()
    const task = it.start()
    await expect.poll(() => it.hostile.reports.length).toBe(1)
    await task[Symbol.asyncDispose]()
    expect(await it.message()).toMatchObject({
      state: 'dead',
      outcome: expect.stringContaining('in time') as string,
    })
  })

  it('loses none and doubles none while it is down, and is left in peace', async () => {
    await using it = await openFixture()
    it.hostile.isDown = true
    await it.report(20)
    await using _task = it.start()
    await expect.poll(() => it.outbox.openCircuits).toBe(1)
    expect(it.hostile.calls.get('createReport')).toBeUndefined()
    it.hostile.isDown = false
    // What was on its way still may have failed since, and shut the circuit for longer.
    const done = async (): Promise<number> => {
      it.pass(600_000)
      return (await it.database.outbox.counts()).done
    }
    await expect.poll(done, { timeout: 10_000 }).toBe(20)
    const subjects = it.hostile.reports.map(({ subject }) => JSON.stringify(subject))
    expect(new Set(subjects).size).toBe(20)
    expect(subjects).toHaveLength(20)
    expect(it.hostile.calls.get('createSession')).toBe(1)
  })
})

describe('a moderation service that can be asked for reports', () => {
  it.each(ambiguous)('and does “%s” has one in the end', async (reply) => {
    await using it = await openFixture()
    it.hostile.isModerated = true
    it.hostile.replies = [reply]
    await it.report()
    await using _task = it.start()
    await expect.poll(async () => (await it.message())?.outcome, { timeout: 5000 }).toContain('looked for')
    it.pass(60_000)
    await expect.poll(async () => (await it.message())?.state).toBe('done')
    expect(it.hostile.reports).toHaveLength(1)
  })

  it.each([true, false])('has one after the process was killed, when it was taken: %s', async (wasTaken) => {
    await using it = await openFixture()
    it.hostile.isModerated = true
    await it.report()
    const [claimed = expect.fail()] = await it.killInAttempt()
    const modTool = { name: 'harrier', meta: { batchId: claimed.messageId, labeler } }
    if (wasTaken) it.hostile.reports.push({ reasonType: 'x', subject: {}, modTool })
    await using _task = it.start()
    await expect.poll(async () => (await it.message())?.attempts).toBe(2)
    await expect.poll(async () => (await it.message())?.outcome).toBeDefined()
    it.pass(60_000)
    await expect.poll(async () => (await it.message())?.state).toBe('done')
    expect(it.hostile.reports).toHaveLength(1)
  })
})

describe('the account that reports', () => {
  it('signs in once in five minutes, whatever the host says, and its password is in no line', async () => {
    await using it = await openFixture({ password: 'not-the-password' })
    await it.report(4)
    await using _task = it.start()
    await expect.poll(async () => (await it.message())?.outcome).toContain('not signed in: status')
    for (let n = 0; n < 4; n++) {
      it.pass(60_000)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    expect(it.hostile.calls.get('createSession')).toBe(1)
    it.pass(600_000)
    await expect.poll(() => it.hostile.calls.get('createSession')).toBe(2)
    expect(it.lines.join('')).toContain('not signed in')
    expect(it.lines.join('')).not.toContain('not-the-password')
    const kept = await it.database.audit.list('did:web:account-0.example.com', 10)
    expect(JSON.stringify([kept, await it.message()])).not.toContain('not-the-password')
  })
})

describe('a PDS that lies', () => {
  it.each<[string, object, RegExp]>([
    ['that a takedown was done', { subject: {}, takedown: { applied: false } }, /then that it did not/],
    ['in another language', { statut: 'oui' }, /something else than a status/],
    ['without end', { filler: 'x'.repeat(1_100_000) }, /something else than a status/],
  ])('%s is not believed', async (_, status, words) => {
    using server = await openLoopbackServer((request, response) => {
      request.resume()
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(status))
    })
    const target = createPdsTarget(
      {
        fetch: safeFetchTo(server.origin),
        timeoutMs: 1000,
        now: () => new Date(),
        authorize: async () => 'Basic eA==',
        resolveHost: async () => server.origin,
        labeler,
      },
      { id: 'pds', url: server.origin },
    )
    const did = parseDid('did:web:account.example.com') ?? expect.fail()
    const outcome = await carryOut(target, actionOf({ kind: 'takedown' }, { kind: 'account', did }))
    expect(outcome).toMatchObject({ kind: 'failed', words: expect.stringMatching(words) as string })
  })
})
