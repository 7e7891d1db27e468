/**
 * Every route, asked wrongly in every way that we could think of. What is sent is made from a request that the route takes, so
 * that it comes past the first check. Nothing may be answered with a fault, hang, or leave a caller's words in the log.
 */
import { createHmac, hash } from 'node:crypto'
import { globSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Operation, RequestExample } from '../src/http/rest/operation.ts'
import { operations, webhookOperations } from '../src/http/rest/operations.ts'
import { blobCidOfSha256 } from '../src/model/ids.ts'
import { harrierTargets, someMd5 } from './support/fuzz/harrier-targets.ts'
import { hmaTargets } from './support/fuzz/hma-targets.ts'
import type { GoodBody } from './support/fuzz/hostile-bodies.ts'
import { marker } from './support/fuzz/hostile-json.ts'
import { someHash, someone, someRecord } from './support/fuzz/samples.ts'
import { type Answer, faultOf, send } from './support/fuzz/send.ts'
import { goodRequest, type HostileRequest, hostileRequests, type Target } from './support/fuzz/target.ts'
import { drawLandscape } from './support/images.ts'
import { type LoopbackServer, openLoopbackServer } from './support/listen.ts'
import { addDelivery, addReview, openRestService, post, type RestService } from './support/rest-client.ts'
import { openServiceTools } from './support/service.ts'

/** Requests to each route. The seed is fixed: what fails once fails again. */
const runs = 150
const seed = 20_260_101

const secret = 'your_webhook_secret'
const passwords = {
  HARRIER_HEPA_PASSWORD: 'hepa-hepa-hepa-hepa',
  HARRIER_OZONE_DIVERT_PASSWORD: 'ozone-ozone-ozone-ozone',
  HARRIER_EUROSKY_TOKEN: 'eurosky-eurosky-eurosky',
}
const basic = (password: string): string => `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`

/** A target with the headers that let it in. */
type Route = Target & { readonly authorize?: (bytes: Buffer) => Readonly<Record<string, string>> }

