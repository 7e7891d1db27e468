import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { startTask } from '../lib/task.ts'
import { createActionMessage } from '../model/action-message.ts'
import { parseAtUri, parseBlobCid, parseCid, parseDid } from '../model/ids.ts'
import type { OutboxEnd } from '../model/outbox.ts'
import {
  type ActionTarget,
  type SubjectAction,
  type TargetAction,
  type TargetAttempt,
  type TargetOutcome,
} from '../model/target.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createOutbox } from './outbox.ts'
import { createOutboxDesk } from './outbox-desk.ts'

const did = parseDid('did:plc:z72i7hdynmk6r22z27h6tvur') ?? expect.fail()
const cid = parseCid('bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a') ?? expect.fail()
const blob = parseBlobCid('bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku') ?? expect.fail()

/** An action about a record of the account. */
function actionOn(rkey: string, kind: 'takedown' | 'restore' = 'takedown'): SubjectAction {
  const uri = parseAtUri(`at://${did}/app.bsky.feed.post/${rkey}`) ?? expect.fail()
  const subject = { kind: 'record', did, uri, cid, blobs: [blob] } as const
  return {
    kind,
    subject,
    effectId: 1,
    externalId: `${kind}-${rkey}`,
    because: 'bank one, distance 3, content 7',
  }
}

type CarryOut = (action: TargetAction, attempt: TargetAttempt) => Promise<TargetOutcome>

