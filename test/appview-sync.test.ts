import { Secp256k1Keypair } from '@atproto/crypto'
import type { LexValue } from '@atproto/lex-cbor'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { frameOf, openScriptedLabeler, type ScriptedLabeler } from './support/labeler.ts'
import { createDatabase, createLabelTable, postgresUrl, type TestDatabase } from './support/postgres.ts'
import { startSync, syncOnce } from './support/sync.ts'

const post = (number: number): string => `at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/${number}`
const cids = [
  'bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a',
  'bafyreif6lfqkkxwmzlmlyhaomdfcp6dhz4llmrgvdpotkgsnfk5vkcndgy',
] as const

describe.skipIf(!postgresUrl)('appview-sync', () => {
  let stack: AsyncDisposableStack
  let database: TestDatabase
  let labeler: ScriptedLabeler

  beforeEach(async () => {
    stack = new AsyncDisposableStack()
    database = stack.use(await createDatabase())
    await createLabelTable(database)
    labeler = stack.use(await openScriptedLabeler())
  })
  afterEach(() => stack.disposeAsync())

  const places = (...more: ScriptedLabeler[]) => ({ database, labelers: [labeler, ...more] })
  const rows = () =>
    database.query('SELECT src, uri, cid, val, neg, cts, exp FROM bsky.label ORDER BY src, uri, val, cid')
  const cursorOf = async ({ did }: ScriptedLabeler) => {
    const [row] = await database.query<{ cursor: string }>(
      'SELECT cursor FROM harrier.label_cursor WHERE labeler = $1',
      [did],
    )
    return row && Number(row.cursor)
  }
  const row = (fields: object) => expect.objectContaining(fields) as unknown

  it('writes what two labelers publish, and keeps a cursor for each', async () => {
    const other = stack.use(await openScriptedLabeler())
    await labeler.publishEach([{ uri: post(1) }, { uri: post(2), exp: '2100-01-01T02:00:00+02:00' }])
    other.skipTo(70)
    await other.publishEach([{ uri: post(1), val: 'rude', cid: cids[0] }])
    const reports = await syncOnce(places(other))
    expect(await rows()).toEqual(
      [
        { src: labeler.did, uri: post(1), cid: '', val: 'spam', neg: false, exp: null },
        { src: labeler.did, uri: post(2), cid: '', val: 'spam', neg: false, exp: '2100-01-01T00:00:00.000Z' },
        { src: other.did, uri: post(1), cid: cids[0], val: 'rude', neg: false, exp: null },
      ]
        .map((fields) => ({ ...fields, cts: '2026-01-01T00:00:00.000Z' }))
        .sort((a, b) => (a.src + a.uri < b.src + b.uri ? -1 : 1)),
    )
    expect([await cursorOf(labeler), await cursorOf(other)]).toEqual([2, 70])
    expect(reports).toMatchObject([
      { labeler: labeler.did, cursor: 2, outcomes: { stored: 2 }, refused: {}, end: { reason: 'caught-up' } },
      { labeler: other.did, cursor: 70, outcomes: { stored: 1 } },
    ])
  })

  it('lets the newest cts win over all versions, and a negation clear them all', async () => {
    const at = (second: number, zone = 'Z') => `2026-01-01T00:00:0${second}.000${zone}`
    await database.query(
      `INSERT INTO bsky.label (src, uri, cid, val, neg, cts) VALUES ($1, $2, $3, 'spam', false, $5), ($1, $2, $4, 'spam', false, $5)`,
      [labeler.did, post(9), cids[0], cids[1], at(1)],
    )
    await labeler.publishEach([
      { uri: post(1), cid: cids[0], cts: at(1) },
      { uri: post(1), cid: cids[1], cts: at(2) },
      { uri: post(2), cts: at(5) },
      { uri: post(2), neg: true, cts: at(4) },
      // Half past midnight in Berlin is before midnight in London.
      { uri: post(3), cts: '2026-01-01T00:30:00.000+01:00' },
      { uri: post(3), neg: true, cts: at(0) },
      { uri: post(3), cts: '2026-01-01T00:45:00.000+01:00' },
      { uri: post(9), neg: true, cts: at(2) },
    ])
    const [report] = await syncOnce(places())
    expect(report?.outcomes).toEqual({ stored: 4, expired: 0, negated: 2, outdated: 2, unchanged: 0 })
    expect(await rows()).toEqual([
      row({ uri: post(1), cid: cids[1], neg: false }),
      row({ uri: post(2), cid: '', neg: false, cts: at(5) }),
      row({ uri: post(3), cid: '', neg: true, cts: at(0) }),
      row({ uri: post(9), cid: '', neg: true, cts: at(2) }),
    ])
    // Over separate runs, too: the negation stays newer than what it withdrew.
    await labeler.publishEach([{ uri: post(9), cid: cids[0], cts: at(1) }])
    expect((await syncOnce(places()))[0]?.outcomes).toMatchObject({ stored: 0, outdated: 1 })
  })

  it('ends where it ended before when it reads a labeler again from its beginning', async () => {
    const cts = '2026-01-01T00:00:00Z'
    await labeler.publishEach([
      { uri: post(1), cts },
      { uri: post(1), cts, neg: true },
      { uri: post(2), cts, exp: '2026-02-01T00:00:00Z' },
      { uri: post(3), cts },
    ])
    await syncOnce(places())
    const before = await rows()
    expect(before).toHaveLength(3)
    const [report] = await syncOnce(places(), { isFromStart: true })
    expect(labeler.cursors).toEqual(['0', '0'])
    expect(report?.outcomes).toEqual({ stored: 1, expired: 0, negated: 1, outdated: 0, unchanged: 2 })
    expect(await rows()).toEqual(before)
  })

  it('refuses what does not verify or is not its own, names no content, and takes the rest', async () => {
    const stranger = await Secp256k1Keypair.create()
    const lines: string[] = []
    const good = await labeler.sign({ uri: post(1) })
    labeler.publish(
      await labeler.sign({ uri: post(2), val: 'secret-a' }, stranger),
      { ...(good as object), uri: post(3), val: 'secret-b' },
      await labeler.sign({ uri: post(4), val: 'secret-c', src: 'did:plc:z72i7hdynmk6r22z27h6tvur' }),
      await labeler.sign({ uri: post(5), val: 'secret-d', cts: 'yesterday' }),
      await labeler.sign({ uri: post(6), val: 'secret\0e' }),
      await labeler.sign({ uri: `${post(7)}${'x'.repeat(2_500)}`, val: 'secret-f' }),
      await labeler.sign({ uri: post(8), val: 'secret-g', exp: '0000-01-01T00:00:00Z' }),
      'no label',
      good,
    )
    labeler.publishRaw(Buffer.alloc(100_000, 0x81))
    labeler.publishRaw('text')
    labeler.publishRaw(frameOf({ op: 1, t: '#labels' }, { seq: 3, labels: Array<null>(9_000).fill(null) }))
    labeler.publishRaw(frameOf({ op: 1, t: '#later' }, {}))
    labeler.publish(await labeler.sign({ uri: post(9) }))
    const [report] = await syncOnce(places(), { lines })
    expect(report).toMatchObject({
      cursor: 6,
      outcomes: { stored: 2 },
      refused: { 'wrong-signature': 2, 'other-source': 1, malformed: 4, 'too-long': 1 },
      refusedFrames: 3,
    })
    expect(await rows()).toEqual([row({ uri: post(1) }), row({ uri: post(9) })])
    expect(lines.join('')).not.toMatch(/secret|app\.bsky\.feed\.post/)
    expect(lines.join('')).toMatch(/appview\.refused/)
  })

  it('asks for the key once when a label does not verify, and takes what the new key signed', async () => {
    await labeler.publishEach([{ uri: post(1) }])
    await using _running = await startSync(places())
    await expect.poll(rows).toHaveLength(1)
    await labeler.rotateKey()
    await labeler.publishEach([{ uri: post(2) }, { uri: post(3) }])
    await expect.poll(rows).toHaveLength(3)
    expect([labeler.documentsServed, labeler.cursors]).toEqual([2, ['0']])
    // A key that nobody declares: the document is not asked for again and again.
    await labeler.rotateKey({ isDeclared: false })
    await labeler.publishEach([{ uri: post(4) }, { uri: post(5) }])
    await expect.poll(() => cursorOf(labeler)).toBe(5)
    expect([labeler.documentsServed, await rows()]).toEqual([2, expect.objectContaining({ length: 3 })])
  })

  it('goes on where it was when a connection breaks, and is not held up by a labeler that is ill', async () => {
    const ill = stack.use(await openScriptedLabeler())
    const lines: string[] = []
    ill.onConnect = (socket) => socket.close(1011)
    await labeler.publishEach([{ uri: post(1) }])
    await using running = await startSync(places(ill), { lines })
    await expect.poll(() => cursorOf(labeler)).toBe(1)
    labeler.disconnectAll()
    await labeler.publishEach([{ uri: post(2) }])
    await expect.poll(() => cursorOf(labeler)).toBe(2)
    expect(labeler.cursors).toEqual(['0', '1'])
    await expect.poll(() => ill.cursors.length).toBeGreaterThan(1)
    const metrics = await (await fetch(running.metricsUrl)).text()
    expect(metrics).toContain(`appview_sync_labels_total{labeler="${labeler.did}",outcome="stored"} 2`)
    expect(metrics).toContain(`appview_sync_connected{labeler="${ill.did}"} 0`)
    expect(metrics).toMatch(
      new RegExp(`appview_sync_disconnects_total{labeler="${ill.did}",reason="closed"} [1-9]`),
    )
    expect(metrics).toMatch(new RegExp(`appview_sync_lag_seconds{labeler="${labeler.did}"} \\d+`))
    // One line for the state, however often it is tried.
    const said = lines.filter((line) => line.includes('"level":40') && line.includes(ill.did))
    expect(said).toHaveLength(1)
  })

  it('says what to do about a cursor of the future, resets nothing by itself, and reads anew when told', async () => {
    await labeler.publishEach([{ uri: post(1) }, { uri: post(2) }])
    await syncOnce(places())
    labeler.loseDatabase()
    await labeler.publishEach([{ uri: post(3) }])
    const lines: string[] = []
    const [report] = await syncOnce(places(), { lines })
    expect(report?.end.reason).toBe('future-cursor')
    expect(lines.join('')).toContain('--from-start')
    expect([await cursorOf(labeler), labeler.cursors]).toEqual([2, ['0', '2']])
    expect((await syncOnce(places(), { isFromStart: true }))[0]).toMatchObject({
      cursor: 1,
      end: { reason: 'caught-up' },
    })
    expect(await rows()).toHaveLength(3)
  })

  it('warns that labels were missed when the labeler kept not all of them', async () => {
    const lines: string[] = []
    const info = frameOf({ op: 1, t: '#info' }, { name: 'OutdatedCursor', message: 'gone' })
    for (let copy = 0; copy < 50; copy++) labeler.publishRaw(info)
    await labeler.publishEach([{ uri: post(1) }])
    await syncOnce(places(), { lines })
    const said = lines.filter((line) => line.includes('appview.info'))
    expect(said).toEqual([expect.stringMatching(/"name":"OutdatedCursor".*missed/)])
    expect(await rows()).toHaveLength(1)
  })

  it.each([
    ['no-document', { id: 'did:web:somebody.else' }],
    ['no-endpoint', undefined],
    ['no-key', undefined],
  ])('tells of a labeler with %s, and of what it lacks', async (reason, document) => {
    const service = [{ id: '#atproto_labeler', type: 'AtprotoLabeler', serviceEndpoint: labeler.origin }]
    labeler.document = document ?? { id: labeler.did, ...(reason === 'no-key' ? { service } : {}) }
    const [report] = await syncOnce(places())
    expect(report?.end.reason).toBe(reason)
    expect(labeler.cursors).toEqual([])
  })

  it('takes many labels at once, more than may wait, in their order', async () => {
    const count = 2_500
    // The last of each subject wins; all have one time, so only their order tells.
    const labels: LexValue[] = []
    for (let number = 0; number < count / 50; number++)
      labels.push(await labeler.sign({ uri: post(number % 20), neg: number % 2 === 1 }))
    for (const label of labels) for (let copy = 0; copy < 50; copy++) labeler.publish(label)
    const [report] = await syncOnce(places())
    expect(report?.cursor).toBe(count)
    expect(Object.values(report?.outcomes ?? {}).reduce((sum, each) => sum + each)).toBe(count)
    const states = await database.query<{ uri: string; neg: boolean }>('SELECT uri, neg FROM bsky.label')
    expect(states).toHaveLength(20)
    for (const { uri, neg } of states) expect(neg).toBe(Number(uri.split('/').at(-1)) % 2 === 1)
  })

  it('writes nothing in a dry run, and says what it would have done', async () => {
    await labeler.publishEach([{ uri: post(1) }, { uri: post(2), neg: true }])
    const [report] = await syncOnce(places(), { isDryRun: true })
    expect(report).toMatchObject({ cursor: 2, outcomes: { stored: 1, negated: 1 } })
    expect(await rows()).toEqual([])
    expect(await database.query(`SELECT FROM pg_namespace WHERE nspname = 'harrier'`)).toEqual([])
  })

  it('ends, saying why, when another process follows the same labeler into the same database', async () => {
    await labeler.publishEach([{ uri: post(1) }])
    await using running = await startSync(places())
    await expect.poll(() => cursorOf(labeler)).toBe(1)
    await database.query('UPDATE harrier.label_cursor SET cursor = 7')
    await labeler.publishEach([{ uri: post(2) }])
    await expect(running.reports).rejects.toMatchObject({ name: 'CursorMovedError', kind: 'conflict' })
    expect(await rows()).toHaveLength(1)
  })

  it('waits for a database that goes away, and loses nothing', async () => {
    const lines: string[] = []
    await labeler.publishEach([{ uri: post(1) }])
    await using _running = await startSync(places(), { lines })
    await expect.poll(() => cursorOf(labeler)).toBe(1)
    await database.setReachable(false)
    await labeler.publishEach([{ uri: post(2) }, { uri: post(3) }])
    await expect.poll(() => lines.join('')).toContain('"reason":"database-away"')
    await database.setReachable(true)
    await expect.poll(() => cursorOf(labeler)).toBe(3)
    expect(await rows()).toHaveLength(3)
  })
})
