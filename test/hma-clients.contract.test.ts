/*
 * What two clients of Hasher-Matcher-Actioner send and were answered: the recorded calls of FetLife's Ruby client, and every call of
 * Coop, which joins a base that ends in a slash with paths that begin with one.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Hma, openHma, openMedia, picture } from './support/hma.ts'
import type { LoopbackServer } from './support/listen.ts'

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

const stored = 'f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22'
const urlOf = (path: string) => encodeURIComponent(`${media.origin}/${path}`)
const initialStatus = {
  checkpoint_ts: null,
  fetched_items: 0,
  last_fetch_complete_ts: null,
  last_fetch_succeeded: null,
  running_fetch_start_ts: null,
  up_to_date: false,
}

describe('recorded: FetLife', () => {
  it('POST /c/banks, again, and with a bad name', async () => {
    const body = { name: 'TEST_BANK', enabled: 'true', matching_enabled_ratio: 1.0 }
    expect(await hma.send('POST', '/c/banks', body)).toMatchObject({
      status: 201,
      json: { name: 'TEST_BANK', matching_enabled_ratio: 1 },
    })
    expect(await hma.send('POST', '/c/banks', body)).toMatchObject({
      status: 403,
      json: { message: 'Bank already exists' },
    })
    expect((await hma.send('POST', '/c/banks', { ...body, name: 'bad_name' })).status).toBe(400)
  })

  it('GET of a bank that is not there, and content for it', async () => {
    const missing = { status: 404, json: { message: "bank 'NON_EXISTENT_BANK' not found" } }
    expect(await hma.get('/c/bank/NON_EXISTENT_BANK')).toMatchObject(missing)
    expect(await hma.send('POST', `/c/bank/NON_EXISTENT_BANK/content?url=${urlOf('1.jpg')}`)).toMatchObject(
      missing,
    )
  })

  it('POST /c/exchanges of the sample, what it is, and how far', async () => {
    const body = { bank: 'NEW_BANK_NAME', api: 'sample', api_json: {} }
    expect((await hma.send('POST', '/c/exchanges', body)).status).toBe(201)
    expect((await hma.get('/c/exchange/NEW_BANK_NAME')).json).toEqual({
      name: 'NEW_BANK_NAME',
      api: 'sample',
      enabled: true,
    })
    // Theirs was asked before its fetch, which here has begun: the initial values are those of one that is not fetched.
    await hma.send('POST', '/c/exchanges', { ...body, bank: 'NEVER_FETCHED', api: 'stop_ncii' })
    expect((await hma.get('/c/exchange/NEVER_FETCHED/status')).json).toEqual(initialStatus)
  })

  it('POST /c/exchanges/api/ncmec with credentials', async () => {
    const credentials = { credential_json: { user: 'someone', password: 'a-secret' } }
    expect(await hma.send('POST', '/c/exchanges/api/ncmec', credentials)).toMatchObject({
      status: 200,
      json: { supports_authentification: true, has_set_authentification: true },
    })
  })

  it('GET /m/lookup at distance 26, and of what is not there', async () => {
    await hma.send('POST', '/c/bank/TEST_BANK/signal', { pdq: stored })
    const near = '58d871ceecf4e84d82368232078f27f0b76e26f592621e9d33e6338d4e9c9b22'
    const far = '2c8b8a05f302cbf219e06c95c73ec65f5868098d77327698d196da6d99e7d38a'
    expect((await hma.get(`/m/lookup?signal_type=pdq&signal=${near}`)).json).toEqual({
      TEST_BANK: [{ bank_content_id: expect.any(Number), distance: '26' }],
    })
    expect((await hma.get(`/m/lookup?signal_type=pdq&signal=${far}`)).json).toEqual({})
  })

  it('GET /m/raw_lookup as numbers, and as objects with include_distance', async () => {
    const query = `/m/raw_lookup?signal_type=pdq&signal=${stored}`
    const { matches } = (await hma.get(query)).json as { matches: number[] }
    expect(matches).toEqual([expect.any(Number)])
    expect((await hma.get(`${query}&include_distance=true`)).json).toEqual({
      matches: [{ bank_content_id: matches[0], distance: '0' }],
    })
  })

  it('GET /m/lookup by URL with types and content_type', async () => {
    const { json } = await hma.get(`/m/lookup?url=${urlOf('30.jpg')}&types=pdq&content_type=photo`)
    expect(json).toEqual({ pdq: {} })
  })

  it('POST content with the whole metadata in the query', async () => {
    const metadata = { content_id: 'ext-1', content_uri: 'https://a.example/1', json: { reason: 'x' } }
    const query = `url=${urlOf('31.jpg')}&metadata=${encodeURIComponent(JSON.stringify(metadata))}`
    const added = await hma.send('POST', `/c/bank/TEST_BANK/content?${query}`)
    const { id } = added.json as { id: number }
    expect(added).toMatchObject({ status: 200, json: { signals: { pdq: expect.any(String) } } })
    expect((await hma.get(`/c/bank/TEST_BANK/content/${id}`)).json).toMatchObject({ metadata })
  })

  it('GET /status as text', async () => {
    const response = await fetch(`${hma.app.operatorUrl}/status`)
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      'text/html; charset=utf-8',
      'I-AM-ALIVE',
    ])
  })
})

describe('Coop', () => {
  const bank = '//c/bank/COOP_ORG_KNOWN'

  it('create bank', async () => {
    expect(await hma.send('POST', '//c/banks', { name: 'COOP_ORG_KNOWN', enabled_ratio: '1' })).toMatchObject(
      { status: 201, json: { name: 'COOP_ORG_KNOWN', matching_enabled_ratio: 1 } },
    )
  })

  it('list APIs, each with its flags', async () => {
    const apis = (await hma.get('//c/exchanges/apis')).json as string[]
    expect(apis.length).toBeGreaterThan(3)
    for (const api of apis)
      expect(await hma.get(`//c/exchanges/api/${api}`)).toMatchObject({
        status: 200,
        json: {
          supports_authentification: expect.any(Boolean),
          has_set_authentification: expect.any(Boolean),
        },
      })
  })

  it('form', async () => {
    for (const api of ['fb_threatexchange', 'ncmec', 'stop_ncii'])
      expect((await hma.get(`//c/exchanges/api/${api}/schema`)).json).toMatchObject({
        config_schema: { fields: expect.any(Array) },
        credentials_schema: { fields: expect.arrayContaining([expect.objectContaining({ type: 'string' })]) },
      })
  })

  it('credentials', async () => {
    const credentials = { credential_json: { api_token: '12345678|secret' } }
    expect((await hma.send('POST', '//c/exchanges/api/fb_threatexchange', credentials)).json).toEqual({
      supports_authentification: true,
      has_set_authentification: true,
    })
  })

  it('create exchange bank, then its ratio', async () => {
    const body = { bank: 'COOP_ORG_SHARED', api: 'fb_threatexchange', api_json: { privacy_group: '123' } }
    expect((await hma.send('POST', '//c/exchanges', body)).status).toBe(201)
    const ratio = await hma.send('PUT', '//c/bank/COOP_ORG_SHARED', { enabled_ratio: 0.5 })
    expect(ratio).toMatchObject({ status: 200, json: { matching_enabled_ratio: 0.5 } })
  })

  it('exchange card', async () => {
    expect((await hma.get('//c/exchange/COOP_ORG_SHARED')).json).toEqual({
      name: 'COOP_ORG_SHARED',
      api: 'fb_threatexchange',
      enabled: true,
      privacy_group: 123,
    })
    expect((await hma.get('//c/exchange/COOP_ORG_SHARED/status')).json).toEqual(initialStatus)
    expect((await hma.get('//c/exchange/COOP_ORG_KNOWN')).status).toBe(404)
  })

  it('ratio', async () => {
    expect((await hma.send('PUT', bank, { enabled_ratio: 0.9 })).json).toMatchObject({
      matching_enabled_ratio: 0.9,
    })
    await hma.send('PUT', bank, { enabled_ratio: 1 })
  })

  it('verify', async () => {
    expect((await hma.get(bank)).status).toBe(200)
  })

  it('hash, add content by URL, match', async () => {
    const hashed = (await hma.get(`//h/hash?url=${urlOf('40.jpg')}`)).json as { pdq: string }
    expect(hashed).toEqual({ pdq: expect.stringMatching(/^[0-9a-f]{64}$/) })
    const query = new URLSearchParams({
      url: `${media.origin}/40.jpg`,
      content_id: 'item-1',
      content_uri: 'https://a.example/1',
      metadata: '{"reason":"x"}',
    })
    const added = await hma.send('POST', `${bank}/content?${query.toString()}`)
    expect(added).toMatchObject({ status: 200, json: { id: expect.any(Number), signals: hashed } })
    const { id } = added.json as { id: number }
    expect((await hma.get(`//m/lookup?signal_type=pdq&signal=${hashed.pdq}`)).json).toEqual({
      COOP_ORG_KNOWN: [{ bank_content_id: id, distance: '0' }],
    })
    expect((await hma.get(`${bank}/content/${id}`)).json).toMatchObject({
      metadata: { content_id: 'item-1', content_uri: 'https://a.example/1', json: { reason: 'x' } },
    })
  })

  it('add content by file', async () => {
    const added = await hma.upload(`${bank}/content`, {
      photo: await picture(41),
      content_id: 'item-2',
      content_uri: 'https://a.example/2',
      metadata: '{"reason":"y"}',
    })
    expect(added).toMatchObject({
      status: 200,
      json: { id: expect.any(Number), signals: { pdq: expect.any(String) } },
    })
  })

  it('rename, which is a new bank and the end of the old one; delete', async () => {
    expect((await hma.send('POST', '//c/banks', { name: 'COOP_ORG_OTHER', enabled_ratio: '1' })).status).toBe(
      201,
    )
    for (const name of ['COOP_ORG_KNOWN', 'COOP_ORG_OTHER', 'COOP_ORG_SHARED']) {
      expect((await hma.send('DELETE', `//c/bank/${name}`)).status).toBe(200)
      expect((await hma.get(`//c/bank/${name}`)).status).toBe(404)
    }
    expect((await hma.get('//c/exchange/COOP_ORG_SHARED')).status).toBe(404)
  })
})
