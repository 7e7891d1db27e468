import { execFile } from 'node:child_process'
import { join } from 'node:path'
import tls from 'node:tls'
import { P256Keypair } from '@atproto/crypto'
import { decodeAll, encode, type LexValue } from '@atproto/lex-cbor'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { generateSigningKey, type NewSigningKey } from '../src/atproto/signing-key.ts'
import { type DoctorDeps, type OwnLabeler, verdictOf } from '../src/identity/doctor.ts'
import { createSafeFetch } from '../src/lib/safe-fetch.ts'
import type { Did, SubjectUri } from '../src/model/ids.ts'
import type { Label } from '../src/model/label.ts'
import { signLabel } from '../src/publish/sign-labels.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import type { Account } from './support/accounts.ts'
import { doctorDepsOf, examine } from './support/doctor.ts'
import {
  type FaultyProxy,
  openFaultyProxy,
  type ProxyFaults,
  type UpgradeFault,
} from './support/faulty-proxy.ts'
import { decodeFrame, type ReceivedLabels, subscribeLabels } from './support/label-subscriber.ts'
import { openLoopbackServer } from './support/listen.ts'
import { type Network, openNetwork } from './support/network.ts'
import {
  createServiceFolder,
  openService,
  openServiceTools,
  type ServiceFolder,
  testLabel,
} from './support/service.ts'
import { tlsIdentity } from './support/tls-identity.ts'

const stack = new AsyncDisposableStack()
let network: Network
let labeler: Account
let alice: Account
let key: NewSigningKey
let folder: ServiceFolder
let app: App
/** Stands before the service, as the DID document says, and does nothing unless told. */
let proxy: FaultyProxy

beforeAll(async () => {
  network = stack.use(await openNetwork())
  labeler = await network.createAccount('labeler.test')
  alice = await network.createAccount('alice.test')
  key = await generateSigningKey()
  folder = stack.use(
    createServiceFolder(network, { HARRIER_LABELER_DID: labeler.did, HARRIER_SIGNING_KEY: key.exportHex() }),
  )
  app = stack.use(await openService(folder))
  proxy = stack.use(await openFaultyProxy(app.publicUrl))
  await declare()
  stack.use(await openSubscriber())
  await using tools = await openServiceTools(folder)
  await tools.publish({ uri: alice.did as Did, val: testLabel })
  await tools.publish({ uri: postOf('3k_under_score'), val: testLabel })
  await tools.publish({ uri: postOf('3kwithdrawn'), val: testLabel })
  await tools.publish({ uri: postOf('3kwithdrawn'), val: testLabel, neg: true })
})
afterAll(() => stack.disposeAsync())
beforeEach(() => {
  proxy.faults = {}
})

describe('a healthy labeler', () => {
  it('is ok in every check, for its operator and for anybody', async () => {
    for (const results of [await examine(undefined, ours()), await examine('labeler.test', anybodys())]) {
      const { subscribers: _, ...rest } = results
      expect(Object.values(rest).filter(({ status }) => status !== 'ok')).toEqual([])
      expect(Object.keys(rest).length).toBeGreaterThan(16)
      expect(verdictOf(Object.values(results))).toMatchObject({ isHealthy: true })
    }
  })

  it('is found by its DID, its handle, its profile and its address', async () => {
    const names = [labeler.did, 'labeler.test', '@labeler.test', `at://${labeler.did}`, proxy.url]
    for (const name of [...names, 'https://bsky.app/profile/labeler.test']) {
      const { subject, handle, endpoint } = await examine(name, anybodys(), 'endpoint')
      expect([subject?.status, subject?.says]).toEqual(['ok', expect.stringContaining(labeler.did)])
      expect([handle?.status, endpoint?.status]).toEqual(['ok', 'ok'])
    }
  })
})

