import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Hma, openHma, picture } from './support/hma.ts'
import { openServiceTools } from './support/service.ts'

let hma: Hma
beforeAll(async () => {
  hma = await openHma(undefined, { HARRIER_MAX_BLOB_BYTES: '300000', HARRIER_HASH_TIMEOUT_MS: '5000' })
  await hma.send('POST', '/c/banks', { name: 'BANK' })
})
afterAll(() => hma[Symbol.asyncDispose]())

const faults = () => hma.lines.filter((line) => line.includes('http.fault'))
const form = (parts: string, boundary = 'b') => ({
  method: 'POST',
  headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
  body: parts,
})
const part = (name: string, body: string, more = '; filename="f"') =>
  `--b\r\ncontent-disposition: form-data; name="${name}"${more}\r\n\r\n${body}\r\n`

describe('a form', () => {
  it('that is none, is cut off, or has too much in it, is refused with a reason', async () => {
    const refused = async (init: RequestInit, status: number, message: RegExp) =>
      expect(await hma.request('/h/hash', init)).toMatchObject({
        status,
        json: { message: expect.stringMatching(message) },
      })
    await refused(form('', ''), 400, /multipart/)
    await refused(form(''), 400, /multipart/)
    await refused(form('nothing like a form'), 400, /multipart/)
    await refused(form(part('photo', 'cut')), 400, /whole multipart/)
    await refused(
      form(`${part('photo', '')}--b--\r\n`),
      400,
      /Could not hash the photo: The blob has no bytes/,
    )
    await refused(form(`${part('photo', 'x'.repeat(300_001))}--b--\r\n`), 413, /^Content too large$/)
    await refused(form(`${part('note', 'x'.repeat(70_000), '')}--b--\r\n`), 413, /^Content too large$/)
    const fields = Array.from({ length: 30 }, (_, i) => part(`f${i}`, 'x', '')).join('')
    await refused(form(`${part('photo', 'x')}${fields}--b--\r\n`), 400, /fewer parts/)
    await refused(form(`${part('photo', 'x').repeat(5)}--b--\r\n`), 400, /Only one file/)
    await refused(form(`--b\r\n${'x-h: y\r\n'.repeat(5_000)}\r\n\r\n--b--\r\n`), 400, /./)
    const noType = { method: 'POST', headers: { 'content-type': 'multipart/form-data' }, body: 'x' }
    await refused(noType, 400, /boundary/)
    await refused(
      { method: 'POST', body: new Uint8Array(1_000), headers: { 'content-type': 'image/png' } },
      400,
      /./,
    )
    expect(faults()).toEqual([])
  })

  it('whose sender leaves is forgotten, and the next one is served', async () => {
    const { hostname, port } = new URL(hma.app.operatorUrl)
    for (let i = 0; i < 100; i++) {
      const socket = connect(Number(port), hostname)
      socket.on('error', () => {})
      await new Promise((resolve) => socket.once('connect', resolve))
      socket.write(
        `POST /h/hash HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: 90000\r\n\r\n${part('photo', 'x')}`,
      )
      socket.destroy()
    }
    expect((await hma.upload('/h/hash', { photo: await picture(40) })).status).toBe(200)
    expect(faults()).toEqual([])
  })
})

describe('JSON', () => {
  it('of any shape is answered, and never by a fault', async () => {
    const deep = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    const bodies = [
      'null',
      '7',
      '"x"',
      '[]',
      '[[[[]]]]',
      '{"name":null}',
      '{"name":{"toString":1}}',
      '{"pdq":null}',
      '{"pdq":{}}',
      '{"__proto__":{"pdq":"x"}}',
      '{"constructor":["x","y"]}',
      '{"pdq":["x"]}',
      '{"enabled_ratio":1e999}',
      '{"enabled_ratio":"0x1"}',
      '{"disable_until_ts":1e400}',
      '{"disable_until_ts":{}}',
      `{"disable_until_ts":${deep(20_000)}}`,
      '{"note":[]}',
      '{"metadata":{"json":[]}}',
      '{"bank":[],"api":{},"api_json":[]}',
      '{"credential_json":[]}',
      `{"metadata":{"json":${deep(5_000)}},"pdq":"${'9'.repeat(64)}"}`,
      `{"metadata":{"json":${deep(20_000)}},"pdq":"${'9'.repeat(64)}"}`,
      deep(30_000),
      '{',
      'ÿ',
      '',
    ]
    const routes = [
      ['POST', '/c/banks'],
      ['PUT', '/c/bank/BANK'],
      ['POST', '/c/bank/BANK/content'],
      ['POST', '/c/bank/BANK/signal'],
      ['PUT', '/c/bank/BANK/content/1'],
      ['PUT', '/c/signal_type/sha1'],
      ['POST', '/c/exchanges'],
      ['POST', '/c/exchanges/api/ncmec'],
      ['POST', '/m/compare'],
      ['POST', '/m/lookup'],
      ['POST', '/h/hash'],
    ] as const
    let asked = 0
    for (const [method, path] of routes)
      for (const body of bodies) {
        const headers = { 'content-type': 'application/json' }
        const { status, json } = await hma.request(path, { method, body, headers })
        asked++
        if (status >= 400)
          expect([path, body.slice(0, 60), status, json]).toEqual([
            path,
            body.slice(0, 60),
            expect.any(Number),
            status === 422
              ? expect.arrayContaining([expect.objectContaining({ msg: expect.any(String) })])
              : { message: expect.any(String) },
          ])
        expect([path, body.slice(0, 60), status]).toEqual([
          path,
          body.slice(0, 60),
          expect.toSatisfy((code: number) => code < 500 || code === 501),
        ])
      }
    expect(asked).toBe(routes.length * bodies.length)
    expect(faults()).toEqual([])
  })

  it('in the query of any shape is answered too', async () => {
    const odd = [
      '',
      '%00',
      '%F0%9F%90%A6',
      '[]',
      '{"a":1}',
      'x'.repeat(5_000),
      '-1',
      '1e9',
      'NaN',
      '%22',
      '..%2F..',
    ]
    const names = [
      'signal',
      'signal_type',
      'banks',
      'seed',
      'include',
      'url',
      'types',
      'content_type',
      'metadata',
      'limit',
      'after',
      'q',
      'include_signals',
      'disabled',
    ]
    let asked = 0
    for (const path of [
      '/m/lookup',
      '/m/raw_lookup',
      '/h/hash',
      '/c/bank/BANK/content',
      '/c/bank/BANK/content/1',
      '/m/index/status',
    ])
      for (const name of names)
        for (const value of odd) {
          const one = `${name}=${value}`
          for (const query of [one, `${one}&${one}`]) {
            const { status } = await hma.get(`${path}?${query}`)
            asked++
            expect([path, name, value.slice(0, 20), status]).toEqual([
              path,
              name,
              value.slice(0, 20),
              expect.toSatisfy((code: number) => code < 500),
            ])
          }
        }
    expect(asked).toBeGreaterThan(500)
    for (const path of [
      '/c/bank/%',
      '/c/bank/%00',
      '/c/bank/a%2Fb',
      '/c/exchange/%FF',
      `/c/bank/${'x'.repeat(9_000)}`,
    ])
      expect((await hma.get(path)).status).toBeLessThan(500)
    expect(faults()).toEqual([])
  })
})

