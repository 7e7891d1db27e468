/*
 * What the tests of Hasher-Matcher-Actioner 1.1.7 ask of it, one test for each: whoever reads theirs finds the same names here.
 */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Hma, openHma, openMedia, picture } from './support/hma.ts'
import { absentHma, openTestHttp, testHmaOptions } from './support/http-fixture.ts'
import type { LoopbackServer } from './support/listen.ts'
import { openService } from './support/service.ts'

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

const statusOf = async (answer: ReturnType<Hma['get']>) => (await answer).status
const jsonOf = async (answer: ReturnType<Hma['get']>) => (await answer).json
const pdqQuery = (signal: string, more = '') => `?signal_type=pdq&signal=${signal}${more}`
async function bankOf(name: string): Promise<string> {
  expect(await statusOf(hma.send('POST', '/c/banks', { name }))).toBe(201)
  return `/c/bank/${name}`
}
const addSignal = async (bank: string, pdq: string, more: object = {}) =>
  ((await jsonOf(hma.send('POST', `${bank}/signal`, { pdq, ...more }))) as { id: number }).id
const urlOf = (path: string) => encodeURIComponent(`${media.origin}/${path}`)

describe('core', () => {
  it('test_status: loaded, limit 0; stale, limit 65; refreshed; live in all of those, and before (hma-status)', async () => {
    let ageMs = 70_000
    const services = { hma: { ...absentHma, indexAgeMs: () => ageMs } }
    const probe = async (url: string, path: string) => {
      const response = await fetch(url + path)
      expect(await (await fetch(`${url}/status/live`)).text()).toBe('I-AM-ALIVE')
      return [response.status, await response.text()]
    }
    await using unlimited = await openTestHttp(services, { hma: { ...testHmaOptions, indexStaleMs: 0 } })
    expect(await probe(unlimited.operator.url, '/status')).toEqual([200, 'I-AM-ALIVE'])
    await using limited = await openTestHttp(services)
    expect(await probe(limited.operator.url, '/status')).toEqual([503, 'INDEX-STALE'])
    ageMs = 0
    expect(await probe(limited.operator.url, '/status')).toEqual([200, 'I-AM-ALIVE'])
  })

  it('test_openapi: the title', async () => {
    expect(await jsonOf(hma.get('/openapi/openapi.json'))).toMatchObject({
      info: { title: 'Open Media Match API' },
    })
  })
})

describe('banks', () => {
  it('test_banks_empty_index and test_create: none at first; two bad names; one good one, which is listed', async () => {
    await using fresh = await openHma()
    expect(await jsonOf(fresh.get('/c/banks'))).toEqual([])
    const create = (name: string) => fresh.send('POST', '/c/banks', { name })
    expect(await statusOf(create('01_TEST_BANK'))).toBe(400)
    expect(await statusOf(create('my_test_bank'))).toBe(400)
    const bank = { matching_enabled_ratio: 1, name: 'MY_TEST_BANK_01' }
    expect(await create('MY_TEST_BANK_01')).toMatchObject({ status: 201, json: bank })
    expect(await jsonOf(fresh.get('/c/banks'))).toEqual([bank])
  })

  it('test_banks_update: bad name, rename, disable, ratio; the list has the one bank as it is now', async () => {
    await using fresh = await openHma()
    await fresh.send('POST', '/c/banks', { name: 'MY_TEST_BANK' })
    const update = (name: string, body: object) => fresh.send('PUT', `/c/bank/${name}`, body)
    expect(await statusOf(update('MY_TEST_BANK', { name: '01_BAD' }))).toBe(400)
    expect(await statusOf(update('MY_TEST_BANK', { name: 'MY_NEW_BANK' }))).toBe(200)
    const ratio = async (body: object) => await jsonOf(update('MY_NEW_BANK', body))
    expect(await ratio({ enabled: false })).toMatchObject({ matching_enabled_ratio: 0 })
    expect(await ratio({ enabled_ratio: 0.5 })).toMatchObject({ matching_enabled_ratio: 0.5 })
    expect(await jsonOf(fresh.get('/c/banks'))).toEqual([
      { matching_enabled_ratio: 0.5, name: 'MY_NEW_BANK' },
    ])
  })

  it('test_banks_delete: 200, and 200 again', async () => {
    const bank = await bankOf('DELETED')
    for (let i = 0; i < 2; i++) expect(await statusOf(hma.send('DELETE', bank))).toBe(200)
  })
})