describe('what is no labeler', () => {
  it('is told from one: an account without a key, an endpoint and a record', async () => {
    const results = await examine(alice.did, anybodys())
    for (const check of ['label-key', 'endpoint', 'record']) {
      expect(results[check]).toMatchObject({ status: 'fail', fix: expect.any(String) })
    }
    for (const check of ['https', 'websocket', 'replay', 'signatures', 'query']) {
      expect(results[check]).toMatchObject({ status: 'unknown', says: expect.stringContaining('not run') })
    }
    expect(results['websocket']?.says).toContain('endpoint')
    expect(verdictOf(Object.values(results))).toEqual({
      isHealthy: false,
      says: expect.stringMatching(/^3 failures .* begin with label-key$/),
    })
  })

  it('is not looked for where nothing can be: names, DIDs and addresses that lead nowhere', async () => {
    const nowhere = [
      'nobody.test',
      'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa',
      'did:web:127.0.0.1',
      'not a name',
      network.pdsUrl,
    ]
    for (const name of nowhere) {
      const results = Object.values(await examine(name, anybodys()))
      const [first] = results.filter(({ status }) => status === 'fail')
      expect(['subject', 'did-document']).toContain(first?.check)
      expect(first).toMatchObject({ fix: expect.any(String) })
    }
  })

  it('is told to set its DID when it is this installation', async () => {
    const { subject } = await examine(undefined, { ...anybodys(), own: undefined })
    expect(subject).toMatchObject({ status: 'fail', fix: expect.stringContaining('HARRIER_LABELER_DID') })
  })
})

describe('a fault in the DID document', () => {
  afterAll(() => declare())

  it('is found when it declares another key: its operator learns which, anybody that labels do not verify', async () => {
    const other = await generateSigningKey()
    await declare({ labelKeyDidKey: other.did() })
    const mine = await examine(undefined, ours())
    expect(mine['label-key']).toMatchObject({
      status: 'fail',
      says: expect.stringContaining(other.did()),
      fix: expect.stringContaining(key.did()),
    })
    for (const { signatures } of [mine, await examine(labeler.did, anybodys())]) {
      expect(signatures).toMatchObject({
        status: 'fail',
        says: expect.stringMatching(/^4 of 4 labels .*not of this key/),
      })
      expect(signatures?.fix).toContain('#atproto_label')
    }
  })

  it('takes a P-256 key for a key, and finds that K-256 signatures are not its', async () => {
    const p256 = await P256Keypair.create()
    await declare({ labelKeyDidKey: p256.did() })
    const results = await examine(labeler.did, anybodys())
    expect(results['label-key']).toMatchObject({ status: 'ok', says: expect.stringContaining('P-256') })
    expect(results['signatures']).toMatchObject({ status: 'fail', says: expect.stringContaining('4 of 4') })
    expect((await examine(undefined, ours(), 'label-key'))['label-key']).toMatchObject({ status: 'fail' })
  })

  it.each([
    ['a path', () => `${proxy.url}/labels`, /has a path/, /serve \/xrpc\/ there/],
    ['plain http', () => 'http://labeler.example.com', /plain http/, /proxy with TLS/],
    ['a private address', () => 'https://10.1.2.3', /without a name/, /host name/],
    ['a slash at its end', () => `${proxy.url}/`, /slash/, /Write it as http/],
  ])('is found when the endpoint has %s', async (_name, endpointOf, says, fix) => {
    await declare({ endpoint: endpointOf() })
    const { endpoint, https } = await examine(labeler.did, anybodys(), 'https')
    expect(endpoint).toMatchObject({ says: expect.stringMatching(says), fix: expect.stringMatching(fix) })
    expect(endpoint?.status).not.toBe('ok')
    // Nobody is sent to a private address by a document of others, and what was not found is not asked.
    if (endpoint?.says.includes('slash')) expect(https?.status).toBe('ok')
    else expect(https?.status).not.toBe('ok')
  })

  it('is found when the endpoint is private: it is refused, and the fix names the setting', async () => {
    await declare()
    const { endpoint } = await examine(labeler.did, doctorDepsOf(network), 'endpoint')
    expect(endpoint).toMatchObject({ status: 'fail', says: expect.stringContaining('plain http') })
    await declare({ endpoint: 'https://localhost:8443' })
    const { https } = await examine(labeler.did, doctorDepsOf(network), 'https')
    expect(https).toMatchObject({
      status: 'fail',
      fix: expect.stringContaining('HARRIER_ALLOW_PRIVATE_ORIGINS'),
    })
  })
})