describe('a bank with a name of the language', () => {
  it('is found like any other', async () => {
    const ids: number[] = []
    await using tools = await openServiceTools(hma.folder)
    for (const name of ['__proto__', 'constructor', 'toString']) {
      await tools.banks.create({ name, threshold: 31, minQuality: 50, profile: 'unknown' })
      await expect.poll(async () => (await hma.get(`/c/bank/${name}`)).status).toBe(200)
      const { json } = await hma.send('POST', `/c/bank/${name}/signal`, { pdq: 'c'.repeat(64) })
      ids.push((json as { id: number }).id)
    }
    const { text } = await hma.get(`/m/lookup?signal_type=pdq&signal=${'c'.repeat(64)}`)
    const entry = (id: number | undefined) => `[{"bank_content_id":${id},"distance":"0"}]`
    expect(text).toBe(
      `{"__proto__":${entry(ids[0])},"constructor":${entry(ids[1])},"toString":${entry(ids[2])}}`,
    )
  })
})

describe('the operator’s token', () => {
  const token = 'a-token-of-the-operator'

  it('is asked of everyone but probes, once it is set', async () => {
    await using closed = await openHma(undefined, { HARRIER_OPERATOR_TOKEN: token })
    const status = async (path: string, authorization?: string) =>
      (await closed.request(path, authorization === undefined ? {} : { headers: { authorization } })).status
    for (const path of ['/c/banks', '/m/lookup', '/metrics', '/', '/site-map', '//c/banks']) {
      expect(await status(path)).toBe(401)
      expect(await status(path, 'Bearer another-token-of-someone')).toBe(401)
      expect(await status(path, `Basic ${token}`)).toBe(401)
    }
    expect(await status('/c/banks', `Bearer ${token}`)).toBe(200)
    expect(await status('/metrics', `bearer ${token}`)).toBe(200)
    for (const path of ['/status', '/status/live', '/xrpc/_health']) expect(await status(path)).toBe(200)
    expect(closed.lines.join('')).not.toContain(token)
  })
})

describe('a page of another site', () => {
  it('changes nothing through the operator’s browser', async () => {
    const send = (origin?: string) =>
      hma.request('/c/banks', {
        method: 'POST',
        body: JSON.stringify({ name: `FROM_${origin === undefined ? 'NOWHERE' : 'SOMEWHERE'}` }),
        headers: { 'content-type': 'text/plain', ...(origin !== undefined && { origin }) },
      })
    for (const origin of ['https://evil.example', 'http://127.0.0.1:1', 'null', 'x'])
      expect((await send(origin)).status).toBe(403)
    expect((await hma.get('/c/bank/FROM_SOMEWHERE')).status).toBe(404)
    expect((await send(hma.app.operatorUrl)).status).toBe(201)
    expect((await send()).status).toBe(201)
  })
})

describe('many at once', () => {
  it('are all answered: served, or told to come back', async () => {
    const photo = await picture(41)
    const answers = await Promise.all(Array.from({ length: 120 }, () => hma.upload('/h/hash', { photo })))
    const statuses = Map.groupBy(answers, ({ status }) => status)
    expect([...statuses.keys()].every((status) => status === 200 || status === 503)).toBe(true)
    expect(statuses.get(200)?.length).toBeGreaterThanOrEqual(80)
    expect(faults()).toEqual([])
  })
})
