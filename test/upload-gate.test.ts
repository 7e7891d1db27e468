import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AtpAgent } from '@atproto/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../src/config/config.ts'
import type { Env } from '../src/config/env.ts'
import { type GateProcess, openGateProcess } from '../src/gate-process.ts'
import { createLogger } from '../src/lib/logger.ts'
import { shareOf } from '../src/lib/share.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import type { Account } from './support/accounts.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { subscribeLabels } from './support/label-subscriber.ts'
import { type Network, openNetwork } from './support/network.ts'
import {
  bankPicture,
  createServiceFolder,
  openService,
  openServiceTools,
  type ServiceFolder,
} from './support/service.ts'

const policy = `labels: [known-image]
banks:
  known:
    - distance: 31
      effects: [block, label: known-image]
`

const stack = new AsyncDisposableStack()
let network: Network
let folder: ServiceFolder
let gate: GateProcess
let alice: Account
const lines: string[] = []
let known: Buffer
let clean: Buffer

/** Opens `harrier gate` before the network's PDS, on the folder's data. */
async function openTestGate(more: Env = {}): Promise<GateProcess> {
  const { config, secrets } = parseConfig({ ...folder.env, ...more })
  const logger = createLogger('debug', { write: (line) => void lines.push(line) })
  return await openGateProcess(config, secrets, { logger })
}

/** An agent that is logged in, and asks the gate for everything. */
async function agentAt(url: string, { handle, password }: Account): Promise<AtpAgent> {
  const agent = new AtpAgent({ service: url })
  await agent.login({ identifier: handle, password })
  // A client finds its host in its DID document; in production the gate stands at that address.
  agent.sessionManager.pdsUrl = new URL(url)
  return agent
}

/** Publishes a record that shows a blob, straight to the PDS: it takes only blobs that it has. */
async function showBlob({ agent }: Account, image: unknown): Promise<string> {
  const { uri } = await agent.post({
    text: 'shown',
    createdAt: new Date().toISOString(),
    embed: { $type: 'app.bsky.embed.images', images: [{ image: image as never, alt: '' }] },
  })
  return uri
}

beforeAll(async () => {
  network = stack.use(await openNetwork())
  folder = stack.use(
    createServiceFolder(network, {
      HARRIER_GATE_PDS: network.pdsUrl,
      HARRIER_GATE_PORT: '0',
      HARRIER_GATE_METRICS_PORT: '0',
      HARRIER_GATE_HASH_PROCESSES: '1',
    }),
  )
  writeFileSync(join(folder.path, 'policy.yaml'), policy)
  known = await recompress(await drawLandscape(1), 95)
  clean = await recompress(await drawLandscape(2), 95)
  await bankPicture(folder, known)
  alice = await network.createAccount('alice.test')
  gate = stack.use(await openTestGate())
})
afterAll(() => stack.disposeAsync())