describe('a proxy that loses WebSockets', () => {
  it.each<[name: string, upgrade: UpgradeFault, says: RegExp]>([
    [
      'drops the Upgrade header, so that Harrier answers 426',
      'drop-headers',
      /lost in a proxy: it was answered 426/,
    ],
    ['answers 200 itself', 200, /lost in a proxy: it was answered 200/],
    ['answers 400 itself', 400, /lost in a proxy: it was answered 400/],
    ['answers 404 itself', 404, /lost in a proxy: it was answered 404/],
    ['redirects', 301, /redirected \(301\)/],
    ['asks for a login', 403, /refuses the WebSocket \(403\)/],
    ['cuts the connection', 'cut', /broken by a proxy/],
    ['accepts the upgrade and carries nothing', 'carry-nothing', /nothing comes through/],
  ])('is named when it %s', async (_name, upgrade, says) => {
    proxy.faults = { upgrade }
    // Only the proxy that carries nothing is waited for.
    const limits = { ...anybodys().limits, timeoutMs: upgrade === 'carry-nothing' ? 500 : 5_000 }
    const { https, websocket, replay } = await examine(labeler.did, { ...anybodys(), limits }, 'replay')
    expect(https).toMatchObject({ status: 'ok' })
    expect(websocket).toMatchObject({
      status: 'fail',
      says: expect.stringMatching(says),
      fix: expect.any(String),
    })
    expect(replay).toMatchObject({ status: 'unknown', says: expect.stringContaining('websocket') })
  })

  it('is told from one that has lost the service, and from one that asks people to prove who they are', async () => {
    for (const [status, says] of [
      [502, /answers 502/],
      [403, /bot protection/],
    ] as const) {
      proxy.faults = { status }
      const { https, websocket } = await examine(labeler.did, anybodys(), 'websocket')
      expect(https).toMatchObject({
        status: 'fail',
        says: expect.stringMatching(says),
        fix: expect.any(String),
      })
      expect(websocket).toMatchObject({ status: 'unknown' })
    }
  })

  it('is told from a service that does not run', async () => {
    const { service } = await examine(
      undefined,
      ours({ localUrl: network.plcUrl.replace(/\d+$/, '1') }),
      'service',
    )
    expect(service).toMatchObject({ status: 'fail', fix: expect.stringContaining('npm start') })
  })
})