describe('every route, asked wrongly', () => {
  const stack = new AsyncDisposableStack()
  let service: RestService
  let key: string
  let picture: Buffer
  let elsewhere: LoopbackServer

  beforeAll(async () => {
    picture = await drawLandscape(3, { width: 64, height: 48 })
    elsewhere = stack.use(await openLoopbackServer((_, response) => response.end(picture)))
    service = stack.use(
      await openRestService(await drawLandscape(1, { width: 160, height: 120 }), {
        ...passwords,
        HARRIER_ALLOW_PRIVATE_ORIGINS: elsewhere.origin,
        HARRIER_RECEIVER_LABELS: 'known=csam',
        HARRIER_WEBHOOKS: 'signed',
        HARRIER_WEBHOOK_SECRET: secret,
        HARRIER_MAX_BLOB_BYTES: '500000',
        HARRIER_FETCH_TIMEOUT_MS: '2000',
      }),
    )
    key = await service.makeKey(undefined, 10_000_000)
    await addDelivery(service)
    await addReview(service)
  })
  afterAll(() => stack.disposeAsync())

  const faults = () =>
    service.lines.filter((line) => /http\.fault|"level":(?:50|60|"error"|"fatal")/.test(line))

  /** Sends many wrong requests to a route, after a good one, which shows that they come far. */
  async function fuzz(origin: string, route: Route): Promise<void> {
    const ask = (request: HostileRequest): Promise<Answer> =>
      send(origin, { ...request, headers: { ...request.headers, ...route.authorize?.(request.bytes) } })
    const good = await ask(goodRequest(route))
    expect([good.status < 400, good.text.slice(0, 300)]).toEqual([true, expect.anything()])
    await fc.assert(
      fc.asyncProperty(hostileRequests(route), async (request) => {
        const answer = await ask(request)
        const fault = faultOf(answer)
        if (fault !== undefined) throw new Error(`Expected a civil answer but it has ${fault}`)
      }),
      { numRuns: runs, seed, endOnFailure: true },
    )
    expect(faults()).toEqual([])
  }

  describe.each(operations)('$method $path', (operation) => {
    it('stays civil', async () => {
      const authorize = () => ({ authorization: `Bearer ${key}` })
      await fuzz(service.url, { ...routeOf(operation), authorize })
    })
  })

  describe.each(webhookOperations)('$method $path, signed', (operation) => {
    it('stays civil', async () => {
      const authorize = (bytes: Buffer) => ({
        'x-hma-signature': createHmac('sha256', secret).update(bytes).digest('hex'),
      })
      await fuzz(service.url, { ...routeOf(operation), authorize })
    })
  })

  describe('what is public', () => {
    it.each<Target>([
      { method: 'GET', path: '/' },
      { method: 'GET', path: '/openapi.json' },
      { method: 'GET', path: '/xrpc/_health' },
      {
        method: 'GET',
        path: '/xrpc/com.atproto.label.queryLabels',
        query: { uriPatterns: someRecord, sources: someone, limit: '10', cursor: '0' },
      },
    ])('$method $path stays civil', (target) => fuzz(service.url, target))
  })

  describe('the receivers', () => {
    it('scanBlob stays civil', () =>
      fuzz(service.url, {
        method: 'POST',
        path: '/xrpc/com.atproto.unspecced.scanBlob',
        query: { did: someone, uri: someRecord, handle: 'a.test', accountEmail: 'a@example.com' },
        body: { bytes: picture, type: 'image/png' },
        authorize: () => ({ authorization: basic(passwords.HARRIER_HEPA_PASSWORD) }),
      }))

    it('reportBlob stays civil', () =>
      fuzz(service.url, {
        method: 'POST',
        path: '/xrpc/com.atproto.unspecced.reportBlob',
        query: { did: someone, uri: someRecord },
        body: { bytes: picture, type: 'image/png' },
        authorize: () => ({ authorization: basic(passwords.HARRIER_OZONE_DIVERT_PASSWORD) }),
      }))

    it('check-csam stays civil', () =>
      fuzz(service.url, {
        method: 'POST',
        path: '/api/v1/check-csam',
        body: { file: picture, field: 'image' },
        authorize: () => ({ authorization: `Bearer ${passwords.HARRIER_EUROSKY_TOKEN}` }),
      }))
  })

  describe('the API of Hasher-Matcher-Actioner', () => {
    const bank = { bank: 'BANK' }
    const send = async (method: string, path: string, json?: unknown) => {
      const init = json === undefined ? {} : post(json)
      return await (await fetch(service.app.operatorUrl + path, { ...init, method })).json()
    }

    it('is fuzzed in every route', async () => {
      const { paths } = (await send('GET', '/openapi/openapi.json')) as {
        readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
      }
      const served = Object.entries(paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
      )
      expect(hmaTargets(picture, elsewhere.origin).map(({ method, path }) => `${method} ${path}`)).toEqual(
        expect.arrayContaining(served),
      )
    })

    it.each(
      hmaTargets(Buffer.alloc(0), '').map(({ method, path }, index) => ({ method, path, index })),
    )('$method $path stays civil', async ({ index }) => {
      await send('POST', '/c/banks', { name: bank.bank })
      await send('POST', '/c/exchanges', { bank: 'EXCHANGE', api: 'stop_ncii', api_json: {} })
      const { id } = (await send('POST', `/c/bank/${bank.bank}/signal`, { pdq: someHash })) as { id: number }
      const target = hmaTargets(picture, elsewhere.origin)[index] as Target
      const params = { ...target.params, content: String(id) }
      await fuzz(service.app.operatorUrl, { ...target, params })
    })
  })

  describe('tools.harrier', () => {
    const files = globSync('tools/**/*.json', { cwd: join(import.meta.dirname, '../lexicons') })
    const methods = files
      .map((file) => file.replace(/\.json$/, '').replaceAll('/', '.'))
      .filter((id) => !id.endsWith('.defs'))

    it.each(methods)('%s stays civil', async (id) => {
      await using tools = await openServiceTools(service.folder)
      const name = 'fuzzed'
      if (!(await tools.banks.find(name))) {
        await tools.banks.create({ name, threshold: 31, minQuality: 50, profile: 'unknown' })
      }
      const bank = await tools.banks.find(name)
      if (!bank) throw new Error('Expected the bank that was made')
      const { contentId } = await tools.banks.add(
        bank,
        [{ type: 'md5', value: someMd5, quality: 100 }],
        'a note',
      )
      const cid = blobCidOfSha256(hash('sha256', picture))
      const target = harrierTargets({ picture, cid, bank: name, contentId })[id]
      if (!target) throw new Error(`Expected a request that ${id} takes`)
      await fuzz(service.url, { ...target, authorize: () => ({ authorization: `Bearer ${key}` }) })
    })
  })

  describe('bytes that are no request', () => {
    it.each([
      ['nothing like one', 'hello\r\n\r\n', 400],
      ['a method that there is not', 'FETCH / HTTP/1.1\r\nhost: x\r\n\r\n', 400],
      [
        'two lengths',
        'POST /h/hash HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
        400,
      ],
      [
        'a length and chunks',
        'POST /h/hash HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
        400,
      ],
      [
        'a chunk of no size',
        'POST /m/compare HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
        400,
      ],
      ['headers without end', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`, 431],
      ['an address without end', `GET /${'y'.repeat(40_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 431],
      ['TLS', '\u0016\u0003\u0001\u0002\u0000\u0001\u0000', 400],
    ])('such as %s get a reason on both listeners', async (_, bytes, status) => {
      for (const origin of [service.url, service.app.operatorUrl]) {
        const answer = await exchange(origin, bytes)
        expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
        const body = answer.slice(answer.indexOf('\r\n\r\n') + 4)
        expect(JSON.parse(body)).toMatchObject({ message: expect.stringMatching(/^Expected/) })
      }
    })
  })

  it('gives no route more than its time for a body that comes a byte at a time', async () => {
    const onPublic = [...operations, ...webhookOperations].map(routeOf)
    const routes = [
      ...onPublic.map((target) => ({ origin: service.url, target })),
      ...hmaTargets(picture, elsewhere.origin).map((target) => ({
        origin: service.app.operatorUrl,
        target: { ...target, params: { ...target.params, content: '1' } },
      })),
    ].filter(({ target: { body } }) => body !== undefined)
    expect(routes.length).toBeGreaterThan(15)
    await Promise.all(
      routes.map(async ({ origin, target }) => {
        const answer = await trickle(origin, goodRequest(target), `Bearer ${key}`)
        expect([target.path, answer.slice(0, 12)]).toEqual([
          target.path,
          expect.stringMatching(/ (?:40[0-48]|413)$/),
        ])
      }),
    )
    expect(faults()).toEqual([])
  }, 90_000)

  it('left nothing that was sent in the log', () => {
    expect(service.lines.filter((line) => line.includes(marker))).toEqual([])
  })

  /** The first request that the documentation shows. */
  function routeOf({ method, path, examples }: Operation): Target {
    const { query, params, json, file, as }: RequestExample = examples[0]?.request ?? {}
    const bytes = file === 'text' ? Buffer.from('no picture') : picture
    const body: GoodBody | undefined =
      file !== undefined
        ? as === 'bytes'
          ? { bytes, type: 'image/png' }
          : { file: bytes, field: 'file' }
        : json === undefined
          ? undefined
          : {
              json: JSON.parse(
                JSON.stringify(json).replaceAll('https://images.example.com', elsewhere.origin),
              ),
            }
    return {
      method: method.toUpperCase(),
      path,
      ...(query && { query }),
      ...(params && { params }),
      ...(body && { body }),
    }
  }
})

/** Sends bytes as they are, and resolves to all that comes back. */
async function exchange(origin: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  socket.write(Buffer.from(bytes, 'latin1'))
  return await text(socket)
}

/** Sends a request whose body has no end, a byte every 100 ms, and resolves to what comes back before the connection ends. */
async function trickle(origin: string, request: HostileRequest, authorization: string): Promise<string> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {})
  const headers = { host: 'x', ...request.headers, authorization, 'content-length': '8000' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
  const timer = setInterval(() => socket.write(' '), 100)
  let answer = ''
  socket.setEncoding('latin1').on('data', (text: string) => {
    answer += text
    // What is answered early leaves the connection to the rest of the body.
    if (answer.includes('\r\n\r\n')) socket.end()
  })
  await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(timer)
  return answer
}