describe('harrier gate before a real PDS', () => {
  it('passes a picture that is not banked, byte for byte', async () => {
    const through = await (await agentAt(gate.url, alice)).uploadBlob(clean, { encoding: 'image/jpeg' })
    const straight = await alice.agent.uploadBlob(clean, { encoding: 'image/jpeg' })
    expect(through.data.blob.ref.toString()).toBe(straight.data.blob.ref.toString())
    expect(through.data.blob).toMatchObject({ mimeType: 'image/jpeg', size: clean.length })
    await showBlob(alice, through.data.blob)
    const cid = through.data.blob.ref.toString()
    const stored = await alice.agent.com.atproto.sync.getBlob({ did: alice.did, cid })
    expect(Buffer.from(stored.data).equals(clean)).toBe(true)
  })

  it('refuses a banked picture and a recompressed copy, and the PDS has no such blob', async () => {
    const agent = await agentAt(gate.url, alice)
    const copy = await recompress(known, 60)
    for (const picture of [known, copy]) {
      await expect(agent.uploadBlob(picture, { encoding: 'image/jpeg' })).rejects.toMatchObject({
        status: 400,
        error: 'ContentPolicyViolation',
      })
    }
    const straight = await network.createAccount('straight.test')
    const { blob } = (await straight.agent.uploadBlob(copy, { encoding: 'image/jpeg' })).data
    await expect(showBlob(alice, blob)).rejects.toMatchObject({ error: 'BlobNotFound' })
    // The same record is taken from an account that has the blob: it was refused for the want of it.
    await expect(showBlob(straight, blob)).resolves.toContain(straight.did)
  })

  it('lets a picture pass that is not in the share of its bank, as the stream does', async () => {
    const copy = await recompress(known, 70)
    const agent = await agentAt(gate.url, alice)
    const upload = () => agent.uploadBlob(copy, { encoding: 'image/jpeg' })
    await using database = await openSqlite({ path: join(folder.path, 'harrier.db') })
    const setRatio = (enabledRatio: number) =>
      database.transaction(async ({ banks, curation }) => {
        await curation.updateBank((await banks.find('known'))?.id as number, { enabledRatio })
      })
    const share = shareOf(createHash('sha256').update(copy).digest('hex'))
    try {
      await setRatio(share - 1e-9)
      await expect
        .poll(() =>
          upload().then(
            ({ success }) => success,
            () => false,
          ),
        )
        .toBe(true)
      await setRatio(share)
      const refused = { error: 'ContentPolicyViolation' }
      await expect.poll(() => upload().catch((error: unknown) => error)).toMatchObject(refused)
    } finally {
      await setRatio(1)
    }
  })

  it('leaves an audit row and a line for a refusal, which say nothing of what they must not', async () => {
    const copy = await recompress(known, 50)
    const agent = await agentAt(gate.url, alice)
    const written = lines.length
    const error = await agent.uploadBlob(copy, { encoding: 'image/jpeg' }).then(
      () => undefined,
      (error: Error) => error,
    )
    expect(error?.message).not.toMatch(/bank|known|list|match/i)
    const refused = lines.slice(written).map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(refused).toEqual([
      {
        level: 30,
        time: expect.any(String),
        msg: 'upload.refused',
        outcome: 'refused',
        reason: null,
        size: copy.length,
        verdictMs: expect.any(Number),
      },
    ])
    const { cid } = await cidAtPds(copy)
    await using database = await openSqlite({ path: join(folder.path, 'harrier.db') })
    const [row] = await database.audit.list(cid, 10)
    expect(row).toMatchObject({
      actor: 'harrier',
      action: 'upload.refused',
      details: { bank: 'known', hashType: 'pdq', claimedBy: alice.did, size: copy.length },
    })
    const metrics = await (await fetch(gate.metricsUrl)).text()
    expect(Number(/gate_uploads_total\{outcome="refused"\} (\d+)/.exec(metrics)?.[1])).toBeGreaterThan(2)
  })

  it('passes what is no picture, and refuses it once its digest is banked', async () => {
    const agent = await agentAt(gate.url, alice)
    const captions = Buffer.from(`WEBVTT\n\n${'00:00.000 --> 00:01.000\nhello\n'.repeat(9000)}`)
    const passed = await agent.uploadBlob(captions, { encoding: 'text/vtt' })
    expect(passed.data.blob.size).toBe(captions.length)
    await using tools = await openServiceTools(folder)
    const bank = await tools.banks.find('known')
    if (!bank) throw new Error('Expected the bank')
    const { value } = await cidAtPds(captions)
    await tools.banks.add(bank, [{ type: 'sha256', value, quality: 100 }], 'test')
    await expect
      .poll(() =>
        agent.uploadBlob(captions, { encoding: 'text/vtt' }).then(
          () => 'passed',
          (error: { error: string }) => error.error,
        ),
      )
      .toBe('ContentPolicyViolation')
  })

  it('takes up that content was removed from a bank', async () => {
    const agent = await agentAt(gate.url, alice)
    const picture = await recompress(await drawLandscape(5), 90)
    await bankPicture(folder, picture)
    const upload = () =>
      agent.uploadBlob(picture, { encoding: 'image/jpeg' }).then(
        () => 'passed',
        (error: { error: string }) => error.error,
      )
    await expect.poll(upload).toBe('ContentPolicyViolation')
    await using tools = await openServiceTools(folder)
    await using database = await openSqlite({ path: join(folder.path, 'harrier.db') })
    const bank = await tools.banks.find('known')
    if (!bank) throw new Error('Expected the bank')
    const last = (await tools.banks.contents(bank, 0, 100)).at(-1)
    expect(await tools.banks.removeContent(bank, last?.id ?? 0)).toBe(true)
    // As the service does, which may be sooner than the gate looks.
    await database.bankChanges.forgetRemovals(1_000_000)
    await expect.poll(upload).toBe('passed')
  })

  it('leaves the answer to the PDS where it does not take the token, also for a banked picture', async () => {
    const token = (await agentAt(network.pdsUrl, alice)).session?.accessJwt ?? ''
    const send = (url: string, authorization: string) =>
      fetch(`${url}/xrpc/com.atproto.repo.uploadBlob`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'image/jpeg' },
        body: new Uint8Array(known),
      })
    const forged = `Bearer ${token.slice(0, -8)}AAAAAAAA`
    const straight = await send(network.pdsUrl, forged)
    const through = await send(gate.url, forged)
    expect(straight.status).toBe(400)
    expect(through.status).toBe(400)
    expect(await through.json()).toEqual(await straight.json())
    // With the token as it was issued it is the gate that refuses.
    expect(await (await send(gate.url, `Bearer ${token}`)).json()).toMatchObject({
      error: 'ContentPolicyViolation',
    })
  })
})