describe('content', () => {
  it('test_banks_add_hash: id 1 with its signals; told again; 404 of what is missing', async () => {
    await using fresh = await openHma(media)
    await fresh.send('POST', '/c/banks', { name: 'TEST_BANK' })
    const added = await fresh.send(
      'POST',
      `/c/bank/TEST_BANK/content?url=${urlOf('1.jpg')}&content_type=photo`,
    )
    const pdq = expect.stringMatching(/^[0-9a-f]{64}$/)
    expect(added).toMatchObject({ status: 200, json: { id: 1, signals: { pdq } } })
    expect(await fresh.get('/c/bank/TEST_BANK/content/1')).toMatchObject({ status: 200, json: { id: 1 } })
    expect(await statusOf(fresh.get('/c/bank/NO_BANK/content/1'))).toBe(404)
    expect(await statusOf(fresh.get('/c/bank/TEST_BANK/content/2'))).toBe(404)
  })

  it('test_bank_update_content: disabled for a year is echoed, for centuries refused; deleted', async () => {
    const bank = await bankOf('UPDATED')
    const path = `${bank}/content/${await addSignal(bank, '1'.repeat(64))}`
    const inAYear = Math.floor(Date.now() / 1000) + 31_536_000
    const set = (until: number) => hma.send('PUT', path, { disable_until_ts: until })
    expect(await jsonOf(set(inAYear))).toMatchObject({ disable_until_ts: inAYear })
    expect(await statusOf(set(9_999_999_999))).toBe(400)
    expect(await jsonOf(hma.send('DELETE', path))).toEqual({ deleted: 1 })
  })

  it('test_bank_add_metadata: unknown key refused; round trip; left out where not wanted, and where there is none', async () => {
    const bank = await bankOf('DESCRIBED')
    const add = (file: string, metadata?: object) =>
      hma.send('POST', `${bank}/content?url=${urlOf(file)}`, metadata && { metadata })
    expect(await statusOf(add('2.jpg', { invalid_metadata: 'x' }))).toBe(400)
    const metadata = { content_id: '1197433091', json: { asdf: {} } }
    const { id } = (await jsonOf(add('2.jpg', metadata))) as { id: number }
    expect(await jsonOf(hma.get(`${bank}/content/${id}`))).toMatchObject({ metadata })
    expect(await jsonOf(hma.get(`${bank}/content/${id}?include_metadata=false`))).not.toHaveProperty(
      'metadata',
    )
    const plain = (await jsonOf(add('3.jpg'))) as { id: number }
    expect(await jsonOf(hma.get(`${bank}/content/${plain.id}`))).not.toHaveProperty('metadata')
  })

  it('test_notes: with a content, with a signal, none, changed, cleared, 256 characters refused and 255 taken', async () => {
    const bank = await bankOf('NOTED')
    const noteOf = async (id: number) =>
      ((await jsonOf(hma.get(`${bank}/content/${id}`))) as { note?: string }).note
    const uploaded = (await jsonOf(
      hma.upload(`${bank}/content`, { photo: await picture(4), note: 'of a content' }),
    )) as { id: number }
    expect(await noteOf(uploaded.id)).toBe('of a content')
    const id = await addSignal(bank, '2'.repeat(64), { note: 'of a signal' })
    expect(await noteOf(id)).toBe('of a signal')
    expect(await noteOf(await addSignal(bank, '3'.repeat(64)))).toBeUndefined()
    const set = (note: string) => statusOf(hma.send('PUT', `${bank}/content/${id}`, { note }))
    for (const [note, status, kept] of [
      ['changed', 200, 'changed'],
      ['', 200, undefined],
      ['n'.repeat(256), 400, undefined],
      ['n'.repeat(255), 200, 'n'.repeat(255)],
    ] as const)
      expect([await set(note), await noteOf(id)]).toEqual([status, kept])
  })

  it('test_include_signals: only where they are wanted, and then some', async () => {
    const bank = await bankOf('SIGNALLED')
    const path = `${bank}/content/${await addSignal(bank, '4'.repeat(64))}`
    expect(await jsonOf(hma.get(path))).not.toHaveProperty('signals')
    expect(await jsonOf(hma.get(`${path}?include_signals=true`))).toMatchObject({
      signals: { pdq: '4'.repeat(64) },
    })
  })
})

