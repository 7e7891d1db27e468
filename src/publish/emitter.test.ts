import { verifySignature } from '@atproto/crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { otherCid, someCid, someDid, someUri } from '../../test/support/builders.ts'
import { generateSigningKey, type SigningKey } from '../atproto/signing-key.ts'
import type { Emission, EmissionLimits } from '../model/emission.ts'
import type { AtUri, Did } from '../model/ids.ts'
import type { Database } from '../store/database.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createEmitter, type Emitter } from './emitter.ts'
import { encodeUnsigned } from './encode-label.ts'
import { createPublishRequest } from './publish-request.ts'

const tellNobody = async (): Promise<number> => 0

const src = 'did:web:labeler.test' as Did
const start = Date.parse('2026-01-02T12:00:00.000Z')

describe('the emission of queued labels', () => {
  let database: Database
  let key: SigningKey
  let clock: number
  let emitted: number
  beforeEach(async () => {
    database = await openSqlite({ path: ':memory:' })
    key = await generateSigningKey()
    await database.keys.makeLive(key.did(), '2026-01-01T00:00:00.000Z')
    clock = start
    emitted = 0
  })
  afterEach(() => database[Symbol.asyncDispose]())

  const signing = (vals: string[] = ['a', 'b', 'c']) => ({
    key: () => key,
    src,
    declaredVals: new Set(vals),
    now: () => new Date(clock),
  })
  const open = (limits: EmissionLimits, vals?: string[]): Emitter =>
    createEmitter({
      ...signing(vals),
      database,
      limits,
      announce: tellNobody,
      onEmitted: (labels) => (emitted += labels.length),
    })
  const request = (parts: Partial<Emission> = {}) =>
    createPublishRequest({ ...signing(), database, isPaced: true, actor: 'cli', announce: tellNobody })({
      uri: someUri,
      val: 'a',
      priority: 'normal',
      ...parts,
    })
  const uriOf = (n: number) => `${someUri}${n}` as AtUri
  const stream = async () => await database.labels.page(0, 1000)

  /** Takes steps until nothing waits or the clock has gone past `untilMs`; the clock goes on only when it has to. */
  async function run(emitter: Emitter, untilMs = Number.POSITIVE_INFINITY): Promise<void> {
    for (let steps = 0; ; steps++) {
      const nextMs = await emitter.step()
      if (nextMs === undefined || nextMs > untilMs) return
      clock = nextMs
      if (steps > 10_000) throw new Error('Expected the queue to become empty')
    }
  }

  it('publishes the urgent first and the bulk last, as many a second as are allowed', async () => {
    for (let n = 0; n < 6; n++) await request({ uri: uriOf(n), priority: 'bulk' })
    for (let n = 6; n < 9; n++) await request({ uri: uriOf(n), priority: 'normal' })
    for (let n = 9; n < 11; n++) await request({ uri: uriOf(n), priority: 'urgent' })
    await run(open({ second: 5 }))
    const labels = await stream()
    expect(labels.map(({ uri }) => Number(uri.slice(someUri.length)))).toEqual([
      9, 10, 6, 7, 8, 0, 1, 2, 3, 4, 5,
    ])
    const times = labels.map(({ cts }) => Date.parse(cts))
    for (const [i, at] of times.entries())
      expect((times[i + 5] ?? Infinity) - at).toBeGreaterThanOrEqual(1000)
    expect((times.at(-1) ?? 0) - start).toBeLessThan(2500)
    expect([emitted, await database.emissions.lengths()]).toMatchObject([
      11,
      [{ count: 0 }, { count: 0 }, { count: 0 }],
    ])
  })

  it('signs when a label is published, so that its cts is that moment and its key the live one', async () => {
    await request()
    clock += 60_000
    const older = key
    key = await generateSigningKey()
    await database.keys.makeLive(key.did(), new Date(clock).toISOString())
    await run(open({ second: 5 }))
    const [label] = await stream()
    if (!label) throw new Error('Expected a label')
    const { sig, bytes: _, seq: __, ...fields } = label
    expect(label.cts).toBe(new Date(clock).toISOString())
    expect(await verifySignature(key.did(), encodeUnsigned(fields), sig)).toBe(true)
    expect(await verifySignature(older.did(), encodeUnsigned(fields), sig)).toBe(false)
    expect(await database.keys.countStale()).toBe(0)
  })

  it('keeps the counts of the current spans over a restart, whoever published', async () => {
    for (let n = 0; n < 12; n++) await request({ uri: uriOf(n), priority: 'urgent' })
    await run(open({ second: 100, hour: 10 }), clock)
    expect(await stream()).toHaveLength(10)
    const again = open({ second: 100, hour: 10 })
    const nextMs = await again.step()
    expect(await stream()).toHaveLength(10)
    expect(nextMs).toBeGreaterThanOrEqual(start + 3_600_000)
    expect((await again.budget()).leftOf(clock)).toEqual({ second: 90, hour: 0 })
    await run(again)
    expect(await stream()).toHaveLength(12)
    expect(clock).toBe(nextMs)
  })

  it('lets an urgent label through when bulk has used up its part of the hour', async () => {
    for (let n = 0; n < 20; n++) await request({ uri: uriOf(n), priority: 'bulk' })
    const emitter = open({ hour: 20 })
    await run(emitter, clock)
    expect(await stream()).toHaveLength(15)
    await request({ uri: uriOf(50), priority: 'urgent' })
    await run(emitter, clock)
    expect((await stream()).at(-1)?.uri).toBe(uriOf(50))
    expect(await stream()).toHaveLength(16)
  })

  it('publishes nothing of a label that was withdrawn while it waited, and its withdrawal otherwise', async () => {
    const emitter = open({ second: 1 })
    await request()
    expect(await request({ neg: true })).toEqual({ kind: 'cancelled' })
    await run(emitter)
    expect(await stream()).toEqual([])
    await request({ val: 'b' })
    await run(emitter)
    expect(await request({ val: 'b', neg: true })).toEqual({ kind: 'queued' })
    await run(emitter)
    const labels = await stream()
    expect(labels.map(({ neg }) => neg ?? false)).toEqual([false, true])
    expect((labels[1]?.cts ?? '') > (labels[0]?.cts ?? '')).toBe(true)
  })

  it('withdraws every version, one negation at a time where no more are allowed', async () => {
    const emitter = open({ second: 1 })
    for (const cid of [someCid, otherCid]) {
      await request({ cid })
      await run(emitter)
    }
    await request({ neg: true })
    await request({ val: 'b', priority: 'bulk' })
    await run(emitter)
    expect((await stream()).map(({ val, neg, cid }) => [val, neg ?? false, cid])).toEqual([
      ['a', false, someCid],
      ['a', false, otherCid],
      ['a', true, someCid],
      ['a', true, otherCid],
      ['a', true, undefined],
      ['b', false, undefined],
    ])
    expect(await database.labels.standingVersions(src, someUri, 'a')).toEqual([])
    expect(await request({ neg: true })).toEqual({ kind: 'unchanged' })
  })

  it('drops what has expired or is no longer declared when its turn comes, and says so in the audit', async () => {
    await request({ exp: new Date(start + 1000).toISOString() })
    await request({ val: 'b' })
    await request({ val: 'c', exp: new Date(start + 9000).toISOString() })
    clock += 1000
    await run(open({ second: 5 }, ['a', 'c']))
    expect((await stream()).map(({ val, exp }) => [val, exp])).toEqual([
      ['c', new Date(start + 9000).toISOString()],
    ])
    const actions = (await database.audit.list(someUri, 10)).map(({ action, details }) => [
      action,
      details['because'],
    ])
    expect(actions.filter(([action]) => action === 'label.void')).toEqual([
      ['label.void', 'its value is no longer declared'],
      ['label.void', 'it expired before its turn'],
    ])
  })

  it('publishes what is left in the queue when there is no budget any more', async () => {
    for (let n = 0; n < 450; n++) await request({ uri: uriOf(n), priority: 'bulk' })
    await run(open({}))
    expect([await stream(), clock]).toMatchObject([{ length: 450 }, start])
  })

  it('gives a label that the stream decided its job and its waiting time in the audit', async () => {
    const emission = { uri: someDid, val: 'a', priority: 'normal' } as const
    await database.emissions.put(src, emission, { actor: 'harrier', jobId: 7, atMs: start })
    clock += 500
    await run(open({ second: 1 }))
    expect(await database.audit.list(someDid, 1)).toMatchObject([
      {
        actor: 'harrier',
        action: 'label.published',
        details: { seq: 1, job: 7, priority: 'normal', waitedMs: 500 },
      },
    ])
  })
})