describe('who subscribes', () => {
  const times = { startedAt: '2026-01-02T03:04:05.678Z', labels: 4, position: 3 }
  const one = { ...times, id: 'a', userAgent: 'appview/1.0', address: 'public', cursor: 2 }
  const doctor = { ...one, userAgent: 'harrier/0.1.0 (doctor)' }
  const past = { ...one, endedAt: '2026-01-02T04:00:00.000Z', end: 'too-slow' }

  /** Returns what the check says of an operator listener that answers so. */
  async function subscribersAt(body: unknown, status = 200) {
    using operator = await openLoopbackServer((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
    return (await examine(undefined, ours({ operatorUrl: operator.origin })))['subscribers']
  }

  it('is told with user agent, address class, cursor and lag, the doctor itself left out', async () => {
    const now = [
      { ...one, lag: 1, waitingBytes: 0 },
      { ...doctor, lag: 0 },
    ]
    expect(await subscribersAt({ lastSeq: 4, now, history: [one, past] })).toMatchObject({
      status: 'ok',
      says: '1 now: appview/1.0, public (cursor 2, 1 label behind, since 2026-01-02T03:04:05.678Z); before: appview/1.0, public from 2026-01-02T03:04:05.678Z to 2026-01-02T04:00:00.000Z (too-slow)',
    })
  })

  it('is warned of when it is nobody', async () => {
    expect(await subscribersAt({ lastSeq: 4, now: [{ ...doctor, lag: 0 }], history: [past] })).toMatchObject({
      status: 'warn',
      says: expect.stringMatching(/^nobody is subscribed.*before: appview/),
      fix: expect.any(String),
    })
    expect(await subscribersAt({ lastSeq: 4, now: [], history: [] })).toMatchObject({
      status: 'warn',
      says: expect.stringContaining('nobody did before'),
    })
  })

  it('is not known, with the reason, where nobody tells', async () => {
    for (const [body, status] of [
      [{ error: 'NotFound' }, 404],
      [{ now: 1 }, 200],
      [null, 200],
    ] as const)
      expect(await subscribersAt(body, status)).toMatchObject({
        status: 'unknown',
        says: expect.stringContaining(`does not tell (${status})`),
      })
    const { subscribers } = await examine(labeler.did, anybodys())
    expect(subscribers).toMatchObject({
      status: 'unknown',
      says: expect.stringContaining('its own operator'),
    })
  })
})

describe('TLS', () => {
  it('is looked at for https and for wss: a certificate that nobody trusts, and an upgrade that is lost', async () => {
    await using secure = await openFaultyProxy(app.publicUrl, tlsIdentity)
    const trusted = tls.getCACertificates('default')
    await using _restored = { [Symbol.asyncDispose]: () => restore(trusted) }
    await declare({ endpoint: secure.url })
    const deps = doctorDepsOf(network, { origins: [secure.url] })
    const { https } = await examine(labeler.did, deps, 'https')
    expect(https).toMatchObject({
      status: 'fail',
      says: `${secure.url} cannot be reached: its TLS certificate is self-signed`,
      fix: expect.stringContaining('public authority'),
    })

    tls.setDefaultCACertificates([...trusted, tlsIdentity.cert])
    const good = await examine(labeler.did, deps, 'signatures')
    expect(Object.values(good).filter(({ status }) => status !== 'ok')).toEqual([])
    expect(good['websocket']?.says).toMatch(/^wss:/)

    secure.faults = { upgrade: 'drop-headers' }
    const { https: stillGood, websocket } = await examine(labeler.did, deps, 'websocket')
    expect(stillGood).toMatchObject({ status: 'ok' })
    expect(websocket).toMatchObject({
      status: 'fail',
      says: expect.stringMatching(/wss:.* is lost in a proxy/),
    })
  })

  async function restore(trusted: readonly string[]): Promise<void> {
    tls.setDefaultCACertificates(trusted)
    await declare()
  }
})

describe('a hostile labeler', () => {
  it('cannot keep the doctor for ever: an endless stream, a message too long, an answer too long', async () => {
    let sent = 0
    proxy.faults = { frames: (bytes) => ((sent += 2_000), Array.from({ length: 2_000 }, () => bytes)) }
    const { replay } = await examine(labeler.did, anybodys(), 'replay')
    expect(replay).toMatchObject({ status: 'fail', says: expect.stringContaining('seq stays at 1') })
    expect(sent).toBeGreaterThan(0)
    proxy.faults = { frames: () => [Buffer.alloc(4_000_001)] }
    expect((await examine(labeler.did, anybodys(), 'replay'))['replay']).toMatchObject({ status: 'fail' })
    proxy.faults = { query: ({ labels }) => ({ labels, cursor: 'x'.repeat(2_000_000) }) }
    expect((await examine(labeler.did, anybodys(), 'query'))['query']).toMatchObject({
      status: 'fail',
      says: expect.stringContaining('more than is read of it'),
    })
  })

  it('cannot confuse it by JSON of another shape', async () => {
    for (const answer of [
      null,
      [],
      'text',
      { labels: null },
      { labels: [null] },
      { labels: [], cursor: 1 },
    ]) {
      proxy.faults = { query: () => answer as never }
      expect((await examine(labeler.did, anybodys(), 'query'))['query']).toMatchObject({ status: 'fail' })
    }
  })

  it('cannot make it ask what is private: our operator listener named as an endpoint is not asked', async () => {
    await declare({ endpoint: app.operatorUrl })
    const { endpoint, https } = await examine(undefined, ours(), 'https')
    await declare()
    expect(endpoint).toMatchObject({ status: 'fail', says: expect.stringContaining('plain http') })
    expect(https).toMatchObject({ status: 'unknown' })
  })
})

describe('harrier doctor', () => {
  it('prints a line for each check, a fix for each failure, and the verdict, with its exit code', async () => {
    const ended = await harrier('doctor', alice.did)
    const lines = ended.out.trimEnd().split('\n')
    expect([ended.code, ended.err]).toEqual([1, ''])
    expect(lines).toContainEqual(
      expect.stringMatching(/^fail +label-key +the DID document has no #atproto_label/),
    )
    expect(lines).toContainEqual(expect.stringMatching(/^ +-> Add the label key/))
    expect(lines).toContainEqual(expect.stringMatching(/^unknown +websocket +not run/))
    expect(lines.at(-1)).toMatch(/^3 failures .* begin with label-key$/)
  })

  it('finds nothing at the labeler of its own settings, as JSON', async () => {
    const ended = await harrier('doctor', '--json')
    const results = ended.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(results.filter(({ status }) => status === 'fail' || status === 'warn')).toEqual([])
    expect([ended.code, ended.err]).toEqual([0, ''])
    expect(results.at(-1)).toEqual({ isHealthy: true, says: expect.any(String) })
    expect(results[0]).toEqual({
      check: 'subject',
      status: 'ok',
      says: expect.stringContaining(labeler.did),
      ms: expect.any(Number),
    })
  })

  /** Runs the command on the service's settings, as its operator does. */
  function harrier(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    const program = join(import.meta.dirname, '../scripts/harrier.ts')
    const env = {
      ...folder.env,
      HARRIER_PUBLIC_PORT: new URL(app.publicUrl).port,
      HARRIER_OPERATOR_PORT: new URL(app.operatorUrl).port,
      HARRIER_ALLOW_PRIVATE_ORIGINS: `${folder.env['HARRIER_ALLOW_PRIVATE_ORIGINS']},${proxy.url}`,
    }
    return new Promise((resolve) => {
      execFile(process.execPath, [program, ...argv], { cwd: folder.path, env }, (error, out, err) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err })
      })
    })
  }
})

