import { hash } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { blobCidOfSha256 } from '../src/model/ids.ts'
import type { ReviewDetails } from '../src/model/review.ts'
import type { Tools } from '../src/tools.ts'
import type { Account, Post } from './support/accounts.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type Network, openNetwork } from './support/network.ts'
import {
  bankPicture,
  createServiceFolder,
  openService,
  openServiceTools,
  type ServiceFolder,
} from './support/service.ts'

const scanBlob = '/xrpc/com.atproto.unspecced.scanBlob'
const reportBlob = '/xrpc/com.atproto.unspecced.reportBlob'
const checkCsam = '/api/v1/check-csam'
const secrets = {
  HARRIER_HEPA_PASSWORD: 'hepa-hepa-hepa-hepa',
  HARRIER_OZONE_DIVERT_PASSWORD: 'ozone-ozone-ozone-ozone',
  HARRIER_EUROSKY_TOKEN: 'eurosky-eurosky-eurosky',
}
const basic = (password: string, user = 'admin'): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
const hepa = basic(secrets.HARRIER_HEPA_PASSWORD)
const ozone = basic(secrets.HARRIER_OZONE_DIVERT_PASSWORD)
const eurosky = `Bearer ${secrets.HARRIER_EUROSKY_TOKEN}`
const someone = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
const notAnImage = Buffer.from('this is no picture at all')
const maxBytes = 1_000_000

