import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bitsApart, type Hma, openHma, openMedia, picture } from './support/hma.ts'
import { resizeTo } from './support/images.ts'
import type { LoopbackServer } from './support/listen.ts'
import { openServiceTools } from './support/service.ts'

const hashA = 'facd8bcb2a49bcebdec1985298d5fe84bcd006c187c598c720c3c087b3fdb318'
const hashB = 'facd8bcb2a49bcebdec1985228d5ae84bcd006c187c598c720c2b087b3fdb318'
const signalOf = (path: string, signal: string, more = '') =>
  `${path}?signal_type=pdq&signal=${signal}${more}`

let media: LoopbackServer
let hma: Hma
beforeAll(async () => {
  media = await openMedia()
  hma = await openHma(media)
})
afterAll(async () => {
  await hma[Symbol.asyncDispose]()
  media[Symbol.dispose]()
})

/** Makes a bank of that name with nothing in it. */
async function bankOf(name: string, body: object = {}): Promise<string> {
  const made = await hma.send('POST', '/c/banks', { name, ...body })
  expect(made.status).toBe(201)
  return `/c/bank/${name}`
}
async function addSignal(bank: string, signal: string, more: object = {}): Promise<number> {
  const { status, json } = await hma.send('POST', `${bank}/signal`, { pdq: signal, ...more })
  expect([status, (json as { signals: unknown }).signals]).toEqual([200, { pdq: signal }])
  return (json as { id: number }).id
}
const flatPicture = () =>
  sharp({ create: { width: 200, height: 200, channels: 3, background: '#888' } })
    .png()
    .toBuffer()
const refusal = (message: RegExp) => ({ message: expect.stringMatching(message) })

describe('core', () => {
  it('says that it is alive, where to look, and what there is', async () => {
    for (const path of ['/status', '/status/live', '/status/'])
      expect(await hma.get(path)).toMatchObject({ status: 200, text: 'I-AM-ALIVE' })
    const root = await fetch(`${hma.app.operatorUrl}/`, { redirect: 'manual' })
    expect([root.status, root.headers.get('location')]).toEqual([302, '/ui/'])
    const siteMap = (await hma.get('/site-map')).json as string[]
    expect(siteMap).toEqual(siteMap.toSorted())
    expect(siteMap).toEqual(
      expect.arrayContaining([
        '/c/bank/<bank_name>',
        '/c/bank/<bank_name>/content/<int:content_id>',
        '/c/exchange/<string:exchange_name>',
        '/c/exchanges/api/<string:api_name>',
        '/h/hash',
        '/m/lookup',
      ]),
    )
    const openApi = (await hma.get('/openapi/openapi.json')).json as { info: object; paths: object }
    expect(openApi.info).toMatchObject({ title: 'Open Media Match API' })
    expect(openApi.paths).toHaveProperty(['/c/bank/{bank}/content/{content}', 'put'])
  })

  it('answers what it does not serve with a message', async () => {
    for (const path of [
      '/c/nothing',
      '/h/',
      '/m/x',
      '/ui/nothing',
      '/dev/factory_reset',
      '/c/bank/X/content/abc',
    ])
      expect(await hma.get(path)).toMatchObject({ status: 404, json: { message: 'Not Found' } })
  })
})