describe('a fault in the record', () => {
  afterAll(() => declare())

  it('is found when it is missing, and when it lies under another key', async () => {
    const { agent } = labeler
    await agent.com.atproto.repo.deleteRecord({ repo: labeler.did, collection, rkey: 'self' })
    const { record, 'declared-values': values } = await examine(labeler.did, anybodys(), 'declared-values')
    expect(record).toMatchObject({
      status: 'fail',
      says: expect.stringContaining('no record'),
      fix: expect.stringContaining('rkey self'),
    })
    expect(values).toMatchObject({ status: 'unknown', says: expect.stringContaining('record') })
  })

  it('is found when it does not declare what is published, or what the policy may publish', async () => {
    await declare({ labelValues: ['another'] })
    const mine = await examine(undefined, ours(), 'published-values')
    expect(mine['declared-values']).toMatchObject({
      status: 'fail',
      says: expect.stringContaining(`may publish ${testLabel}`),
    })
    expect(mine['published-values']).toMatchObject({
      status: 'fail',
      says: expect.stringMatching(/^2 labels with the value known-image, which the record does not declare/),
      fix: expect.stringContaining('definition'),
    })
  })

  it.each([
    ['!takedown', 'fail', /reserved for the network/],
    ['!hide', 'warn', /reserved value/],
    ['Bad Name!', 'fail', /not of a-z and -/],
    ['-edgy', 'warn', /hyphen/],
  ])('is found when it declares %s', async (val, status, says) => {
    await declare({ labelValues: [testLabel, val] })
    const { 'declared-values': values } = await examine(labeler.did, anybodys(), 'declared-values')
    expect(values).toMatchObject({
      status,
      says: expect.stringMatching(says),
      fix: expect.stringContaining(val),
    })
  })

  it('is found when a value has no definition, a definition no value, or one that clients drop', async () => {
    const definition = { identifier: testLabel, severity: 'alert', blurs: 'media', locales: [] }
    const cases: [policies: object, status: string, says: RegExp][] = [
      [{ labelValues: [testLabel] }, 'fail', /without a definition/],
      [
        { labelValues: [testLabel, 'porn'], labelValueDefinitions: [{ ...definition, locales: english }] },
        'ok',
        /legal/,
      ],
      [
        { labelValues: [], labelValueDefinitions: [{ ...definition, locales: english }] },
        'fail',
        /declares no values/,
      ],
      [{ labelValues: [testLabel], labelValueDefinitions: [definition] }, 'warn', /no locale/],
      [
        { labelValues: [testLabel], labelValueDefinitions: [{ ...definition, blurs: undefined }] },
        'fail',
        /its blurs/,
      ],
    ]
    for (const [policies, status, says] of cases) {
      await putPolicies(policies)
      const { 'declared-values': values } = await examine(labeler.did, anybodys(), 'declared-values')
      expect(values).toMatchObject({ status, says: expect.stringMatching(says) })
    }
  })
})

