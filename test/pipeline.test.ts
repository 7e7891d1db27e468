import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { generateSigningKey } from '../src/atproto/signing-key.ts'
import { shareOf } from '../src/lib/share.ts'
import type { AtUri } from '../src/model/ids.ts'
import type { JobOutcome, ScanJob } from '../src/model/job.ts'
import type { Account } from './support/accounts.ts'
import { drawLandscape, recompress, resizeTo } from './support/images.ts'
import { resolveLabelKey } from './support/label-key.ts'
import { type ReceivedLabel, subscribeLabels, verifyLabel } from './support/label-subscriber.ts'
import { type Network, openNetwork } from './support/network.ts'
import {
  bankPicture,
  createServiceFolder,
  openService,
  openServiceTools,
  type ServiceFolder,
  testLabel,
} from './support/service.ts'

/** The jobs that ended, by the URI of their record; a test waits for the ones it caused. */
class Jobs {
  readonly #ended = new Map<string, { job: ScanJob; outcome: JobOutcome }[]>()
  #bell = Promise.withResolvers<void>()

  done(job: ScanJob, outcome: JobOutcome): void {
    this.#ended.set(job.image.uri, [...(this.#ended.get(job.image.uri) ?? []), { job, outcome }])
    this.#bell.resolve()
  }

  failed(): void {}

  async of(uri: string, count = 1): Promise<JobOutcome[]> {
    for (;;) {
      const ended = this.#ended.get(uri) ?? []
      if (ended.length >= count) return ended.map(({ outcome }) => outcome)
      this.#bell = Promise.withResolvers()
      await this.#bell.promise
    }
  }
}

