import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Hma, openHma, picture } from './support/hma.ts'
import { openServiceTools } from './support/service.ts'

let hma: Hma
beforeAll(async () => {
  hma = await openHma()
})
afterAll(() => hma[Symbol.asyncDispose]())

const refusal = (message: RegExp) => ({ message: expect.stringMatching(message) })
const initial = {
  checkpoint_ts: null,
  fetched_items: 0,
  last_fetch_complete_ts: null,
  last_fetch_succeeded: null,
  running_fetch_start_ts: null,
  up_to_date: false,
}
const ncmec = 'https://exttest.cybertip.org/hashsharing'
const make = (bank: string, api: string, config: object = {}) =>
  hma.send('POST', '/c/exchanges', { bank, api, api_json: config })

describe('kinds of exchange', () => {
  it('are told with what they are set up with', async () => {
    const apis = (await hma.get('/c/exchanges/apis')).json as string[]
    expect(apis).toEqual(['sample', 'fb_threatexchange', 'ncmec', 'stop_ncii', 'tat', 'local_file'])
    const schemaOf = async (api: string) => (await hma.get(`/c/exchanges/api/${api}/schema`)).json
    const field = { required: true, choices: null, default: null, help: null }
    expect(await schemaOf('sample')).toEqual({ config_schema: { fields: [] }, credentials_schema: null })
    expect(await schemaOf('fb_threatexchange')).toEqual({
      config_schema: {
        fields: [{ ...field, name: 'privacy_group', type: 'number', help: expect.any(String) }],
      },
      credentials_schema: {
        fields: [{ ...field, name: 'api_token', type: 'string', help: expect.any(String) }],
      },
    })
    const { config_schema: config, credentials_schema: credentials } = (await schemaOf('ncmec')) as {
      config_schema: { fields: { name: string; choices: string[] | null }[] }
      credentials_schema: object
    }
    expect(config.fields).toEqual([
      { ...field, name: 'environment', type: 'enum', help: expect.any(String), choices: expect.any(Array) },
      {
        ...field,
        name: 'only_esp_ids',
        type: 'set_of_number',
        required: false,
        default: [],
        help: expect.any(String),
      },
    ])
    expect(new Set(config.fields[0]?.choices).size).toBe(14)
    expect(config.fields[0]?.choices).toContain(ncmec)
    const text = { ...field, type: 'string' }
    expect(credentials).toEqual({
      fields: [
        { ...text, name: 'user' },
        { ...text, name: 'password' },
      ],
    })
    expect(await schemaOf('stop_ncii')).toMatchObject({
      config_schema: { fields: [] },
      credentials_schema: {
        fields: [
          { ...text, name: 'fetch_function_key' },
          { ...text, name: 'subscription_key' },
          { name: 'base_url_override', required: false },
        ],
      },
    })
    expect(await schemaOf('local_file')).toMatchObject({
      config_schema: { fields: [{ name: 'filename' }, { name: 'signal_type', required: false }] },
      credentials_schema: null,
    })
    for (const api of ['x', 'constructor', '__proto__']) {
      expect(await hma.get(`/c/exchanges/api/${api}`)).toMatchObject({
        status: 400,
        json: { message: `no such Exchange API '${api}'` },
      })
      expect(await hma.get(`/c/exchanges/api/${api}/schema`)).toMatchObject({
        status: 404,
        json: { message: `Exchange API '${api}' not found` },
      })
    }
  })
})

describe('credentials', () => {
  it('are set, forgotten and never told, and are in a file for its owner alone', async () => {
    const path = '/c/exchanges/api/stop_ncii'
    const flags = (hasSet: boolean) => ({
      status: 200,
      json: { supports_authentification: true, has_set_authentification: hasSet },
    })
    const set = (body: unknown) => hma.send('POST', path, body)
    expect(await hma.get(path)).toMatchObject(flags(false))
    expect(await set({})).toMatchObject(flags(false))
    const secrets = { fetch_function_key: 'the-first-secret', subscription_key: 'the-second-secret' }
    expect(await set({ credential_json: secrets })).toMatchObject(flags(true))
    expect(await hma.get(path)).toMatchObject(flags(true))
    const file = join(hma.folder.path, 'exchange-credentials.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      stop_ncii: { ...secrets, base_url_override: null },
    })
    expect(
      await set({ credential_json: { ...secrets, subscription_key: 'the-third-secret' } }),
    ).toMatchObject(flags(true))
    expect(await set({})).toMatchObject(flags(true))
    expect(readFileSync(file, 'utf8')).toContain('the-third-secret')
    expect(await set({ credential_json: {} })).toMatchObject(flags(false))
    expect(readFileSync(file, 'utf8')).not.toContain('secret')
    expect(readFileSync(join(hma.folder.path, 'harrier.db')).includes('-secret')).toBe(false)
    expect(readFileSync(join(hma.folder.path, 'harrier.db-wal')).includes('-secret')).toBe(false)
    expect(hma.lines.join('')).not.toContain('-secret')
  })

  it('that are none are refused, without being repeated', async () => {
    const refused = async (api: string, credentials: unknown, message: RegExp) => {
      const { status, json, text } = await hma.send('POST', `/c/exchanges/api/${api}`, {
        credential_json: credentials,
      })
      expect([status, json]).toEqual([400, refusal(message)])
      expect(text).not.toContain('hunter2')
    }
    await refused('ncmec', 'x', /^Field `credential_json` must be object$/)
    await refused('ncmec', { user: 'hunter2' }, /^password is required$/)
    await refused('ncmec', { user: 'hunter2', password: 5 }, /^Expected text .* for password/)
    await refused('ncmec', { user: 'hunter2', password: '' }, /^Expected text .* for password/)
    await refused('ncmec', { user: 'a', password: 'hunter2', foreign: 1 }, /^Expected no other fields/)
    await refused('sample', { user: 'a' }, /takes credentials/)
    expect((await hma.send('POST', '/c/exchanges/api/ncmec', [])).status).toBe(400)
    expect((await hma.send('POST', '/c/exchanges/api/x', {})).status).toBe(400)
    expect((await hma.get('/c/exchanges/api/ncmec')).json).toMatchObject({ has_set_authentification: false })
  })
})