describe('a fault in the stream', () => {
  const inFrames = (change: (body: ReceivedLabels) => object): ProxyFaults => ({
    frames: (bytes) => [encodeAs(bytes, change)],
  })

  it('is found when a signature is broken: one label of all', async () => {
    proxy.faults = inFrames((body) => withSig(body, (sig, seq) => (seq === 2 ? flip(sig) : sig)))
    const { signatures, replay } = await examine(labeler.did, anybodys(), 'signatures')
    expect(replay).toMatchObject({ status: 'ok' })
    expect(signatures).toMatchObject({
      status: 'fail',
      says: expect.stringMatching(/^1 of 4 labels \(such as seq 2\)/),
    })
  })

  it('is found when signatures are malleable', async () => {
    proxy.faults = inFrames((body) => withSig(body, highS))
    const { signatures } = await examine(labeler.did, anybodys(), 'signatures')
    expect(signatures).toMatchObject({
      status: 'fail',
      says: expect.stringContaining('upper half'),
      fix: expect.stringContaining('low-S'),
    })
  })

  it('is found when neg: false is added on the way: signed without it', async () => {
    proxy.faults = inFrames((body) => ({
      ...body,
      labels: body.labels.map((label) => ({ neg: false, ...label })),
    }))
    const { signatures } = await examine(labeler.did, anybodys(), 'signatures')
    expect(signatures).toMatchObject({
      status: 'fail',
      says: expect.stringMatching(/^3 of 4 .*covers no neg, and the label was sent with neg: false/),
    })
  })

  it('is found when seq goes back', async () => {
    proxy.faults = inFrames((body) => ({ ...body, seq: body.seq === 3 ? 1 : body.seq }))
    const { replay } = await examine(labeler.did, anybodys(), 'replay')
    expect(replay).toMatchObject({
      status: 'fail',
      says: expect.stringContaining('goes back from 2 to 1'),
      fix: expect.stringContaining('counter'),
    })
  })

  it('is found when the replay does not begin at the beginning, while queryLabels has labels', async () => {
    proxy.faults = { frames: () => [] }
    const { replay, query } = await examine(labeler.did, anybodys(), 'query')
    expect(replay).toMatchObject({ status: 'ok', says: 'there are no labels yet' })
    expect(query).toMatchObject({ status: 'fail', says: expect.stringContaining('the stream replays none') })
  })

  it('is found when frames are malformed', async () => {
    proxy.faults = { frames: (bytes) => [bytes.subarray(0, bytes.length - 1)] }
    const { replay } = await examine(labeler.did, anybodys(), 'replay')
    expect(replay).toMatchObject({ status: 'fail', says: expect.stringContaining('not DAG-CBOR') })
  })

  it('is found when a cursor sends what lies before it', async () => {
    const held: Buffer[] = []
    proxy.faults = {
      frames(bytes, cursor) {
        if (cursor === '0') held.push(bytes)
        return cursor === '1' ? held.slice(0, 1) : [bytes]
      },
    }
    const { seq } = await examine(labeler.did, anybodys(), 'seq')
    expect(seq).toMatchObject({
      status: 'warn',
      says: expect.stringContaining('which the subscriber has already'),
    })
  })

  it.each<[string, ProxyFaults['frames'], RegExp]>([
    ['is not sent', () => [], /without the error frame/],
    ['has a t', (bytes) => [withHeader(bytes, { op: -1, t: '#error' })], /malformed/],
    [
      'has another name',
      () => [Buffer.concat([encode({ op: -1 }), encode({ error: 'Nope' })])],
      /gives the error Nope/,
    ],
  ])('is found when the error frame %s', async (_name, frames, says) => {
    proxy.faults = {
      frames: (bytes, cursor) =>
        cursor !== null && Number(cursor) > 1e9 && frames ? frames(bytes, cursor) : [bytes],
    }
    const result = (await examine(labeler.did, anybodys(), 'future-cursor'))['future-cursor']
    expect(result).toMatchObject({
      status: 'warn',
      says: expect.stringMatching(says),
      fix: expect.stringContaining('FutureCursor'),
    })
  })
})