describe('an upload that was passed without a verdict', () => {
  it('is remembered, found when a record shows it, and labeled by the pipeline', async () => {
    const bob = await network.createAccount('bob.test')
    // No picture can be hashed in a millisecond.
    await using hurried = await openTestGate({ HARRIER_GATE_VERDICT_MS: '1' })
    const picture = await recompress(known, 72)
    const agent = await agentAt(hurried.url, bob)
    const { blob } = (await agent.uploadBlob(picture, { encoding: 'image/jpeg' })).data
    await using database = await openSqlite({ path: join(folder.path, 'harrier.db') })
    expect(await database.uploads.counts()).toMatchObject({ pending: 1 })
    const metrics = await (await fetch(hurried.metricsUrl)).text()
    expect(metrics).toContain('labeler_gate_remembered_uploads{state="pending"} 1')
    const uri = await showBlob(bob, blob)

    // The stream's events are not what finds it: this service hears nothing of the network.
    const deaf = { env: { ...folder.env, HARRIER_JETSTREAM_URLS: 'ws://127.0.0.1:1' } }
    // Its turn comes after a pause that a test need not wait for.
    const [due] = await database.uploads.claim(Date.now() + 3_600_000, 1, [])
    await database.uploads.retry(due?.id ?? 0, 'due', 0)
    await using service = await openService(deaf, { lines })
    const stop = new AbortController()
    for await (const { labels } of subscribeLabels(service.publicUrl, { cursor: 0, signal: stop.signal })) {
      if (!labels.some((label) => label.uri === uri)) continue
      expect(labels[0]).toMatchObject({ uri, val: 'known-image' })
      break
    }
    expect(await database.uploads.counts()).toMatchObject({ pending: 0, done: 1 })
  })

  it('is refused instead where the setting says so', async () => {
    await using strict = await openTestGate({
      HARRIER_GATE_VERDICT_MS: '1',
      HARRIER_GATE_UNJUDGED: 'refuse',
    })
    const agent = await agentAt(strict.url, alice)
    await expect(agent.uploadBlob(clean, { encoding: 'image/jpeg' })).rejects.toMatchObject({
      status: 503,
      error: 'NotEnoughResources',
    })
  })
})

describe('the gate inside the service', () => {
  it('refuses as the command does', async () => {
    await using service = await openService({ env: { ...folder.env, HARRIER_GATE_IN_SERVICE: 'true' } })
    const agent = await agentAt(service.gateUrl ?? '', alice)
    await expect(agent.uploadBlob(known, { encoding: 'image/jpeg' })).rejects.toMatchObject({
      error: 'ContentPolicyViolation',
    })
    const metrics = await (await fetch(`${service.operatorUrl}/metrics`)).text()
    expect(metrics).toContain('labeler_gate_uploads_total{outcome="refused"} 1')
  })
})

/** The CID that the PDS gives to bytes, and its digest in hex. */
async function cidAtPds(bytes: Buffer): Promise<{ cid: string; value: string }> {
  const { ref } = (await alice.agent.uploadBlob(bytes, { encoding: 'application/octet-stream' })).data.blob
  return { cid: ref.toString(), value: Buffer.from(ref.multihash.digest).toString('hex') }
}
