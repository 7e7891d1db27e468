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

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  hma.request(path, { method: 'POST', body: new URLSearchParams(fields), headers })
const signalsOf = async (bank: string, signals: object) => {
  await hma.send('POST', '/c/banks', { name: bank })
  const { status, json } = await hma.send('POST', `/c/bank/${bank}/signal`, signals)
  expect(status).toBe(200)
  return (json as { id: number }).id
}

describe('the pages', () => {
  it('show what there is, escaped, with nothing that runs or comes from elsewhere', async () => {
    await hma.send('POST', '/c/banks', { name: 'SHOWN', enabled_ratio: 0.25 })
    await hma.send('POST', '/c/exchanges', { bank: 'FROM_NCII', api: 'stop_ncii', api_json: {} })
    for (const [path, text] of [
      ['/ui/', /<caption>Hashes that can be found/],
      ['/ui', /<h1>Overview<\/h1>/],
      ['/ui/banks', /<th scope="row">SHOWN<\/th><td>25 % of images/],
      [
        '/ui/exchanges',
        /FROM_NCII<\/th><td>stop_ncii<\/td><td>on<\/td><td>0<\/td><td>never: Harrier does not fetch/,
      ],
      ['/ui/match', /<form method="post" action="\/ui\/query"/],
    ] as const) {
      const response = await fetch(hma.app.operatorUrl + path)
      const page = await response.text()
      expect([path, response.status, page]).toEqual([path, 200, expect.stringMatching(text)])
      expect(page).not.toMatch(/<script|<img|<video|\son\w+=|style="|https?:\/\//)
      expect(page).toMatch(/<html lang="en">[\s\S]*<main id="main">\n<h1>/)
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': expect.stringMatching(
          /default-src 'none'.*form-action 'self'.*frame-ancestors 'none'/,
        ),
        'referrer-policy': 'same-origin',
        'cache-control': 'no-store',
      })
    }
    const css = await fetch(`${hma.app.operatorUrl}/ui/style.css`)
    expect([css.status, css.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8'])
    const documentation = await hma.get('/ui/documentation')
    expect(documentation.status).toBe(302)
  })

  it('escape whatever people wrote', async () => {
    await signalsOf('NOTED', { pdq: 'e'.repeat(64), note: `<script>alert("x")</script>'&` })
    const page = await post('/ui/query_hash', { signal_type: 'pdq', signal_value: 'e'.repeat(64) }, browser)
    expect(page.text).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;')
    expect(page.text).not.toContain('<script>')
    const refused = await post('/ui/query_hash', { signal_type: '<b>', signal_value: 'e' }, browser)
    expect([refused.status, refused.text]).toEqual([
      400,
      expect.stringContaining('No such SignalType &#39;&lt;b&gt;&#39;'),
    ])
  })

  it('are not there where the role is switched off', async () => {
    await using bare = await openHma(undefined, { HARRIER_HMA_ROLES: 'curator' })
    expect((await bare.get('/ui/')).status).toBe(404)
    const root = await fetch(`${bare.app.operatorUrl}/`, { redirect: 'manual' })
    expect([root.status, root.headers.get('location')]).toEqual([302, '/status'])
  })
})

describe('POST /ui/create_bank', () => {
  it('makes a bank and leads back, or says why not', async () => {
    const response = await fetch(`${hma.app.operatorUrl}/ui/create_bank`, {
      method: 'POST',
      body: new URLSearchParams({ bank_name: 'BY_FORM' }),
      redirect: 'manual',
    })
    expect([response.status, response.headers.get('location')]).toEqual([302, './'])
    expect((await hma.get('/c/bank/BY_FORM')).status).toBe(200)
    expect((await hma.upload('/ui/create_bank', { bank_name: 'BY_UPLOAD' })).status).toBe(302)
    expect(await post('/ui/create_bank', { bank_name: 'BY_FORM' })).toMatchObject({
      status: 403,
      json: { message: 'Bank already exists' },
    })
    expect((await post('/ui/create_bank', { bank_name: 'lower' }, browser)).text).toContain(
      'UPPER_WITH_UNDERSCORE',
    )
    expect((await post('/ui/create_bank', {})).status).toBe(400)
  })
})