describe('matching', () => {
  it('test_raw_lookup: each of two contents is found by its own hash', async () => {
    await using fresh = await openHma(media)
    await fresh.send('POST', '/c/banks', { name: 'TEST_BANK' })
    for (const [file, id] of [
      ['5.jpg', 1],
      ['6.jpg', 2],
    ] as const) {
      const added = await jsonOf(fresh.send('POST', `/c/bank/TEST_BANK/content?url=${urlOf(file)}`))
      const { pdq } = (added as { signals: { pdq: string } }).signals
      expect(await jsonOf(fresh.get(`/m/raw_lookup${pdqQuery(pdq)}`))).toEqual({ matches: [id] })
    }
  })

  it('test_fetch_to_match: 16 PDQ and 2 MD5 of the sample are there, and each is found in its bank alone', async () => {
    await using fresh = await openHma()
    await fresh.send('POST', '/c/exchanges', { bank: 'SAMPLE', api: 'sample', api_json: {} })
    await expect
      .poll(() => jsonOf(fresh.get('/c/exchange/SAMPLE/status')))
      .toMatchObject({ fetched_items: 18, up_to_date: true })
    const page = (await jsonOf(fresh.get('/c/bank/SAMPLE/content'))) as {
      contents: { signals: Record<string, string> }[]
    }
    const signals = page.contents.flatMap((content) => Object.entries(content.signals))
    const count = (name: string) => signals.filter(([own]) => own === name).length
    expect([count('pdq'), count('video_md5')]).toEqual([16, 2])
    for (const [type, signal] of signals) {
      const query = `?signal_type=${type}&signal=${signal}`
      const { matches } = (await jsonOf(fresh.get(`/m/raw_lookup${query}`))) as { matches: object[] }
      expect(matches.length).toBeGreaterThan(0)
      const far = (await jsonOf(fresh.get(`/m/raw_lookup${query}&include_distance=true`))) as typeof page & {
        matches: object[]
      }
      expect(far.matches).toEqual(
        matches.map((id) => ({ bank_content_id: id, distance: expect.any(String) })),
      )
      expect(Object.keys((await jsonOf(fresh.get(`/m/lookup${query}`))) as object)).toEqual(['SAMPLE'])
    }
  })

  it('test_lookup_with_bank_filter: three banks, one of them, two of them, none', async () => {
    const signal = '5'.repeat(64)
    for (const name of ['BANK_A', 'BANK_B', 'BANK_C']) await addSignal(await bankOf(name), signal)
    for (const [banks, count] of [
      ['', 3],
      ['&banks=BANK_A', 1],
      ['&banks=BANK_A,BANK_B', 2],
      ['&banks=NON_EXISTENT', 0],
    ] as const) {
      const raw = async (more: string) =>
        ((await jsonOf(hma.get(`/m/raw_lookup${pdqQuery(signal, banks + more)}`))) as { matches: [] }).matches
      expect(await raw('')).toHaveLength(count)
      expect(await raw('&include_distance=true')).toHaveLength(count)
      expect(
        Object.keys((await jsonOf(hma.get(`/m/lookup${pdqQuery(signal, banks)}`))) as object),
      ).toHaveLength(count)
    }
  })

  it('test_exact_index: 16 PDQs by signal; the index has them; the last is found as content 16, another is not', async () => {
    await using fresh = await openHma()
    await fresh.send('POST', '/c/banks', { name: 'TEST_BANK' })
    const signals = Array.from({ length: 16 }, (_, i) =>
      createHash('sha256').update(`signal ${i}`).digest('hex'),
    )
    for (const pdq of signals)
      expect(await statusOf(fresh.send('POST', '/c/bank/TEST_BANK/signal', { pdq }))).toBe(200)
    expect(await jsonOf(fresh.get('/m/index/status'))).toMatchObject({ pdq: { present: true, size: 16 } })
    expect(await jsonOf(fresh.get(`/m/lookup${pdqQuery(signals[15]!)}`))).toEqual({
      TEST_BANK: [{ bank_content_id: 16, distance: '0' }],
    })
    expect(await jsonOf(fresh.get(`/m/lookup${pdqQuery('5'.repeat(64))}`))).toEqual({})
  })

  it('test_lookup_by_url and by upload: photo and video 200; without the hasher role 403, whatever the field', async () => {
    expect(await statusOf(hma.get(`/m/lookup?url=${urlOf('1.jpg')}&content_type=photo`))).toBe(200)
    for (const field of ['photo', 'video'])
      expect(await statusOf(hma.upload('/m/lookup', { [field]: await picture(1) }))).toBe(200)
    await using bare = await openHma(media, { HARRIER_HMA_ROLES: 'matcher,curator' })
    expect(await statusOf(bare.get(`/m/lookup?url=${urlOf('1.jpg')}&content_type=photo`))).toBe(403)
    expect(await statusOf(bare.upload('/m/lookup', { bogus: await picture(1) }))).toBe(403)
  })

  it('test_compare: the vector, and every malformed input', async () => {
    const a = 'facd8bcb2a49bcebdec1985298d5fe84bcd006c187c598c720c3c087b3fdb318'
    const b = 'facd8bcb2a49bcebdec1985228d5ae84bcd006c187c598c720c2b087b3fdb318'
    const compare = (body: unknown) => hma.send('POST', '/m/compare', body)
    expect(await compare({ pdq: [a, b] })).toMatchObject({
      status: 200,
      json: { pdq: [true, { distance: 9 }] },
    })
    for (const bad of [
      [],
      'x',
      { pdq: a },
      { pdq: [a] },
      { pdq: [a, b, a] },
      { nope: [a, b] },
      { pdq: [a, 'z'] },
    ])
      expect(await statusOf(compare(bad))).toBe(400)
  })
})