describe('an exchange', () => {
  it('is refused where it cannot be set up', async () => {
    const whole = { bank: 'REFUSED', api: 'ncmec', api_json: { environment: ncmec } }
    for (const [body, status, message] of [
      [{}, 400, /^bank is required$/],
      [{ ...whole, bank: 'lower' }, 400, /^Field `bank` must match \/\^\[A-Z0-9_\]\+\$\/$/],
      [{ ...whole, bank: '1X' }, 400, /^Field `bank` must match/],
      [{ ...whole, api_json: 'x' }, 400, /^Field `api_json` must be object$/],
      [{ ...whole, api_json: undefined }, 400, /^Field `api_json` must be object$/],
      [{ ...whole, api: undefined }, 400, /^Field `api_type` is required$/],
      [{ ...whole, api: 'x' }, 400, /^No such exchange type 'x'$/],
      [{ ...whole, api_json: {} }, 400, /^Failed to parse `api_json` - environment is required$/],
      [
        { ...whole, api_json: { environment: 'https://evil.example' } },
        400,
        /^Failed to parse `api_json` - /,
      ],
      [{ ...whole, api_json: { environment: ncmec, only_esp_ids: ['x'] } }, 400, /^Failed to parse/],
      [{ ...whole, api_json: { environment: ncmec, only_esp_id: [1] } }, 400, /^Failed to parse/],
      [{ ...whole, api: 'fb_threatexchange', api_json: { privacy_group: 'x' } }, 400, /^Failed to parse/],
    ] as const)
      expect(await hma.send('POST', '/c/exchanges', body)).toMatchObject({ status, json: refusal(message) })
    expect((await hma.get('/c/bank/REFUSED')).status).toBe(404)
    await hma.send('POST', '/c/banks', { name: 'TAKEN' })
    expect(await make('TAKEN', 'sample')).toMatchObject({
      status: 403,
      json: { message: 'Bank already exists' },
    })
    expect((await hma.get('/c/exchange/TAKEN')).status).toBe(404)
  })

  it('is made with its bank, told, switched off and removed with it', async () => {
    const config = { environment: ncmec, only_esp_ids: [1, '2', 1] }
    expect(await make('FROM_NCMEC', 'ncmec', config)).toMatchObject({
      status: 201,
      json: { message: 'Created successfully' },
    })
    expect((await hma.get('/c/bank/FROM_NCMEC')).json).toEqual({
      name: 'FROM_NCMEC',
      matching_enabled_ratio: 1,
    })
    expect((await hma.get('/c/exchanges')).json).toContain('FROM_NCMEC')
    const told = {
      name: 'FROM_NCMEC',
      api: 'ncmec',
      enabled: true,
      environment: ncmec,
      only_esp_ids: [1, 2],
    }
    const path = '/c/exchange/FROM_NCMEC'
    expect((await hma.get(path)).json).toEqual(told)
    // Nothing fetches from there, and nothing says that it does.
    expect(await hma.get(`${path}/status`)).toMatchObject({ status: 200, json: initial })
    const off = await hma.send('PUT', path, { enabled: 'false' })
    expect(off).toMatchObject({ status: 200, json: { ...told, enabled: false } })
    expect(await hma.send('PUT', path, {})).toMatchObject({ status: 422, json: [{ loc: ['enabled'] }] })
    await hma.send('PUT', '/c/bank/FROM_NCMEC', { name: 'RENAMED' })
    expect((await hma.get(path)).status).toBe(404)
    expect((await hma.get('/c/exchange/RENAMED')).json).toEqual({ ...told, name: 'RENAMED', enabled: false })
    for (let i = 0; i < 2; i++)
      expect(await hma.send('DELETE', '/c/exchange/RENAMED')).toMatchObject({
        status: 200,
        json: { message: 'Exchange deleted' },
      })
    for (const gone of ['/c/exchange/RENAMED', '/c/exchange/RENAMED/status'])
      expect(await hma.get(gone)).toMatchObject({
        status: 404,
        json: { message: "Exchange 'RENAMED' not found" },
      })
    expect((await hma.send('PUT', '/c/exchange/RENAMED', { enabled: true })).status).toBe(404)
    expect((await hma.get('/c/bank/RENAMED')).status).toBe(404)
  })

  it('of a bank that is removed goes with it', async () => {
    await make('SHORT_LIVED', 'tat')
    expect((await hma.send('DELETE', '/c/bank/SHORT_LIVED')).status).toBe(200)
    expect((await hma.get('/c/exchange/SHORT_LIVED')).status).toBe(404)
    expect((await hma.get('/c/exchanges')).json).not.toContain('SHORT_LIVED')
  })
})