/** The outbox over a real store, and a target that does as it is told. */
async function openFixture(carryOut: CarryOut, { maxAttempts = 3 } = {}) {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await openSqlite({ path: ':memory:' }))
  const lines: Record<string, unknown>[] = []
  const ended: [string, OutboxEnd][] = []
  const state = { isPaused: false, failsToNote: false }
  const now = () => new Date()
  const hooks = {
    onEnded: async (_: unknown, { messageId }: { messageId: string }, end: OutboxEnd) => {
      if (state.failsToNote) throw new Error('the effect could not be written')
      ended.push([messageId, end])
    },
    onRevived: async () => {},
  }
  const target: ActionTarget = {
    id: 'mod',
    kind: 'moderation',
    at: 'did:web:mod.example.com',
    can: new Set(['takedown', 'restore']),
    carryOut,
    check: async () => [],
  }
  const outbox = createOutbox(
    {
      database,
      targets: [target],
      ...hooks,
      isPaused: async () => state.isPaused,
      logger: pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) }),
      onTried: () => {},
      now,
      random: () => 0,
    },
    { atOnce: 4, maxAttempts, retryBaseMs: 1, retryMaxMs: 1000 },
  )
  const desk = createOutboxDesk({ database, now, onRetry: outbox.wake, ...hooks })
  const resources = stack.move()
  return {
    database,
    lines,
    ended,
    state,
    desk,
    outbox,
    start: () => startTask(outbox.run),
    async add(...actions: SubjectAction[]) {
      await database.outbox.add(
        actions.map((action) => createActionMessage(target, action, new Date().toISOString())),
      )
      outbox.wake()
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

describe('actions in the outbox', () => {
  it('end with an audit row and what the end means, in one transaction', async () => {
    await using it = await openFixture(async () => ({ kind: 'done', words: 'taken down', reference: '42' }))
    await it.add(actionOn('a'))
    await using _task = it.start()
    await expect.poll(() => it.ended).toHaveLength(1)
    expect(it.ended).toMatchObject([['takedown-a', { state: 'done', kind: 'done', reference: '42' }]])
    expect(await it.database.audit.list(did, 10)).toMatchObject([
      {
        actor: 'harrier',
        action: 'action.done',
        details: { target: 'mod', kind: 'moderation', action: 'takedown' },
      },
    ])
    expect(JSON.stringify(it.lines)).not.toContain(blob)
  })

  it('are not ended when what that means cannot be written', async () => {
    await using it = await openFixture(async () => ({ kind: 'done', words: 'taken down' }))
    it.state.failsToNote = true
    await it.add(actionOn('a'))
    await using task = it.start()
    await expect(task.failure).rejects.toThrow('could not be written')
    expect(await it.desk.find(1)).toMatchObject({ state: 'pending', attempts: 1 })
    expect(await it.database.audit.list(did, 10)).toEqual([])
  })

  it.each([
    ['already', 'done', 'action.done'],
    ['not-theirs', 'dropped', 'action.failed'],
    ['refused', 'dead', 'action.failed'],
    ['unknown', 'dead', 'action.failed'],
  ] as const)('that come to %s end as %s, after one attempt', async (kind, state, audited) => {
    let tries = 0
    await using it = await openFixture(async () => {
      tries++
      return { kind, words: 'as told' }
    })
    await it.add(actionOn('a'))
    await using _task = it.start()
    await expect.poll(() => it.ended).toMatchObject([['takedown-a', { state, kind }]])
    expect(tries).toBe(1)
    expect(await it.database.audit.list(did, 10)).toMatchObject([
      { action: audited, details: { outcome: kind } },
    ])
  })

  it('are tried again until the attempts run out, and the next of the account waits for that', async () => {
    const seen: string[] = []
    await using it = await openFixture(
      async ({ externalId }) => {
        seen.push(externalId)
        return externalId === 'takedown-a'
          ? { kind: 'failed', words: 'down' }
          : { kind: 'done', words: 'done' }
      },
      { maxAttempts: 2 },
    )
    await it.add(actionOn('a'), actionOn('b'))
    await using _task = it.start()
    await expect.poll(() => it.ended, { timeout: 10_000 }).toHaveLength(2)
    expect(seen).toEqual(['takedown-a', 'takedown-a', 'takedown-b'])
    expect(it.ended).toMatchObject([
      ['takedown-a', { state: 'dead', kind: 'failed' }],
      ['takedown-b', { state: 'done' }],
    ])
  })

  it('that were cut off are known to the target as such, at the next start and not otherwise', async () => {
    const attempts: boolean[] = []
    await using it = await openFixture(async (_, { wasCutOff, signal }) => {
      attempts.push(wasCutOff)
      if (attempts.length === 1) return { kind: 'failed', words: 'busy' }
      if (attempts.length > 2) return { kind: 'unknown', words: 'it may have arrived' }
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      return signal.throwIfAborted() as never
    })
    await it.add(actionOn('a'))
    const first = it.start()
    await expect.poll(() => attempts, { timeout: 5000 }).toHaveLength(2)
    await first[Symbol.asyncDispose]()
    expect(await it.desk.find(1)).toMatchObject({ state: 'pending', attempts: 2, outcome: undefined })
    await using _second = it.start()
    await expect.poll(() => it.ended).toMatchObject([['takedown-a', { kind: 'unknown' }]])
    expect(attempts).toEqual([false, false, true])
    expect(await it.desk.retry(1, 'cli')).toBe(true)
    await expect.poll(() => attempts).toEqual([false, false, true, false])
  })

  it('wait while actions are paused, but restores pass, unless what waits is about the same record', async () => {
    const seen: string[] = []
    await using it = await openFixture(async ({ externalId }) => {
      seen.push(externalId)
      return { kind: 'done', words: 'done' }
    })
    it.state.isPaused = true
    await it.add(actionOn('a'), actionOn('b', 'restore'), actionOn('a', 'restore'))
    await using _task = it.start()
    await expect.poll(() => it.ended).toHaveLength(1)
    it.outbox.wake()
    expect((await it.desk.counts()).pending).toBe(2)
    it.state.isPaused = false
    it.outbox.wake()
    await expect.poll(() => seen).toEqual(['restore-b', 'takedown-a', 'restore-a'])
  })

  it('that a person drops while they are on their way end as they turn out', async () => {
    const gate = Promise.withResolvers<void>()
    await using it = await openFixture(async () => {
      await gate.promise
      return { kind: 'done', words: 'taken down' }
    })
    await it.add(actionOn('a'))
    await using _task = it.start()
    await expect.poll(async () => (await it.desk.find(1))?.attempts).toBe(1)
    expect(await it.desk.drop(1, 'cli')).toBe(true)
    gate.resolve()
    await expect.poll(() => it.ended.map(([, { kind }]) => kind)).toEqual(['dropped', 'done'])
    expect(await it.desk.find(1)).toMatchObject({ state: 'done' })
  })

  it('that no version can read, or for what is no target any more, are dead letters', async () => {
    await using it = await openFixture(async () => ({ kind: 'done', words: 'done' }))
    const message = createActionMessage(
      { id: 'mod', kind: 'moderation' },
      actionOn('a'),
      new Date().toISOString(),
    )
    await it.database.outbox.add([
      { ...message, payload: '{"kind":"takedown"}' },
      { ...message, target: 'gone', messageId: 'other' },
    ])
    await using _task = it.start()
    await expect.poll(async () => (await it.desk.counts()).dead).toBe(2)
    expect(it.ended.map(([, { words }]) => words).toSorted()).toEqual([
      'no action that this version of Harrier can read',
      'no such target',
    ])
  })
})