describe('queries', () => {
  it('of a file, a URL and a hash are answered alike, nearest first', async () => {
    await hma.send('POST', '/c/banks', { name: 'QUERIED', enabled_ratio: 0 })
    const added = await hma.upload('/c/bank/QUERIED/content', {
      photo: await picture(50),
      note: 'n',
      content_id: 'x',
    })
    const { id, signals } = added.json as { id: number; signals: { pdq: string } }
    const near = (BigInt(`0x${signals.pdq}`) ^ 7n).toString(16).padStart(64, '0')
    const nearId = await signalsOf('QUERIED_TOO', { pdq: near })
    const entry = (bank_name: string, content_id: number, distance: string, signal_value: string) => ({
      bank_name,
      content_id,
      distance,
      signal_type: 'pdq',
      signal_value,
    })
    const whole = {
      hashes: signals,
      banks: ['QUERIED', 'QUERIED_TOO'],
      matches: [
        { ...entry('QUERIED', id, '0', signals.pdq), metadata: { content_id: 'x' }, note: 'n' },
        entry('QUERIED_TOO', nearId, '3', near),
      ],
    }
    expect(await hma.upload('/ui/query', { photo: await picture(50) })).toMatchObject({
      status: 200,
      json: whole,
    })
    const byUrl = { url: `${media.origin}/50.jpg`, content_type: 'photo' }
    expect((await post('/ui/query_url', byUrl)).json).toEqual(whole)
    const byHash = { signal_type: 'pdq', signal_value: signals.pdq }
    expect((await post('/ui/query_hash', byHash)).json).toEqual(whole)
    const drawn = await post('/ui/query_hash', { ...byHash, bypass_enabled_ratio: 'false' })
    expect((drawn.json as { banks: string[] }).banks).toEqual(['QUERIED_TOO'])
    expect((await hma.upload('/ui/query', { video: Buffer.from('no clip of any bank') })).json).toEqual({
      hashes: { video_md5: expect.stringMatching(/^[0-9a-f]{32}$/) },
      banks: [],
      matches: [],
    })
  })

  it('that ask for nothing are refused', async () => {
    for (const [path, fields] of [
      ['/ui/query', {}],
      ['/ui/query_url', { url: 'https://example.com/1.jpg' }],
      ['/ui/query_url', { content_type: 'photo' }],
      ['/ui/query_url', { url: 'http://127.0.0.1:1/', content_type: 'photo' }],
      ['/ui/query_hash', { signal_type: 'pdq' }],
      ['/ui/query_hash', { signal_type: 'pdq', signal_value: 'xyz' }],
    ] as const)
      expect(await post(path, fields)).toMatchObject({ status: 400, json: { message: expect.any(String) } })
  })

  it('of one bank tell its contents, whatever its ratio', async () => {
    const id = await signalsOf('SEARCHED', { pdq: '9'.repeat(64) })
    await signalsOf('SEARCHED_NOT', { pdq: '9'.repeat(64) })
    await hma.send('PUT', '/c/bank/SEARCHED', { enabled_ratio: 0 })
    const find = (body: object, bank = 'SEARCHED') => hma.send('POST', `/ui/bank/${bank}/content/find`, body)
    expect(await find({ signal_type: 'pdq', signal_value: '9'.repeat(64) })).toMatchObject({
      status: 200,
      json: {
        bank_name: 'SEARCHED',
        content_ids: [id],
        matches: [{ signal_type: 'pdq', signal_value: '9'.repeat(64), content_id: id, distance: '0' }],
      },
    })
    expect((await find({ url: `${media.origin}/51.jpg`, content_type: 'photo' })).json).toEqual({
      bank_name: 'SEARCHED',
      content_ids: [],
      matches: [],
    })
    expect((await find({})).status).toBe(400)
    expect((await find({ signal_type: 'pdq', signal_value: '9'.repeat(64) }, 'NONE')).status).toBe(404)
  })
})

describe('a browser', () => {
  const token = 'a-token-of-the-operator'
  const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })

  it('gives the token as a password, and is asked for it', async () => {
    await using closed = await openHma(undefined, { HARRIER_OPERATOR_TOKEN: token })
    const ask = (headers: Record<string, string>) => closed.request('/ui/banks', { headers })
    expect((await ask(basic(`anyone:${token}`))).status).toBe(200)
    expect((await ask({ authorization: `Bearer ${token}` })).status).toBe(200)
    for (const wrong of ['anyone:another-token-of-all', token, `${token}:`, ''])
      expect([wrong, (await ask(basic(wrong))).status]).toEqual([wrong, 401])
    const challenge = await fetch(`${closed.app.operatorUrl}/ui/`)
    expect(challenge.headers.get('www-authenticate')).toMatch(/^Bearer, Basic realm="/)
    expect(closed.lines.join('')).not.toContain(token)
  })

  it('on a page of another site changes and asks nothing by a form', async () => {
    const send = (origin: string) =>
      post('/ui/create_bank', { bank_name: 'BY_OTHERS' }, { origin, ...browser })
    for (const origin of ['https://evil.example', 'null']) expect((await send(origin)).status).toBe(403)
    expect((await hma.get('/c/bank/BY_OTHERS')).status).toBe(404)
    expect((await send(hma.app.operatorUrl)).status).toBe(302)
  })
})