describe('/dev', () => {
  it('is not there unless it is switched on, and never has a factory reset', async () => {
    for (const path of ['/dev/setup_sample_example', '/dev/run_fetch', '/dev/factory_reset'])
      expect((await hma.send('POST', path)).status).toBe(404)
    await using open = await openHma(undefined, { HARRIER_HMA_ROLES: 'curator,dev' })
    for (let i = 0; i < 2; i++) {
      expect((await open.send('POST', '/dev/setup_sample_example')).status).toBe(302)
      await expect
        .poll(async () => (await open.get('/c/exchange/SAMPLE/status')).json)
        .toMatchObject({ up_to_date: true, fetched_items: 18 })
    }
    const fetches = () => open.lines.filter((line) => line.includes('exchange.synced')).length
    const before = fetches()
    expect((await open.send('POST', '/dev/run_fetch')).status).toBe(302)
    await expect.poll(fetches).toBeGreaterThan(before)
    expect((await open.send('POST', '/dev/factory_reset')).status).toBe(404)
    expect((await open.get('/c/banks')).json).toHaveLength(1)
  })
})

describe('the sample exchange', () => {
  it('is fetched at once, and its hashes match, also from pictures', async () => {
    expect((await make('SAMPLE', 'sample')).status).toBe(201)
    const status = async () => (await hma.get('/c/exchange/SAMPLE/status')).json
    await expect.poll(status).toMatchObject({ up_to_date: true })
    expect(await status()).toEqual({
      ...initial,
      fetched_items: 18,
      last_fetch_complete_ts: expect.any(Number),
      last_fetch_succeeded: true,
      up_to_date: true,
    })
    expect((await hma.get('/m/index/status')).json).toMatchObject({
      pdq: { present: true, size: 16 },
      video_md5: { present: true, size: 2 },
    })
    // The first of its pictures, drawn anew, smaller and compressed.
    const found = (await hma.upload('/m/lookup', { photo: await picture(1) })).json as {
      pdq: { SAMPLE: { bank_content_id: number; distance: string }[] }
    }
    expect(found).toEqual({
      pdq: { SAMPLE: [{ bank_content_id: expect.any(Number), distance: expect.any(String) }] },
    })
    const [{ bank_content_id: id, distance }] = found.pdq.SAMPLE as [(typeof found.pdq.SAMPLE)[0]]
    expect(Number(distance)).toBeLessThan(16)
    const content = (await hma.get(`/c/bank/SAMPLE/content/${id}?include_signals=true`)).json as {
      signals: { pdq: string }
      metadata: object
    }
    expect(content.metadata).toEqual({ collab: { SAMPLE: [`pdq-${content.signals.pdq}`] } })
    expect((await hma.send('PUT', `/c/bank/SAMPLE/content/${id}`, { note: 'n' })).json).toMatchObject({
      collab_metadata: { SAMPLE: [`pdq-${content.signals.pdq}`] },
      user_metadata: null,
    })
    await using tools = await openServiceTools(hma.folder)
    expect((await tools.banks.list()).find(({ name }) => name === 'SAMPLE')?.contentCount).toBe(18)
    expect((await hma.send('DELETE', '/c/exchange/SAMPLE')).status).toBe(200)
    expect((await hma.upload('/m/lookup', { photo: await picture(1) })).json).toEqual({ pdq: {} })
    expect((await hma.get('/m/index/status')).json).toMatchObject({ pdq: { present: false, size: 0 } })
  })

  it('is fetched no second time', async () => {
    await using first = await openHma()
    await first.send('POST', '/c/exchanges', { bank: 'SAMPLE', api: 'sample', api_json: {} })
    await expect
      .poll(async () => (await first.get('/c/exchange/SAMPLE/status')).json)
      .toMatchObject({ fetched_items: 18, up_to_date: true })
    const { json } = await first.get('/c/bank/SAMPLE/content?limit=1')
    const [content] = (json as { contents: { id: number }[] }).contents
    await first.send('DELETE', `/c/bank/SAMPLE/content/${content!.id}`)
    await first.send('PUT', '/c/exchange/SAMPLE', { enabled: false })
    await first.send('PUT', '/c/exchange/SAMPLE', { enabled: true })
    await expect
      .poll(() => first.lines.filter((line) => line.includes('exchange.synced')).length)
      .toBeGreaterThan(1)
    const after = (await first.get('/c/bank/SAMPLE/content')).json as { contents: object[] }
    expect(after.contents).toHaveLength(17)
  })
})