describe('banks', () => {
  it('are made, listed, changed and removed', async () => {
    await using fresh = await openHma()
    const bank = { matching_enabled_ratio: 1, name: 'MY_TEST_BANK_01' }
    expect(await fresh.get('/c/banks')).toMatchObject({ status: 200, json: [] })
    for (const name of ['01_TEST_BANK', 'my_test_bank', '', 'A'.repeat(256), 'A B'])
      expect(await fresh.send('POST', '/c/banks', { name })).toMatchObject({
        status: 400,
        json: { message: 'Bank names must be UPPER_WITH_UNDERSCORE' },
      })
    expect(await fresh.send('POST', '/c/banks', { name: bank.name })).toMatchObject({
      status: 201,
      json: bank,
    })
    expect((await fresh.get('/c/banks/')).json).toEqual([bank])
    expect((await fresh.get('//c/banks')).json).toEqual([bank])
    const path = '/c/bank/MY_TEST_BANK_01'
    expect((await fresh.get(path)).json).toEqual(bank)
    expect((await fresh.send('PUT', path, { name: 'lower' })).status).toBe(400)
    const renamed = await fresh.send('PUT', path, { name: 'RENAMED' })
    expect(renamed).toMatchObject({ status: 200, json: { ...bank, name: 'RENAMED' } })
    expect((await fresh.get(path)).status).toBe(404)
    const off = await fresh.send('PUT', '/c/bank/RENAMED', { enabled: false })
    expect(off.json).toEqual({ matching_enabled_ratio: 0, name: 'RENAMED' })
    const half = await fresh.send('PUT', '/c/bank/RENAMED', { enabled: true, enabled_ratio: 0.5 })
    expect(half.json).toEqual({ matching_enabled_ratio: 0.5, name: 'RENAMED' })
    expect((await fresh.get('/c/banks')).json).toEqual([{ matching_enabled_ratio: 0.5, name: 'RENAMED' }])
    for (let i = 0; i < 2; i++)
      expect(await fresh.send('DELETE', '/c/bank/RENAMED')).toMatchObject({
        status: 200,
        json: { message: 'Done' },
      })
    expect((await fresh.get('/c/banks')).json).toEqual([])
  })

  it('take what Coop and the FetLife client send, and answer as they were answered', async () => {
    const coop = await hma.send('POST', '//c/banks', { name: 'COOP_ORG_BANK', enabled_ratio: '1' })
    expect(coop).toMatchObject({ status: 201, json: { matching_enabled_ratio: 1, name: 'COOP_ORG_BANK' } })
    expect((await hma.send('PUT', '//c/bank/COOP_ORG_BANK', { enabled_ratio: 0.25 })).json).toEqual({
      matching_enabled_ratio: 0.25,
      name: 'COOP_ORG_BANK',
    })
    const theirs = { name: 'TEST_BANK', enabled: 'true', matching_enabled_ratio: 1 }
    expect((await hma.send('POST', '/c/banks', theirs)).status).toBe(201)
    expect(await hma.send('POST', '/c/banks', theirs)).toMatchObject({
      status: 403,
      json: { message: 'Bank already exists' },
    })
    expect(await hma.send('PUT', '/c/bank/TEST_BANK', { name: 'COOP_ORG_BANK' })).toMatchObject({
      status: 403,
      json: { message: 'Bank name already exists' },
    })
    const missing = { status: 404, json: { message: "bank 'NON_EXISTENT_BANK' not found" } }
    expect(await hma.get('/c/bank/NON_EXISTENT_BANK')).toMatchObject(missing)
    expect(await hma.send('POST', '/c/bank/NON_EXISTENT_BANK/content')).toMatchObject(missing)
    expect(await hma.send('POST', '/c/bank/NON_EXISTENT_BANK/signal', { pdq: hashA })).toMatchObject(missing)
    expect(await hma.send('PUT', '/c/bank/NON_EXISTENT_BANK', {})).toMatchObject({
      status: 404,
      json: { message: 'Bank not found' },
    })
  })

  it('can be negative, and are heeded by lookups but not by raw ones, until that is taken back', async () => {
    const known = await bankOf('CERTAIN')
    const signal = '9'.repeat(64)
    const id = await addSignal(known, signal)
    const found = async () => (await hma.get(signalOf('/m/lookup', signal))).json
    const isFound = { CERTAIN: [{ bank_content_id: id, distance: '0' }] }
    const negative = { name: 'HARMLESS', suppresses: ['CERTAIN'], threshold: '12' }
    expect(await hma.send('POST', '/c/banks', negative)).toMatchObject({ status: 201 })
    expect(await found()).toEqual(isFound)
    const harmless = await addSignal('/c/bank/HARMLESS', signal)
    expect(await found()).toEqual({})
    expect((await hma.get(signalOf('/m/lookup', signal, '&bypass_coinflip=true'))).json).toEqual({})
    expect((await hma.get(signalOf('/m/raw_lookup', signal))).json).toEqual({ matches: [id] })
    await hma.send('PUT', '/c/bank/HARMLESS', { suppresses: [] })
    expect(await found()).toEqual(isFound)
    await hma.send('PUT', '/c/bank/HARMLESS', { suppresses: 'all' })
    expect(await found()).toEqual({})
    await hma.send('PUT', `/c/bank/HARMLESS/content/${harmless}`, { disable_until_ts: 0 })
    expect(await found()).toEqual(isFound)
  })

  it('have a distance and tiers of their own, and refuse what does not fit together', async () => {
    await bankOf('TIERED')
    const put = (body: unknown) => hma.send('PUT', '/c/bank/TIERED', body)
    const id = await addSignal('/c/bank/TIERED', 'c'.repeat(64))
    const near = `${'c'.repeat(63)}d`
    const found = async () => (await hma.get(signalOf('/m/lookup', near, '&banks=TIERED'))).json
    expect(await found()).toEqual({ TIERED: [{ bank_content_id: id, distance: '1' }] })
    expect(await put({ threshold: 0 })).toMatchObject({ status: 200 })
    expect(await found()).toEqual({})
    const tiers = [
      { name: 'exact', distance: 0 },
      { name: 'near', distance: 16 },
    ]
    expect(await put({ tiers })).toMatchObject({
      status: 400,
      json: refusal(/at most the bank’s distance, 0/),
    })
    expect(await put({ tiers, threshold: 16 })).toMatchObject({ status: 200 })
    for (const [body, status, message] of [
      [{ tiers: [...tiers].reverse() }, 400, /rising distance/],
      [{ tiers: [{ name: 'Exact!', distance: 1 }] }, 400, /names of tiers/],
      [{ tiers: [{ name: 'a' }] }, 422, /a distance from 0 to 256/],
      [{ tiers: 5 }, 422, /at most 16 tiers/],
      [{ threshold: 257 }, 422, /less than or equal to 256/],
      [{ suppresses: ['NOBODY'] }, 400, /negative bank/],
      [{ suppresses: 5 }, 422, /a list of names of banks/],
    ] as const) {
      const said = status === 422 ? [{ msg: expect.stringMatching(message) }] : refusal(message)
      expect(await put(body)).toMatchObject({ status, json: said })
    }
    const unknown = { name: 'SUPPRESSING', suppresses: ['NOBODY'] }
    expect(await hma.send('POST', '/c/banks', unknown)).toMatchObject({
      status: 400,
      json: refusal(/existing bank to suppress but received NOBODY/),
    })
  })

  it('refuse what is no ratio, no switch and no name', async () => {
    await bankOf('REFUSING')
    const refused = async (body: unknown, status: number) => {
      const answer = await hma.send('PUT', '/c/bank/REFUSING', body)
      expect([answer.status, answer.json]).toEqual([
        status,
        status === 422 ? [expect.objectContaining({ loc: [expect.any(String)] })] : refusal(/./),
      ])
    }
    await refused({ enabled_ratio: 1.5 }, 400)
    await refused({ enabled_ratio: -0.1 }, 400)
    await refused({ enabled_ratio: 'much' }, 422)
    await refused({ enabled_ratio: [] }, 422)
    await refused({ enabled: 'perhaps' }, 422)
    await refused({ name: 7 }, 422)
    await refused([], 400)
    const noType = {
      method: 'POST',
      body: '{"name":"WITHOUT_TYPE"}',
      headers: { 'content-type': 'text/plain' },
    }
    expect((await hma.request('/c/banks', noType)).status).toBe(201)
    expect((await hma.request('/c/banks', { ...noType, body: '{"name":' })).status).toBe(400)
    expect((await hma.request('/c/banks', { ...noType, body: ' '.repeat(300_000) })).status).toBe(413)
  })
})