describe('hashing', () => {
  it('test_is_valid_url: what may be asked, what may not, and the list of hosts', async () => {
    const hash = (client: Hma, url: string) =>
      client.get(`/h/hash?url=${encodeURIComponent(url)}&content_type=photo`)
    const unsafe = { status: 400, json: { message: 'Invalid or unsafe URL provided' } }
    for (const url of [
      'ftp://example.com',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'data:text/plain,x',
      'ws://example.com',
      'example.com',
      'http://',
      'http:///x',
      'http://example.com:',
      'http://example.com:abc',
    ])
      expect([url, await hash(hma, url)]).toMatchObject([url, unsafe])
    expect(await statusOf(hash(hma, `${media.origin}/1.jpg`))).toBe(200)
    await using strict = await openHma(media, { HARRIER_MEDIA_HOSTS: 'example.com' })
    for (const url of ['http://example.com.evil.com/x', 'http://evil.com/x', `${media.origin}/1.jpg`])
      expect([url, await hash(strict, url)]).toMatchObject([url, unsafe])
  })

  it('test_too_large: 413 by what the server says, and by what it sends; the limit is the setting', async () => {
    for (const file of ['huge.jpg', 'endless.jpg'])
      expect(await hma.get(`/h/hash?url=${urlOf(file)}`)).toMatchObject({
        status: 413,
        json: { message: 'Content too large' },
      })
    await using small = await openHma(media, { HARRIER_MAX_BLOB_BYTES: '1000' })
    expect(await statusOf(small.get(`/h/hash?url=${urlOf('1.jpg')}`))).toBe(413)
    // A limit that is no number does not wait for a request: the service does not start.
    await expect(openHma(media, { HARRIER_MAX_BLOB_BYTES: 'much' })).rejects.toThrow('HARRIER_MAX_BLOB_BYTES')
  })
})