describe('a clock that is off', () => {
  it.each([5, -5])('is found in the Date header: %i hours', async (hours) => {
    proxy.faults = { clockMs: hours * 3_600_000 }
    const { clock } = await examine(labeler.did, anybodys(), 'clock')
    expect(clock).toMatchObject({
      status: 'fail',
      says: expect.stringMatching(hours > 0 ? /Date header\) is 5 h ahead/ : /Date header\) is 5 h behind/),
      fix: expect.stringContaining('NTP'),
    })
  })

  it("is found when it is this machine's own, told by the directory's", async () => {
    const now = () => new Date(Date.now() - 2 * 3_600_000)
    const { clock } = await examine(undefined, { ...ours(), now }, 'clock')
    expect(clock).toMatchObject({
      status: 'fail',
      says: expect.stringContaining("this machine's own clock is 2 h behind"),
    })
    expect(clock?.says).not.toContain('Date header')
  })
})

describe('a queryLabels that disagrees with the stream', () => {
  it.each<[string, NonNullable<ProxyFaults['query']>, RegExp]>([
    [
      'leaves a label out',
      ({ labels }) => ({ labels: labels.filter(({ uri }) => !String(uri).includes('_')) }),
      /leaves out 1 label of the stream, such as seq 2 \(a subject with _/,
    ],
    [
      'shows what was withdrawn',
      ({ labels }) => ({ labels: [...labels, withdrawn()] }),
      /1 label withdrawn on the stream/,
    ],
    [
      'shows negations',
      ({ labels }) => ({ labels: [...labels, { ...withdrawn(), neg: true }] }),
      /1 label with neg: true/,
    ],
    [
      'shows what has expired',
      ({ labels }) => ({ labels: labels.map((label) => ({ ...label, exp: '2025-01-01T00:00:00Z' })) }),
      /past its exp/,
    ],
    [
      'shows what was never streamed',
      ({ labels }) => ({ labels: [...labels, { ...withdrawn(), val: 'other' }] }),
      /1 label unknown to the stream/,
    ],
    ['answers something else', () => ({ labels: [{ src: 1 }] }), /something else than labels/],
  ])('is found when it %s', async (_name, query, says) => {
    proxy.faults = { query }
    const result = (await examine(labeler.did, anybodys(), 'query'))['query']
    expect(result).toMatchObject({
      status: 'fail',
      says: expect.stringMatching(says),
      fix: expect.any(String),
    })
  })

  it('is found when its pages do not follow one another, or never end', async () => {
    proxy.faults = { query: ({ labels }) => ({ labels, cursor: '0' }) }
    const result = (await examine(labeler.did, anybodys(), 'query-paging'))['query-paging']
    expect(result).toMatchObject({
      status: 'warn',
      says: expect.stringContaining('a reader that follows it never ends'),
    })
    proxy.faults = {
      query: ({ labels, cursor }, url) =>
        url.searchParams.has('cursor')
          ? { labels }
          : { labels: labels.slice(0, 1), ...(cursor ? { cursor: '1' } : {}) },
    }
    const skipping = (await examine(labeler.did, anybodys(), 'query-paging'))['query-paging']
    expect(skipping).toMatchObject({ status: 'warn', says: expect.stringContaining('two pages') })
  })
})

describe('labels of a service whose clock is hours ahead, and many of them', () => {
  it('are found from their cts, and the newest of thousands are found without reading them all', async () => {
    const account = await network.createAccount('future.test')
    using own = createServiceFolder(network, {
      HARRIER_LABELER_DID: account.did,
      HARRIER_SIGNING_KEY: key.exportHex(),
    })
    await using service = await openService(own)
    const endpoint = service.publicUrl.replace('127.0.0.1', 'localhost')
    await network.declareLabeler(account, { labelKeyDidKey: key.did(), endpoint })
    const soon = new Date(Date.now() + 3 * 3_600_000)
    const total = 1_200
    await using database = await openSqlite({ path: `${own.path}/harrier.db` })
    const labels = await Promise.all(
      Array.from({ length: total }, (_, i) =>
        signLabel(key, {
          src: account.did as Did,
          uri: postOf(`3k${i}`),
          val: testLabel,
          cts: new Date(i === total - 1 ? soon : Date.now() - 3_600_000 * (total - i)).toISOString(),
        } satisfies Label),
      ),
    )
    await database.transaction((stores) => stores.labels.append(labels))
    const deps = doctorDepsOf(network, {
      origins: [endpoint],
      limits: { timeoutMs: 5_000, quietMs: 60, maxLabels: 300 },
    })
    const results = await examine(account.did, deps)
    expect(results['replay']).toMatchObject({ status: 'ok', says: expect.stringContaining('the first 300') })
    expect(results['seq']).toMatchObject({
      status: 'ok',
      says: expect.stringContaining(`rises from 1 to ${total}`),
    })
    expect(results['signatures']).toMatchObject({
      status: 'ok',
      says: expect.stringMatching(/^1\d\d labels verified/),
    })
    expect(results['query']).toMatchObject({ status: 'ok' })
    expect(results['clock']).toMatchObject({
      status: 'fail',
      says: expect.stringMatching(/^1 label from the future \(seq 1200 is 3 h ahead\)/),
    })
  })
})

/** Somebody who reads the stream, as a healthy labeler has it. */
async function openSubscriber(): Promise<AsyncDisposable> {
  const gone = new AbortController()
  const opened = Promise.withResolvers<void>()
  const options = { signal: gone.signal, onOpen: () => opened.resolve() }
  const reading = Array.fromAsync(subscribeLabels(app.publicUrl, options))
  await Promise.race([opened.promise, reading])
  return {
    async [Symbol.asyncDispose]() {
      gone.abort()
      await reading
    },
  }
}

const collection = 'app.bsky.labeler.service'
const english = [{ lang: 'en', name: 'Known', description: 'A known image' }]

function postOf(rkey: string): SubjectUri {
  return `at://${alice.did}/app.bsky.feed.post/${rkey}` as SubjectUri
}

/** Writes the DID document and the record as they should be, apart from what is given. */
function declare(more: { labelKeyDidKey?: string; endpoint?: string; labelValues?: readonly string[] } = {}) {
  return network.declareLabeler(labeler, { labelKeyDidKey: key.did(), endpoint: proxy.url, ...more })
}

async function putPolicies(policies: object): Promise<void> {
  const record = { $type: collection, createdAt: new Date().toISOString(), policies }
  await labeler.agent.com.atproto.repo.putRecord({
    repo: labeler.did,
    collection,
    rkey: 'self',
    record,
    validate: false,
  })
}

function anybodys(): DoctorDeps {
  return doctorDepsOf(network, { origins: [proxy.url] })
}

/** With what only the operator knows. */
function ours(more: Partial<OwnLabeler> = {}): DoctorDeps {
  const own = {
    did: labeler.did as Did,
    signingKey: key.did(),
    labelVals: [testLabel],
    localUrl: app.publicUrl,
    operatorUrl: app.operatorUrl,
    ...more,
  }
  const allowedPrivateOrigins = [own.localUrl, own.operatorUrl]
  const fetch = createSafeFetch({
    timeoutMs: 5_000,
    maxRedirects: 0,
    allowedPrivateOrigins,
    userAgent: 'harrier-test',
  })
  return { ...anybodys(), own: { ...own, fetch } }
}

/** The label that was withdrawn, as it was before. */
function withdrawn(): Record<string, unknown> {
  return {
    ver: 1,
    src: labeler.did,
    uri: postOf('3kwithdrawn'),
    val: testLabel,
    cts: '2025-01-01T00:00:00.000Z',
  }
}

/** Another body under the same header; frames that are no labels stay as they are. */
function encodeAs(bytes: Buffer, change: (body: ReceivedLabels) => object): Uint8Array {
  const frame = decodeFrame(bytes)
  if (frame.kind !== 'labels') return bytes
  return Buffer.concat([encode({ op: 1, t: '#labels' }), encode(change(frame.body) as LexValue)])
}

function withHeader(bytes: Buffer, header: LexValue): Uint8Array {
  const [, body] = [...decodeAll(bytes)]
  return Buffer.concat([encode(header), encode(body ?? null)])
}

function withSig(body: ReceivedLabels, change: (sig: Uint8Array, seq: number) => Uint8Array): object {
  const labels = body.labels.map((label) => ({ ...label, sig: change(label.sig, body.seq) }))
  return { ...body, labels }
}

function flip(sig: Uint8Array): Uint8Array {
  return sig.map((byte, i) => (i === 5 ? byte ^ 1 : byte))
}

/** The other signature that the same key, message and r have (K-256). */
function highS(sig: Uint8Array): Uint8Array {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const s = order - BigInt(`0x${Buffer.from(sig.subarray(32)).toString('hex')}`)
  return Buffer.concat([sig.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')])
}