describe('a known image on the network', () => {
  const stack = new AsyncDisposableStack()
  const jobs = new Jobs()
  const lines: string[] = []
  let network: Network
  let folder: ServiceFolder
  let app: App
  let alice: Account
  let labelerDid: string
  let picture: Buffer

  beforeAll(async () => {
    network = stack.use(await openNetwork())
    const labeler = await network.createAccount('labeler.test')
    alice = await network.createAccount('alice.test')
    const key = await generateSigningKey()
    labelerDid = labeler.did
    folder = stack.use(
      createServiceFolder(network, {
        HARRIER_LABELER_DID: labeler.did,
        HARRIER_SIGNING_KEY: key.exportHex(),
      }),
    )
    picture = await recompress(await drawLandscape(1), 90)
    app = stack.use(await openService(folder, { observer: jobs, lines }))
    await network.declareLabeler(labeler, { labelKeyDidKey: key.did(), endpoint: app.publicUrl })
    await bankPicture(folder, picture)
  })
  afterAll(() => stack.disposeAsync())

  const query = async (uri: string): Promise<ReceivedLabel[]> => {
    const response = await fetch(
      `${app.publicUrl}/xrpc/com.atproto.label.queryLabels?uriPatterns=${encodeURIComponent(uri)}`,
    )
    expect(response.status).toBe(200)
    return ((await response.json()) as { labels: ReceivedLabel[] }).labels
  }

  /** Every label about a URI on the stream so far, from the first. */
  const streamed = async (uri: string, count: number): Promise<ReceivedLabel[]> => {
    const found: ReceivedLabel[] = []
    const signal = AbortSignal.timeout(5000)
    for await (const { labels } of subscribeLabels(app.publicUrl, { cursor: 0, signal })) {
      found.push(...labels.filter((label) => label.uri === uri))
      if (found.length >= count) break
    }
    return found
  }

  it('is labeled: the label is on the stream, its signature is the key of the PLC document, and queries show it', async () => {
    const post = await network.post(alice, 'a picture', [picture])
    const [outcome] = await jobs.of(post.uri)
    expect(outcome?.matches[0]).toMatchObject({ bank: 'known', distance: 0, hashType: 'sha256' })
    const [label] = await streamed(post.uri, 1)
    expect(label).toMatchObject({ ver: 1, src: labelerDid, uri: post.uri, cid: post.cid, val: testLabel })
    const didKey = await resolveLabelKey(network.plcUrl, labelerDid)
    expect(await verifyLabel(label as ReceivedLabel, didKey ?? '')).toBe(true)
    expect(await verifyLabel({ ...(label as ReceivedLabel), val: 'other' }, didKey ?? '')).toBe(false)
    expect(await query(post.uri)).toMatchObject([{ src: labelerDid, uri: post.uri, val: testLabel }])
  })

  it('matches by its CID alone, without a download', async () => {
    const post = await network.post(alice, 'again', [picture])
    const [outcome] = await jobs.of(post.uri)
    expect(outcome).toMatchObject({ scan: { kind: 'digest-only' }, timings: { fetchMs: 0, decodeMs: 0 } })
    expect(outcome?.labels).toHaveLength(1)
  })

  it('is found recompressed and resized, at a distance within the threshold', async () => {
    for (const copy of [await recompress(picture, 60), await resizeTo(picture, 640)]) {
      const post = await network.post(alice, 'a copy', [copy])
      const [outcome] = await jobs.of(post.uri)
      expect(outcome?.scan.kind).toBe('hashed')
      expect(outcome?.matches[0]).toMatchObject({ hashType: 'pdq' })
      expect(outcome?.matches[0]?.distance).toBeLessThanOrEqual(31)
      expect(await query(post.uri)).toHaveLength(1)
    }
  })

  it('is found as viewers see it, when its pixels are stored turned and EXIF turns them back', async () => {
    const turned = await sharp(picture)
      .rotate(90)
      .withMetadata({ orientation: 8 })
      .jpeg({ quality: 85 })
      .toBuffer()
    const post = await network.post(alice, 'turned', [turned])
    const [outcome] = await jobs.of(post.uri)
    expect(outcome?.matches).toMatchObject([{ bank: 'known', hashType: 'pdq', variant: 'oriented' }])
    expect(await query(post.uri)).toHaveLength(1)
  })

  it('is compared in kind with a bank whose hashes were made at full resolution', async () => {
    const large = await recompress(await drawLandscape(5, { width: 1400, height: 900 }), 92)
    await using tools = await openServiceTools(folder)
    const hashed = await tools.hash(large)
    const pdqOf = (profile: string) =>
      hashed.kind === 'hashed'
        ? hashed.hashes.filter((hash) => hash.type === 'pdq' && hash.profile === profile)
        : []
    const inKind = await tools.banks.create({
      name: 'hma',
      threshold: 0,
      minQuality: 50,
      profile: 'full-resolution',
    })
    await tools.banks.add(inKind, pdqOf('full-resolution'), 'made at full resolution')
    await expect.poll(async () => (await metric('labeler_match_bank_hashes'))[0]).toBe(4)
    const copy = await sharp(large).withMetadata({ orientation: 1 }).png().toBuffer()
    const [outcome] = await jobs.of((await network.post(alice, 'large', [copy])).uri)
    expect(outcome?.matches).toMatchObject([
      { bank: 'hma', distance: 0, profile: 'full-resolution', variant: 'original' },
    ])
    expect(pdqOf('reference-512')[0]?.value).not.toBe(pdqOf('full-resolution')[0]?.value)
    await tools.banks.remove(inKind)
    await expect.poll(async () => (await metric('labeler_match_bank_hashes'))[0]).toBe(3)
  })

  it('is told from another picture, which stays unlabeled', async () => {
    const post = await network.post(alice, 'another picture', [await recompress(await drawLandscape(2), 90)])
    const [outcome] = await jobs.of(post.uri)
    expect(outcome).toMatchObject({ scan: { kind: 'hashed' }, matches: [], effects: [], labels: [] })
    expect(await query(post.uri)).toEqual([])
  })

  it('is hashed once, whoever posts it', async () => {
    const bytes = await recompress(await drawLandscape(3), 90)
    const first = await network.post(alice, 'first', [bytes])
    expect((await jobs.of(first.uri))[0]?.scan).toMatchObject({ kind: 'hashed', isCached: false })
    const bob = await network.createAccount('bob.test')
    const second = await network.post(bob, 'second', [bytes])
    const [outcome] = await jobs.of(second.uri)
    expect(outcome).toMatchObject({
      scan: { kind: 'hashed', isCached: true },
      timings: { fetchMs: 0, decodeMs: 0 },
    })
  })

  it('is found in every place of a record that shows images, and the record is labeled once', async () => {
    const upload = async (bytes: Buffer) =>
      (await alice.agent.uploadBlob(bytes, { encoding: 'image/jpeg' })).data.blob
    const known = await upload(await recompress(picture, 80))
    const harmless = await upload(await recompress(await drawLandscape(4), 80))
    await alice.agent.upsertProfile(() => ({ avatar: known, banner: harmless }))
    const uri = `at://${alice.did}/app.bsky.actor.profile/self`
    const outcomes = await jobs.of(uri, 2)
    expect(outcomes.map((outcome) => outcome.matches.length).toSorted((a, b) => a - b)).toEqual([0, 1])
    expect(await query(uri)).toHaveLength(1)
  })

  it('stays clear once a person has withdrawn the label, though the image comes by again', async () => {
    const post = await network.post(alice, 'to be cleared', [await recompress(picture, 70)])
    await jobs.of(post.uri)
    await using tools = await openServiceTools(folder)
    const request = { uri: post.uri as AtUri, val: testLabel, neg: true } as const
    await tools.publish(request)
    const labels = await streamed(post.uri, 3)
    // Of the version that was labeled, for those who keep labels by version; then of every version.
    expect(labels.map(({ neg, cid }) => [neg ?? false, cid])).toEqual([
      [false, post.cid],
      [true, post.cid],
      [true, undefined],
    ])
    expect(labels.map(({ cts }) => cts)).toEqual([...new Set(labels.map(({ cts }) => cts))].toSorted())
    expect(await query(post.uri)).toEqual([])
    expect(await tools.publish(request)).toEqual({ kind: 'unchanged' })
  })

  it('is no longer found once it has left the bank', async () => {
    await using tools = await openServiceTools(folder)
    const bank = await tools.banks.find('known')
    if (!bank) throw new Error('Expected the bank')
    for (const content of await tools.banks.contents(bank, 0, 10))
      await tools.banks.removeContent(bank, content.id)
    await expect.poll(async () => (await metric('labeler_match_bank_hashes'))[0]).toBe(0)
    const post = await network.post(alice, 'after', [await recompress(picture, 50)])
    expect((await jobs.of(post.uri))[0]?.matches).toEqual([])
    await bankPicture(folder, picture)
    await expect.poll(async () => (await metric('labeler_match_bank_hashes'))[0]).toBe(3)
  })

  it('is passed over while a curator has its content disabled, or while it is outside its bank’s share', async () => {
    const change = async (path: string, body: object) => {
      const response = await fetch(`${app.operatorUrl}/c/bank/known${path}`, {
        method: 'PUT',
        body: JSON.stringify(body),
      })
      expect(response.status).toBe(200)
    }
    const found = async (text: string): Promise<number> => {
      const post = await network.post(alice, text, [picture])
      return (await jobs.of(post.uri))[0]?.matches.length ?? Number.NaN
    }
    const listed = await fetch(`${app.operatorUrl}/c/bank/known/content`)
    const { contents } = (await listed.json()) as { contents: { id: number }[] }
    expect(contents).toHaveLength(1)
    const content = `/content/${contents[0]?.id}`
    expect(await found('enabled')).toBe(1)
    await change(content, { disable_until_ts: 0 })
    expect(await found('disabled')).toBe(0)
    await change(content, { disable_until_ts: 1 })
    const place = shareOf(createHash('sha256').update(picture).digest('hex'))
    await change('', { enabled_ratio: place * 0.99 })
    expect(await found('outside the share')).toBe(0)
    await change('', { enabled_ratio: place })
    expect(await found('inside the share')).toBe(1)
    await change('', { enabled_ratio: 1 })
  })

  const metric = async (name: string): Promise<number[]> => {
    const text = await (await fetch(`${app.operatorUrl}/metrics`)).text()
    const found = text.split('\n').filter((line) => line.startsWith(name))
    return found.map((line) => Number(line.split(' ').at(-1)))
  }

  it('leaves one line per job with the same keys, and no hash in any line', async () => {
    const done = lines.map((line) => JSON.parse(line)).filter((line) => line.msg === 'job.done')
    expect(done.length).toBeGreaterThan(5)
    const keys = new Set(done.map((line) => Object.keys(line).join(' ')))
    expect([...keys]).toEqual([
      'level time did uri cid outcome isCached matches nearest bank look effects seqs queued attempts durationMs timings msg',
    ])
    expect(lines.join('\n')).not.toMatch(/"[0-9a-f]{32,}"/)
  })

  it('moves the five measures', async () => {
    expect((await metric('labeler_match_requests_total'))[0]).toBeGreaterThan(5)
    expect((await metric('labeler_match_blobs_total'))[0]).toBeGreaterThan(3)
    expect((await metric('labeler_act_effects_total{kind="label"}'))[0]).toBeGreaterThan(3)
    expect((await metric('labeler_stage_duration_seconds_count{stage="fetch"}'))[0]).toBeGreaterThan(5)
    expect((await metric('labeler_ingest_events_total{kind="commit"}'))[0]).toBeGreaterThan(5)
  })
})