describe('exchanges', () => {
  it('test_exchange_apis: the list; flags of one without and of one with credentials, set and unset', async () => {
    expect(await jsonOf(hma.get('/c/exchanges/apis'))).toEqual(
      expect.arrayContaining(['sample', 'fb_threatexchange', 'ncmec', 'stop_ncii']),
    )
    const flags = (supports: boolean, has: boolean) => ({
      supports_authentification: supports,
      has_set_authentification: has,
    })
    const threatExchange = '/c/exchanges/api/fb_threatexchange'
    const set = (credentials: object) =>
      jsonOf(hma.send('POST', threatExchange, { credential_json: credentials }))
    expect(await jsonOf(hma.get('/c/exchanges/api/sample'))).toEqual(flags(false, false))
    expect(await jsonOf(hma.get(threatExchange))).toEqual(flags(true, false))
    expect(await set({ api_token: '12345678|secret' })).toEqual(flags(true, true))
    expect(await jsonOf(hma.get(threatExchange))).toEqual(flags(true, true))
    expect(await set({})).toEqual(flags(true, false))
    expect(await jsonOf(hma.get(threatExchange))).toEqual(flags(true, false))
  })

  it('test_exchange_api_schema: no credentials of the sample; a number and a text of ThreatExchange', async () => {
    expect(await jsonOf(hma.get('/c/exchanges/api/sample/schema'))).toMatchObject({
      credentials_schema: null,
    })
    expect(await jsonOf(hma.get('/c/exchanges/api/fb_threatexchange/schema'))).toMatchObject({
      config_schema: { fields: [{ name: 'privacy_group', type: 'number', required: true }] },
      credentials_schema: { fields: [{ name: 'api_token', type: 'string' }] },
    })
  })

  it('test_exchange_delete: unknown 200; made 201, deleted 200', async () => {
    const deleted = { status: 200, json: { message: 'Exchange deleted' } }
    expect(await hma.send('DELETE', '/c/exchange/UNKNOWN')).toMatchObject(deleted)
    const body = { bank: 'TO_DELETE', api: 'sample', api_json: {} }
    expect(await statusOf(hma.send('POST', '/c/exchanges', body))).toBe(201)
    expect(await hma.send('DELETE', '/c/exchange/TO_DELETE')).toMatchObject(deleted)
    expect(await statusOf(hma.get('/c/bank/TO_DELETE'))).toBe(404)
  })

  it('test_exchange_status: unknown 404; six keys of one that is there', async () => {
    expect(await statusOf(hma.get('/c/exchange/UNKNOWN/status'))).toBe(404)
    await hma.send('POST', '/c/exchanges', { bank: 'WITH_STATUS', api: 'stop_ncii', api_json: {} })
    expect(
      Object.keys((await jsonOf(hma.get('/c/exchange/WITH_STATUS/status'))) as object).toSorted(),
    ).toEqual([
      'checkpoint_ts',
      'fetched_items',
      'last_fetch_complete_ts',
      'last_fetch_succeeded',
      'running_fetch_start_ts',
      'up_to_date',
    ])
  })
})

describe('storage', () => {
  it('credentials cannot be set of a kind without them, nor of an unknown one', async () => {
    const set = (api: string) =>
      statusOf(hma.send('POST', `/c/exchanges/api/${api}`, { credential_json: { api_token: 'x' } }))
    expect([await set('sample'), await set('unknown')]).toEqual([400, 400])
  })

  it('the index heals itself: it is made anew of the banks when the service starts', async () => {
    await using fresh = await openHma()
    await fresh.send('POST', '/c/banks', { name: 'TEST_BANK' })
    await fresh.send('POST', '/c/bank/TEST_BANK/signal', { pdq: '6'.repeat(64) })
    await fresh.app[Symbol.asyncDispose]()
    await using again = await openService(fresh.folder)
    const response = await fetch(`${again.operatorUrl}/m/lookup${pdqQuery('6'.repeat(64))}`)
    expect(await response.json()).toEqual({ TEST_BANK: [{ bank_content_id: 1, distance: '0' }] })
  })
})