describe('content', () => {
  it('is added by URL and as a file, told of, and found by its signal', async () => {
    await using fresh = await openHma(media)
    await fresh.send('POST', '/c/banks', { name: 'BANK' })
    const url = `${media.origin}/1.jpg`
    const first = await fresh.send(
      'POST',
      `/c/bank/BANK/content?url=${encodeURIComponent(url)}&content_type=photo`,
    )
    const pdq = (first.json as { signals: { pdq: string } }).signals.pdq
    expect(first).toMatchObject({
      status: 200,
      json: { id: 1, signals: { pdq: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    })
    const second = await fresh.upload('/c/bank/BANK/content', { photo: await picture(2) })
    const other = (second.json as { signals: { pdq: string } }).signals.pdq
    expect(second).toMatchObject({ status: 200, json: { id: 2 } })
    expect((await fresh.get(signalOf('/m/raw_lookup', pdq))).json).toEqual({ matches: [1] })
    expect((await fresh.get(signalOf('/m/raw_lookup', other))).json).toEqual({ matches: [2] })
    expect((await fresh.get('/c/bank/BANK/content/1')).json).toEqual({
      id: 1,
      disable_until_ts: 1,
      original_media_uri: url,
      bank: { name: 'BANK', matching_enabled_ratio: 1 },
    })
    const withSignals = (await fresh.get('/c/bank/BANK/content/2?include_signals=true')).json
    expect(withSignals).toMatchObject({ original_media_uri: null, signals: { pdq: other } })
    for (const path of [
      '/c/bank/BANK/content/9',
      '/c/bank/NONE/content/1',
      '/c/bank/BANK/content/99999999999999999999',
    ])
      expect(await fresh.get(path)).toMatchObject({ status: 404, json: refusal(/not found/) })
    const again = await fresh.upload('/c/bank/BANK/content', { photo: await picture(2), note: 'seen twice' })
    expect(again).toMatchObject({ status: 200, json: { id: 2 } })
    expect((await fresh.get('/c/bank/BANK/content/2')).json).toMatchObject({ note: 'seen twice' })
    expect(await fresh.send('DELETE', '/c/bank/BANK/content/1')).toMatchObject({ json: { deleted: 1 } })
    expect(await fresh.send('DELETE', '/c/bank/BANK/content/1')).toMatchObject({ json: { deleted: 0 } })
    expect((await fresh.get(signalOf('/m/raw_lookup', pdq))).json).toEqual({ matches: [] })
    await using tools = await openServiceTools(fresh.folder)
    expect(
      (
        await tools.match([
          { type: 'pdq', value: other, quality: 100, profile: 'full-resolution', variant: 'original' },
        ])
      ).matches.map(({ contentId }) => contentId),
    ).toEqual([2])
  })

  it('is another bank’s business only through that bank', async () => {
    const [a, b] = [await bankOf('OWNER'), await bankOf('STRANGER')]
    const id = await addSignal(a, '1'.repeat(64))
    expect((await hma.get(`${b}/content/${id}`)).status).toBe(404)
    expect((await hma.send('PUT', `${b}/content/${id}`, { disable_until_ts: 0 })).status).toBe(404)
    expect((await hma.send('DELETE', `${b}/content/${id}`)).json).toEqual({ deleted: 0 })
    expect((await hma.get(`${a}/content/${id}`)).json).toMatchObject({ id, disable_until_ts: 1 })
  })

  it('is disabled and enabled with effect on the next lookup', async () => {
    const bank = await bankOf('SWITCHED')
    const signal = '2'.repeat(64)
    const id = await addSignal(bank, signal)
    const found = async () => (await hma.get(signalOf('/m/lookup', signal, '&banks=SWITCHED'))).json
    const set = (until: unknown) => hma.send('PUT', `${bank}/content/${id}`, { disable_until_ts: until })
    const there = { SWITCHED: [{ bank_content_id: id, distance: '0' }] }
    const nowSeconds = Math.floor(Date.now() / 1000)
    expect(await found()).toEqual(there)
    for (const [until, result] of [
      [0, {}],
      [1, there],
      [String(nowSeconds + 31_536_000), {}],
      [nowSeconds - 5, there],
    ] as const) {
      expect(await set(until)).toMatchObject({ status: 200, json: { id, disable_until_ts: Number(until) } })
      expect(await found()).toEqual(result)
    }
    await set(0)
    expect((await hma.get(signalOf('/m/raw_lookup', signal, '&banks=SWITCHED'))).json).toEqual({
      matches: [id],
    })
    for (const [until, message] of [
      [9_999_999_999, /less than 5 years/],
      [-1, /non-negative/],
      ['x', /Invalid int: 'x'/],
      [1.5, /Invalid int/],
      [true, /Invalid int/],
      [null, /Invalid int/],
    ] as const)
      expect(await set(until)).toMatchObject({ status: 400, json: refusal(message) })
  })

  it('keeps metadata as it was given, by every way that clients have', async () => {
    const bank = await bankOf('WITH_METADATA')
    const metadata = { content_id: 'ext-1', json: { a: [1, 'ü'] } }
    const told = async (id: unknown, query = '') =>
      ((await hma.get(`${bank}/content/${String(id)}${query}`)).json as { metadata?: unknown }).metadata
    const add = async (query: string, body?: unknown) => {
      const { status, json } = await hma.send('POST', `${bank}/content?url=${media.origin}/${query}`, body)
      return { status, json, id: (json as { id?: number }).id }
    }
    const inBody = await add('10.jpg', { metadata: { ...metadata, collab: { X: ['1'] } } })
    expect(await told(inBody.id)).toEqual(metadata)
    expect(await told(inBody.id, '?include_metadata=false')).toBeUndefined()
    const coop = new URLSearchParams({
      content_id: 'c1',
      content_uri: 'https://a.example/1',
      metadata: '{"reason":"x"}',
    })
    const inQuery = await add(`11.jpg&${coop.toString()}`)
    expect(await told(inQuery.id)).toEqual({
      content_id: 'c1',
      content_uri: 'https://a.example/1',
      json: { reason: 'x' },
    })
    const fetLife = await add(`12.jpg&metadata=${encodeURIComponent(JSON.stringify(metadata))}`)
    expect(await told(fetLife.id)).toEqual(metadata)
    const form = await hma.upload(`${bank}/content`, {
      photo: await picture(13),
      content_id: 'c2',
      metadata: '{"reason":"y"}',
    })
    expect(await told((form.json as { id: number }).id)).toEqual({ content_id: 'c2', json: { reason: 'y' } })
    expect(await told((await add('14.jpg')).id)).toBeUndefined()
    expect(await add('15.jpg', { metadata: { unknown: 1 } })).toMatchObject({
      status: 400,
      json: refusal(/Invalid metadata/),
    })
    expect(await add('15.jpg', { metadata: [] })).toMatchObject({ status: 400, json: refusal(/json object/) })
    expect(await add('15.jpg', { metadata: { content_id: 5 } })).toMatchObject({
      status: 400,
      json: refusal(/Invalid metadata/),
    })
    const noJson = await hma.upload(`${bank}/content`, { photo: await picture(15), metadata: '{' })
    expect(noJson).toMatchObject({ status: 400, json: { message: 'metadata form field must be valid JSON' } })
  })

  it('has a note that is set, changed and cleared', async () => {
    const bank = await bankOf('WITH_NOTES')
    const note = async (id: number) =>
      ((await hma.get(`${bank}/content/${id}`)).json as { note?: string }).note
    const plain = await addSignal(bank, '3'.repeat(64))
    expect(await note(plain)).toBeUndefined()
    const noted = await addSignal(bank, '4'.repeat(64), { note: 'n'.repeat(255) })
    expect(await note(noted)).toBe('n'.repeat(255))
    // Coop cuts a note to 255 code points, each of which may be two units of a string here.
    const emoji = await addSignal(bank, '5'.repeat(64), { note: '🙂'.repeat(255) })
    expect(await note(emoji)).toBe('🙂'.repeat(255))
    expect((await hma.send('PUT', `${bank}/content/${noted}`, { note: 'new' })).json).toMatchObject({
      note: 'new',
    })
    expect(await note(noted)).toBe('new')
    expect((await hma.send('PUT', `${bank}/content/${noted}`, { note: '' })).json).toMatchObject({
      note: null,
    })
    expect(await note(noted)).toBeUndefined()
    expect(await hma.send('PUT', `${bank}/content/${noted}`, { note: 'n'.repeat(256) })).toMatchObject({
      status: 400,
      json: { message: 'note must be at most 255 characters' },
    })
    expect(await hma.send('POST', `${bank}/signal`, { pdq: hashA, note: 5 })).toMatchObject({
      status: 400,
      json: { message: 'note should be a string' },
    })
  })

  it('is refused with a reason where it is none', async () => {
    const bank = await bankOf('STRICT')
    const post = (query: string) => hma.send('POST', `${bank}/content?${query}`)
    const signals = (body: unknown) => hma.send('POST', `${bank}/signal`, body)
    expect(await post('')).toMatchObject({ status: 400, json: refusal(/^Neither `url` nor multipart/) })
    expect(await post(`url=${media.origin}/broken.jpg`)).toMatchObject({
      status: 400,
      json: refusal(/Could not hash/),
    })
    expect(await post(`url=${media.origin}/page`)).toMatchObject({
      status: 400,
      json: refusal(/unsupported url ContentType/),
    })
    expect(await post(`url=${media.origin}/1.jpg&types=nope`)).toMatchObject({
      status: 400,
      json: refusal(/doesn't exist/),
    })
    const flat = await flatPicture()
    expect(await hma.upload(`${bank}/content`, { photo: flat })).toMatchObject({
      status: 400,
      json: refusal(/^Invalid pdq signal/),
    })
    expect(await signals({})).toMatchObject({ status: 400, json: { message: 'No signals given' } })
    expect(await signals({ photodna: 'x' })).toMatchObject({
      status: 400,
      json: { message: 'No such signal type photodna' },
    })
    expect(await signals({ pdq: 'abc' })).toMatchObject({ status: 400, json: refusal(/^Invalid pdq signal/) })
    expect(await signals({ pdq: 5 })).toMatchObject({ status: 400, json: refusal(/^Invalid pdq signal/) })
    expect(await signals({ md5: 'a'.repeat(32), video_md5: 'b'.repeat(32) })).toMatchObject({ status: 400 })
    expect(await signals([])).toMatchObject({ status: 400, json: refusal(/object/) })
  })

  it('can be listed, searched by words and found by signal', async () => {
    const bank = await bankOf('LISTED')
    const ids: number[] = []
    for (const digit of ['a', 'b', 'c'])
      ids.push(await addSignal(bank, digit.repeat(64), { note: `about ${digit}` }))
    const list = async (query: string) => {
      const { json } = await hma.get(`${bank}/content?${query}`)
      const { contents, next } = json as { contents: { id: number }[]; next: number | null }
      return [contents.map(({ id }) => id), next]
    }
    expect(await list('limit=2')).toEqual([ids.slice(0, 2), ids[1]])
    expect(await list(`after=${ids[1]}`)).toEqual([ids.slice(2), null])
    expect(await list('q=ABOUT%20b')).toEqual([[ids[1]], null])
    expect(await list(`signal_type=pdq&signal=${'c'.repeat(64)}`)).toEqual([[ids[2]], null])
    await hma.send('PUT', `${bank}/content/${ids[0]}`, { disable_until_ts: 0 })
    expect(await list('disabled=true')).toEqual([[ids[0]], null])
    expect((await hma.get(`${bank}/content?limit=0`)).status).toBe(422)
  })
})

describe('matching', () => {
  it('keeps to the banks that are asked for', async () => {
    const signal = '6'.repeat(64)
    const ids: number[] = []
    for (const name of ['FILTER_A', 'FILTER_B', 'FILTER_C'])
      ids.push(await addSignal(await bankOf(name), signal))
    for (const [banks, count] of [
      [undefined, 3],
      ['FILTER_A', 1],
      ['FILTER_A,FILTER_B', 2],
      ['NONE', 0],
    ] as const) {
      const more = banks === undefined ? '' : `&banks=${banks}`
      const raw = (await hma.get(signalOf('/m/raw_lookup', signal, more))).json
      expect(raw).toEqual({ matches: ids.slice(0, count) })
      const far = (await hma.get(signalOf('/m/raw_lookup', signal, `${more}&include_distance=true`))).json
      expect(far).toEqual({
        matches: ids.slice(0, count).map((id) => ({ bank_content_id: id, distance: '0' })),
      })
      const byBank = (await hma.get(signalOf('/m/lookup', signal, more))).json as object
      expect(Object.keys(byBank)).toHaveLength(count)
    }
  })

  it('tells distances, and its index at once', async () => {
    await using fresh = await openHma()
    expect((await fresh.get('/m/index/status')).json).toMatchObject({
      pdq: { present: false, built_to: -1, size: 0 },
    })
    await fresh.send('POST', '/c/banks', { name: 'TEST_BANK' })
    const near = 'f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22'
    const digits = '0123456789abcde'
    for (const signal of [...digits.split('').map((digit) => digit.repeat(32) + 'f'.repeat(32)), near])
      expect((await fresh.send('POST', '/c/bank/TEST_BANK/signal', { pdq: signal })).status).toBe(200)
    expect((await fresh.get(signalOf('/m/lookup', near))).json).toEqual({
      TEST_BANK: [{ bank_content_id: 16, distance: '0' }],
    })
    expect((await fresh.get(signalOf('/m/lookup', '5'.repeat(64)))).json).toEqual({})
    const far = '58d871ceecf4e84d82368232078f27f0b76e26f592621e9d33e6338d4e9c9b22'
    expect((await fresh.get(`//m/lookup?signal_type=pdq&signal=${far}`)).json).toEqual({
      TEST_BANK: [{ bank_content_id: 16, distance: '26' }],
    })
    const status = (await fresh.get('/m/index/status?signal_type=pdq')).json
    expect(status).toEqual({ pdq: { present: true, built_to: expect.any(Number), size: 16 } })
    expect((await fresh.get('/c/signal_type/index?signal_type=pdq')).json).toMatchObject({
      pdq: { db_size: 16, index_size: 16, index_out_of_date: false },
    })
    for (const path of ['/m/index/status?signal_type=x', '/c/signal_type/index?signal_type=x'])
      expect(await fresh.get(path)).toMatchObject({
        status: 400,
        json: { message: "No such signal type 'x'" },
      })
  })

  it('finds media by URL and as a file, in the shape of each', async () => {
    const bank = await bankOf('MEDIA')
    const add = await hma.upload(`${bank}/content`, { photo: await picture(20) })
    const id = (add.json as { id: number }).id
    const url = encodeURIComponent(`${media.origin}/20.jpg`)
    const found = { MEDIA: [{ bank_content_id: id, distance: '0' }] }
    expect((await hma.get(`/m/lookup?url=${url}&banks=MEDIA&types=pdq&content_type=photo`)).json).toEqual({
      pdq: found,
    })
    expect((await hma.get(`/m/lookup?url=${url}&banks=MEDIA&signal_type=pdq`)).json).toEqual(found)
    expect((await hma.upload('/m/lookup?banks=MEDIA', { photo: await picture(20) })).json).toEqual({
      pdq: found,
    })
    const smaller = await hma.upload('/m/lookup?banks=MEDIA', {
      photo: await resizeTo(await picture(20), 300),
    })
    expect(smaller.json).toMatchObject({ pdq: { MEDIA: [{ bank_content_id: id }] } })
    expect((await hma.upload('/m/lookup', { photo: await picture(21) })).json).toEqual({ pdq: {} })
    const clip = Buffer.from('a clip')
    const video = await hma.upload(`${bank}/content`, { video: clip })
    expect(video).toMatchObject({
      status: 200,
      json: { signals: { video_md5: expect.stringMatching(/^[0-9a-f]{32}$/) } },
    })
    const videoId = (video.json as { id: number }).id
    const clipFound = { video_md5: { MEDIA: [{ bank_content_id: videoId, distance: '-' }] } }
    expect((await hma.upload('/m/lookup', { video: clip })).json).toEqual(clipFound)
    expect((await hma.get(`/m/lookup?url=${media.origin}/clip.mp4`)).json).toEqual(clipFound)
    const sha = (await hma.upload('/h/hash?types=sha256', { photo: await picture(20) })).json as {
      sha256: string
    }
    const bySha = await hma.get(`/m/lookup?signal_type=sha256&signal=${sha.sha256}`)
    expect(bySha.json).toEqual({ MEDIA: [{ bank_content_id: id, distance: '-' }] })
  })

  it('matches a bank for its share of seeds, the same ones every time', async () => {
    const bank = await bankOf('HALF', { enabled_ratio: 0.5 })
    const signal = '7'.repeat(64)
    await addSignal(bank, signal)
    const isIn = async (more: string) =>
      Object.keys((await hma.get(signalOf('/m/lookup', signal, more))).json as object).length > 0
    const seeds = Array.from({ length: 60 }, (_, i) => `&seed=s${i}`)
    const first = await Promise.all(seeds.map(isIn))
    const share = first.filter(Boolean).length / seeds.length
    expect(share).toBeGreaterThan(0.25)
    expect(share).toBeLessThan(0.75)
    expect(await Promise.all(seeds.map(isIn))).toEqual(first)
    expect(await Promise.all(seeds.map((seed) => isIn(`${seed}&bypass_coinflip=true`)))).not.toContain(false)
    await hma.send('PUT', bank, { enabled: false })
    expect(await Promise.all(seeds.map(isIn))).not.toContain(true)
    expect(await isIn('&bypass_coinflip=true')).toBe(true)
    expect((await hma.get(signalOf('/m/raw_lookup', signal))).json).toMatchObject({
      matches: [expect.any(Number)],
    })
  })

  it('tells more of what it found where it is asked to', async () => {
    const bank = await bankOf('TELLING')
    const signal = '8'.repeat(64)
    const id = await addSignal(bank, signal, { note: 'n', metadata: { content_id: 'x' } })
    const more = '&banks=TELLING&include=hash,metadata,provenance'
    const entry = {
      bank_content_id: id,
      distance: '0',
      hash: signal,
      metadata: { content_id: 'x' },
      note: 'n',
      provenance: { bank: 'TELLING', added_at: expect.any(String) },
    }
    expect((await hma.get(signalOf('/m/lookup', signal, more))).json).toEqual({ TELLING: [entry] })
    expect((await hma.get(signalOf('/m/raw_lookup', signal, more))).json).toEqual({ matches: [entry] })
    expect((await hma.get(signalOf('/m/lookup', signal, '&include=all'))).status).toBe(400)
  })

  it('refuses what is no question', async () => {
    const refused = async (path: string, status: number, message: RegExp) =>
      expect(await hma.get(path)).toMatchObject({ status, json: refusal(message) })
    await refused(`/m/raw_lookup?signal=${hashA}&signal_type=x`, 400, /^No such SignalType 'x'$/)
    await refused('/m/lookup?signal_type=pdq&signal=xyz', 400, /^invalid signal: /)
    await refused('/m/lookup', 400, /^Either url or both signal and signal_type are required$/)
    await refused('/m/lookup?url=', 400, /^Invalid or unsafe URL provided$/)
    await refused(`/m/lookup?url=${media.origin}/1.jpg&signal_type=x`, 400, /No such SignalType/)
    expect(await hma.send('POST', '/m/lookup', {})).toMatchObject({
      status: 400,
      json: refusal(/Missing multipart/),
    })
  })

  it('compares hashes that are in no bank', async () => {
    const compare = (body: unknown) => hma.send('POST', '/m/compare', body)
    expect((await compare({ pdq: [hashA, hashB] })).json).toEqual({ pdq: [true, { distance: 9 }] })
    expect((await compare({ pdq: ['0'.repeat(64), 'f'.repeat(64)] })).json).toEqual({
      pdq: [false, { distance: 256 }],
    })
    const md5 = ['a'.repeat(32), 'A'.repeat(32)]
    expect((await compare({ video_md5: md5 })).json).toEqual({ video_md5: [true, {}] })
    for (const [body, message] of [
      [[], /Request input was not a dict/],
      ['x', /Request input was not a dict/],
      [{ pdq: hashA }, /not a list/],
      [{ pdq: [hashA] }, /length must be exactly 2/],
      [{ pdq: [hashA, hashA, hashA] }, /length must be exactly 2/],
      [{ x: [hashA, hashA] }, /No such SignalType/],
      [{ pdq: [hashA, 'x'] }, /^Invalid pdq hash/],
      [{ pdq: [hashA, 5] }, /^Invalid pdq hash/],
    ] as const)
      expect(await compare(body)).toMatchObject({ status: 400, json: refusal(message) })
  })
})

describe('hashing', () => {
  it('makes the hashes of a photo and of a video, the same by URL and as a file', async () => {
    const byUrl = await hma.get(`/h/hash?url=${encodeURIComponent(`${media.origin}/30.jpg`)}`)
    expect(byUrl).toMatchObject({ status: 200, json: { pdq: expect.stringMatching(/^[0-9a-f]{64}$/) } })
    expect((await hma.upload('/h/hash', { photo: await picture(30) })).json).toEqual(byUrl.json)
    expect((await hma.get(`/h/hash?url=${media.origin}/30.untyped`)).json).toEqual(byUrl.json)
    const smaller = await hma.upload('/h/hash', { photo: await resizeTo(await picture(30), 400) })
    const [one, other] = [byUrl.json, smaller.json] as { pdq: string }[]
    expect(bitsApart(one!.pdq, other!.pdq)).toBeLessThan(20)
    expect((await hma.upload('/h/hash', { video: Buffer.from('a clip') })).json).toEqual({
      video_md5: createHash('md5').update('a clip').digest('hex'),
    })
    const more = await hma.upload('/h/hash?types=pdq,sha256', { photo: await picture(30) })
    const sha256 = createHash('sha256')
      .update(await picture(30))
      .digest('hex')
    expect(more.json).toEqual({ ...(byUrl.json as object), sha256 })
  })

  it('gives an empty hash for a photo with nothing to see, and finds nothing by it', async () => {
    const flat = await flatPicture()
    expect(await hma.upload('/h/hash', { photo: flat })).toMatchObject({ status: 200, json: { pdq: '' } })
    expect((await hma.upload('/m/lookup', { photo: flat })).json).toEqual({ pdq: {} })
  })

  it('asks only URLs that may be asked, and says why it has nothing from one', async () => {
    const refused = async (url: string, status: number, message: RegExp) =>
      expect(await hma.get(`/h/hash?url=${encodeURIComponent(url)}`)).toMatchObject({
        status,
        json: refusal(message),
      })
    const unsafe = /^Invalid or unsafe URL provided$/
    for (const url of [
      'ftp://example.com/a.jpg',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'data:image/png;base64,AAAA',
      'ws://example.com',
      'example.com/a.jpg',
      '//example.com/a.jpg',
      'https://',
      'http:///x',
      'http://example.com:',
      'http://example.com:abc',
      'http://127.0.0.1:8022/',
      'http://localhost/',
      'http://169.254.169.254/latest/meta-data',
      'https://10.0.0.1/a.jpg',
      'http://[::1]/',
      `${media.origin}/to-private`,
    ])
      await refused(url, 400, unsafe)
    await refused(`${media.origin}/none`, 400, /^Failed to fetch URL: /)
    await refused(`${media.origin}/cut.jpg`, 400, /^Failed to fetch URL: /)
    await refused(`${media.origin}/huge.jpg`, 413, /^Content too large$/)
    await refused(`${media.origin}/endless.jpg`, 413, /^Content too large$/)
    await refused(`${media.origin}/page`, 400, /^unsupported url ContentType: 'text\/html'/)
    await refused(`${media.origin}/broken.jpg`, 400, /^Could not hash the photo: /)
  })

  it('refuses what names no content type, no signal type, or no file', async () => {
    const url = `/h/hash?url=${media.origin}/30.jpg`
    const refused = (message: string) => ({ status: 400, json: { message } })
    expect(await hma.get(`${url}&content_type=x`)).toMatchObject(refused("no such content_type: 'x'"))
    expect(await hma.get(`${url}&types=x`)).toMatchObject(
      refused("signal type 'x' doesn't exist or is disabled"),
    )
    expect(await hma.get(`${url}&types=,%20,`)).toMatchObject(refused('empty signal type selection'))
    expect(await hma.get(`${url}&content_type=video&types=pdq`)).toMatchObject(
      refused("signal type 'pdq' doesn't exist or is disabled"),
    )
    const photo = await picture(30)
    expect(await hma.upload('/h/hash', { text: 'x' })).toMatchObject(
      refused('Missing multipart/form-data file upload'),
    )
    expect(await hma.send('POST', '/h/hash', {})).toMatchObject(
      refused('Missing multipart/form-data file upload'),
    )
    expect(await hma.upload('/h/hash', { photo, video: photo })).toMatchObject(
      refused('Only one file allowed per request'),
    )
    expect(await hma.upload('/h/hash', { file: photo })).toMatchObject(
      refused("no such content_type: 'file'"),
    )
  })

  it('keeps to the hosts that the operator names', async () => {
    await using strict = await openHma(media, { HARRIER_MEDIA_HOSTS: 'example.com,127.0.0.1' })
    expect((await strict.get(`/h/hash?url=${media.origin}/30.jpg`)).status).toBe(200)
    for (const host of ['example.com.evil.com', 'notexample.com', 'evil.com'])
      expect(await strict.get(`/h/hash?url=https://${host}/a.jpg`)).toMatchObject({
        status: 400,
        json: { message: 'Invalid or unsafe URL provided' },
      })
  })
})

describe('signal types and content types', () => {
  it('are listed; a signal type is switched off and on again', async () => {
    await using fresh = await openHma(media)
    await fresh.send('POST', '/c/banks', { name: 'A' })
    await fresh.send('POST', '/c/bank/A/signal', { pdq: hashA })
    const types = (await fresh.get('/c/signal_type')).json
    expect(types).toEqual(
      expect.arrayContaining([
        { name: 'pdq', enabled_ratio: 1 },
        { name: 'video_md5', enabled_ratio: 1 },
      ]),
    )
    expect((await fresh.get('/c/content_type')).json).toEqual([
      { enabled: true, name: 'photo' },
      { enabled: true, name: 'video' },
    ])
    const set = (name: string, ratio: unknown) =>
      fresh.send('PUT', `/c/signal_type/${name}`, { enabled_ratio: ratio })
    expect(await set('pdq', 0)).toMatchObject({ status: 200, json: { name: 'pdq', enabled_ratio: 0 } })
    expect(await fresh.get(signalOf('/m/lookup', hashA))).toMatchObject({
      status: 400,
      json: { message: "SignalType 'pdq' is not enabled" },
    })
    expect((await fresh.upload('/h/hash', { photo: await picture(30) })).json).toEqual({})
    expect((await fresh.get('/c/signal_type')).json).toContainEqual({ name: 'pdq', enabled_ratio: 0 })
    await set('pdq', 1)
    expect((await fresh.get(signalOf('/m/lookup', hashA))).json).toHaveProperty('A')
    expect((await set('x', 1)).status).toBe(404)
    expect((await set('pdq', 2)).status).toBe(400)
    expect((await set('pdq', undefined)).status).toBe(422)
  })
})