describe('the receivers', () => {
  const stack = new AsyncDisposableStack()
  const lines: string[] = []
  let network: Network
  let folder: ServiceFolder
  let app: App
  let tools: Tools
  let alice: Account
  let picture: Buffer
  let harmless: Buffer

  beforeAll(async () => {
    network = stack.use(await openNetwork())
    alice = await network.createAccount('alice.test')
    picture = await recompress(await drawLandscape(1), 90)
    harmless = await recompress(await drawLandscape(2), 90)
    folder = stack.use(
      createServiceFolder(network, {
        ...secrets,
        HARRIER_RECEIVER_LABELS: 'known=csam',
        HARRIER_MAX_BLOB_BYTES: String(maxBytes),
        HARRIER_FETCH_TIMEOUT_MS: '3000',
      }),
    )
    await bankPicture(folder, picture)
    await bankBytes(folder, 'other', harmless)
    app = stack.use(await openService(folder, { lines }))
    tools = stack.use(await openServiceTools(folder))
  })
  afterAll(() => stack.disposeAsync())

  const post = async (
    path: string,
    authorization: string | undefined,
    body: Uint8Array | FormData | ReadableStream,
    type?: string,
  ): Promise<{ status: number; body: unknown }> => {
    const headers = {
      ...(authorization === undefined ? {} : { authorization }),
      ...(type === undefined ? {} : { 'content-type': type }),
      // As indigo's client does.
      'x-ratelimit-bypass': secrets.HARRIER_HEPA_PASSWORD,
    }
    const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
    const response = await fetch(`${app.publicUrl}${path}`, init)
    return { status: response.status, body: await response.json() }
  }
  const scan = (bytes: Uint8Array, query = '', type = 'image/jpeg') =>
    post(scanBlob + query, hepa, bytes, type)
  const report = (bytes: Uint8Array, query: string, type = 'image/jpeg') =>
    post(reportBlob + query, ozone, bytes, type)
  const check = (fields: Record<string, Uint8Array>, authorization = eurosky) =>
    post(checkCsam, authorization, formOf(fields))

  const reviewOf = async (subject: string): Promise<ReviewDetails | undefined> => {
    const reviews = await tools.reviews.list(['open'], 1000)
    return await tools.reviews.find(reviews.find((review) => review.subject === subject)?.id ?? 0)
  }
  const labelsOf = async ({ uri }: Post) => await tools.queryLabels([uri], 0, 10)

  describe('scanBlob', () => {
    it('tells a known picture as hepa asks for it, with the hash that matched', async () => {
      const copy = await recompress(picture, 60)
      const { status, body } = await scan(copy, `?did=${someone}&handle=a.test&accountEmail=a%40example.test`)
      expect(status).toBe(200)
      expect(body).toEqual({
        blob: { $type: 'blob', ref: { $link: cidOf(copy) }, mimeType: 'image/jpeg', size: copy.length },
        match: {
          status: 'success',
          hits: [{ hashType: 'pdq', hashValue: expect.stringMatching(/^[0-9a-f]{64}$/), label: 'csam' }],
        },
      })
    })

    it('tells no hit for a picture of nobody, nor for one of a bank that no label was given', async () => {
      const unknown = await recompress(await drawLandscape(3), 90)
      for (const bytes of [unknown, harmless])
        expect((await scan(bytes)).body).toMatchObject({ match: { status: 'success', hits: [] } })
    })

    it('says of what is no picture that it was not looked at, and still knows it by its digest', async () => {
      const empty = await scan(Buffer.alloc(0))
      expect(empty).toMatchObject({ status: 200, body: { match: { status: 'unscannable:empty', hits: [] } } })
      const text = await scan(notAnImage)
      expect(text.body).toMatchObject({ match: { status: 'unscannable:unsupported-format', hits: [] } })
      const half = await scan(picture.subarray(0, 200))
      expect(half.body).toMatchObject({ match: { status: 'unscannable:corrupt', hits: [] } })
      const known = Buffer.from('bytes that no decoder knows, and a bank does')
      await bankBytes(folder, 'known', known)
      await expect
        .poll(async () => (await scan(known)).body)
        .toMatchObject({
          match: {
            status: 'success',
            hits: [{ hashType: 'sha256', hashValue: sha256Of(known), label: 'csam' }],
          },
        })
    })

    it('lets a record that shows a match be labeled as the policy says, without a fetch of the blob', async () => {
      const copy = await recompress(picture, 55)
      const shown = await network.post(alice, 'seen by hepa alone', [copy])
      const heard: string[] = []
      // Nothing listens there: all that this one hears of is what it is sent.
      const deafness = { HARRIER_JETSTREAM_URLS: 'ws://127.0.0.1:1/subscribe' }
      using deafFolder = createServiceFolder(network, { ...secrets, ...deafness })
      await bankPicture(deafFolder, picture)
      await using deaf = await openService(deafFolder, { lines: heard })
      await using deafTools = await openServiceTools(deafFolder)
      const { status } = await fetch(`${deaf.publicUrl}${scanBlob}?did=${alice.did}&uri=${shown.uri}`, {
        method: 'POST',
        headers: { authorization: hepa, 'content-type': 'image/jpeg' },
        body: new Uint8Array(copy),
      })
      expect(status).toBe(200)
      await expect.poll(async () => (await deafTools.queryLabels([shown.uri], 0, 10)).length).toBe(1)
      const [label] = await deafTools.queryLabels([shown.uri], 0, 10)
      expect(label).toMatchObject({ uri: shown.uri, cid: shown.cid, val: 'known-image' })
      const [job, ...others] = heard.filter((line) => line.includes('"job.done"'))
      expect(others).toEqual([])
      expect(JSON.parse(job ?? '{}')).toMatchObject({ cid: cidOf(copy), outcome: 'hashed', isCached: true })
    })
  })

  describe('reportBlob', () => {
    it('has opened a review with the match by the time that it answers', async () => {
      const copy = await recompress(picture, 70)
      const shown = await network.post(alice, 'diverted', [copy])
      const { status, body } = await report(copy, `?did=${alice.did}&uri=${shown.uri}`)
      const found = await reviewOf(shown.uri)
      expect(status).toBe(200)
      expect(body).toMatchObject({
        blob: { ref: { $link: cidOf(copy) } },
        review: { ticketId: String(found?.review.id) },
      })
      expect(found?.evidence).toMatchObject([{ cid: cidOf(copy), match: { bank: 'known', hashType: 'pdq' } }])
      // Then its record is fetched, and both are of that version.
      await expect
        .poll(async () => (await reviewOf(shown.uri))?.images)
        .toEqual([{ uri: shown.uri, recordCid: shown.cid, cid: cidOf(copy), outcome: 'hashed' }])
      expect((await reviewOf(shown.uri))?.evidence).toMatchObject([{ recordCid: shown.cid }])
      await expect.poll(async () => (await labelsOf(shown)).length).toBe(1)
    })

    it('takes any blob of any type, of a record that nobody has, and joins what is open', async () => {
      const uri = `at://${someone}/app.bsky.feed.post/3l3qo2vutsw2b`
      const first = await report(notAnImage, `?did=${someone}&uri=${uri}`, 'video/mp4')
      const second = await report(harmless, `?did=${someone}&uri=${uri}`)
      const again = await report(harmless, `?did=${someone}&uri=${uri}`)
      expect([first.status, second.status, again.status]).toEqual([200, 200, 200])
      const found = await reviewOf(uri)
      const ticket = { review: { ticketId: String(found?.review.id) } }
      expect([first.body, second.body, again.body]).toMatchObject([ticket, ticket, ticket])
      expect(found?.images.toSorted((a, b) => (a.outcome ?? '').localeCompare(b.outcome ?? ''))).toEqual([
        { uri, recordCid: undefined, cid: cidOf(harmless), outcome: 'hashed' },
        { uri, recordCid: undefined, cid: cidOf(notAnImage), outcome: 'unscannable:unsupported-format' },
      ])
      expect(found?.evidence).toMatchObject([{ cid: cidOf(harmless), match: { bank: 'other' } }])
    })

    it('refuses what names no record', async () => {
      for (const query of ['', `?did=${someone}`, '?did=alice&uri=x', `?uri=at://${someone}`])
        expect(await report(picture, query)).toMatchObject({ status: 400, body: { error: 'InvalidRequest' } })
    })
  })

  describe('check-csam', () => {
    it('answers yes and no, and how sure it is', async () => {
      expect(await check({ image: await recompress(picture, 50) })).toEqual({
        status: 200,
        body: {
          is_csam: true,
          confidence: expect.any(Number),
          message: expect.stringMatching(/^pdq, \d+ bits/),
        },
      })
      const copy = (await check({ image: picture })).body as { confidence: number }
      expect(copy.confidence).toBe(1)
      expect((await check({ image: harmless })).body).toEqual({ is_csam: false, confidence: 0 })
      const message = 'not looked at: unscannable:unsupported-format'
      expect((await check({ image: notAnImage })).body).toEqual({ is_csam: false, confidence: 0, message })
    })

    it('refuses in its own words', async () => {
      const unauthorized = { status: 401, body: { error: 'unauthorized' } }
      expect(await check({ image: picture }, 'Bearer wrong')).toEqual(unauthorized)
      expect(await check({ image: picture }, hepa)).toEqual(unauthorized)
      expect(await check({ picture })).toEqual({ status: 400, body: { error: 'missing image' } })
      const badForm = { status: 400, body: { error: 'bad form' } }
      expect(await post(checkCsam, eurosky, picture, 'image/jpeg')).toEqual(badForm)
      expect(await post(checkCsam, eurosky, picture, 'multipart/form-data; boundary=x')).toEqual(badForm)
      expect(await post(checkCsam, eurosky, picture, 'multipart/form-data')).toEqual(badForm)
      expect(await check({ image: Buffer.alloc(maxBytes + 1) })).toMatchObject({ status: 413 })
    })
  })

  it('know only their own credential, each', async () => {
    const wrong = [
      undefined,
      '',
      'Basic',
      'Basic !!!',
      basic('wrong'),
      basic(''),
      basic(secrets.HARRIER_HEPA_PASSWORD, 'root'),
      `Bearer ${secrets.HARRIER_HEPA_PASSWORD}`,
      hepa.slice(0, -4),
    ]
    for (const path of [scanBlob, reportBlob])
      for (const authorization of [...wrong, path === scanBlob ? ozone : hepa])
        expect(await post(path, authorization, picture, 'image/jpeg')).toMatchObject({
          status: 401,
          body: { error: 'AuthenticationRequired' },
        })
  })

  it('refuse malformed parameters and types', async () => {
    const record = 'app.bsky.feed.post/3l3qo2vutsw2b'
    const queries = [
      '?did=alice.test',
      '?did=',
      `?did=${someone}&did=${someone}`,
      '?did[a]=b',
      '?uri=',
      `?uri=at://alice.test/${record}`,
      `?uri=at://${someone}/${record}/more`,
      `?did=did:plc:aaaaaaaaaaaaaaaaaaaaaaaa&uri=at://${someone}/${record}`,
    ]
    for (const query of queries) expect((await scan(picture, query)).status, query).toBe(400)
    for (const type of ['application/json', 'multipart/form-data', 'video/mp4'])
      expect((await scan(picture, '', type)).status, type).toBe(400)
    expect((await post(scanBlob, hepa, picture)).status).toBe(200)
  })

  it('refuse what is larger than the limit, whether or not it says so', async () => {
    const huge = Buffer.alloc(maxBytes + 1)
    expect(await scan(huge)).toMatchObject({ status: 413, body: { error: 'PayloadTooLarge' } })
    const unsaid = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 4; i++) controller.enqueue(new Uint8Array(maxBytes / 2))
        controller.close()
      },
    })
    expect(await post(scanBlob, hepa, unsaid, 'image/jpeg')).toMatchObject({ status: 413 })
  })

  it('give up on a body that does not come, and outlive one that is cut off', async () => {
    const start = (path: string, authorization: string) => {
      const socket = connect(Number(new URL(app.publicUrl).port), '127.0.0.1')
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\nabc`,
      )
      return socket
    }
    const slow = start(scanBlob, hepa)
    const [answer] = (await once(slow, 'data')) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 [\s\S]*RequestTimeout/)
    const cut = start(reportBlob + `?uri=at://${someone}/app.bsky.feed.post/cut`, ozone)
    await sleep(100)
    cut.destroy()
    expect((await scan(picture)).status).toBe(200)
    expect(await reviewOf(`at://${someone}/app.bsky.feed.post/cut`)).toBeUndefined()
  })

  it('leave no secret, address or hash of theirs in the log, nor an error of ours', () => {
    const text = lines.join('\n')
    expect(lines.length).toBeGreaterThan(10)
    for (const secret of [...Object.values(secrets), hepa, ozone, 'accountEmail', 'example.test'])
      expect(text).not.toContain(secret)
    expect(text).not.toContain(sha256Of(picture))
    expect(lines.filter((line) => line.includes('http.fault'))).toEqual([])
  })

  it('are not there without their setting', async () => {
    using bare = createServiceFolder(network)
    await using service = await openService(bare)
    for (const [path, authorization] of [
      [scanBlob, hepa],
      [reportBlob, ozone],
      [checkCsam, eurosky],
    ] as const) {
      const init = { method: 'POST', headers: { authorization, 'content-type': 'image/jpeg' }, body: 'x' }
      const { status } = await fetch(`${service.publicUrl}${path}`, init)
      expect([404, 501], path).toContain(status)
    }
  })
})

function sha256Of(bytes: Uint8Array): string {
  return hash('sha256', bytes)
}

function cidOf(bytes: Uint8Array): string {
  return blobCidOfSha256(sha256Of(bytes))
}

function formOf(fields: Record<string, Uint8Array>): FormData {
  const form = new FormData()
  for (const [name, bytes] of Object.entries(fields))
    form.set(
      name,
      new Blob([new Uint8Array(bytes)]),
      'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku',
    )
  return form
}

/** Adds bytes to a bank by their digest alone, as an exchange would. */
async function bankBytes(folder: ServiceFolder, name: string, bytes: Uint8Array): Promise<void> {
  await using tools = await openServiceTools(folder)
  const bank =
    (await tools.banks.find(name)) ??
    (await tools.banks.create({ name, threshold: 31, minQuality: 50, profile: 'reference-512' }))
  await tools.banks.add(bank, [{ type: 'sha256', value: sha256Of(bytes), quality: 100 }], 'test')
}
