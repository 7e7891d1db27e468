/**
 * What docs/INTEGRATION.md tells Caddy and nginx to do, as it is printed there, with the web servers themselves before the gate
 * and a real PDS. Skipped, and said so, where a machine does not have them.
 */
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { parseConfig } from '../src/config/config.ts'
import { openGateProcess } from '../src/gate-process.ts'
import { createLogger } from '../src/lib/logger.ts'
import type { Account } from './support/accounts.ts'
import { fencedBlocks } from './support/fenced-blocks.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { openLoopbackServer } from './support/listen.ts'
import { type Network, openNetwork } from './support/network.ts'
import { bankPicture, createServiceFolder } from './support/service.ts'
import { tlsIdentity } from './support/tls-identity.ts'
import { hasWebServer, openWebServer, type WebServer, type WebServerName } from './support/web-server.ts'

const uploadBlob = '/xrpc/com.atproto.repo.uploadBlob'
const page = fencedBlocks(readFileSync(join(import.meta.dirname, '../docs/INTEGRATION.md'), 'utf8'))
const names: readonly WebServerName[] = ['caddy', 'nginx']
const canRun = names.some(hasWebServer)

function snippetFor(name: WebServerName): string {
  const [block, ...more] = page.filter(({ language }) => language === name)
  if (!block || more.length > 0) throw new Error(`Expected one block of ${name} on the page`)
  return block.text
}

const stack = new AsyncDisposableStack()
let network: Network
let account: Account
let gateUrl: string
let known: Buffer
let clean: Buffer

beforeAll(async () => {
  if (!canRun) return
  network = stack.use(await openNetwork())
  const folder = stack.use(
    createServiceFolder(network, {
      HARRIER_GATE_PDS: network.pdsUrl,
      HARRIER_GATE_PORT: '0',
      HARRIER_GATE_METRICS_PORT: '0',
      HARRIER_GATE_HASH_PROCESSES: '1',
      HARRIER_GATE_OTHERS: 'refuse',
    }),
  )
  const policy = 'banks:\n  known:\n    - distance: 31\n      effects: [block]\n'
  writeFileSync(join(folder.path, 'policy.yaml'), policy)
  known = await recompress(await drawLandscape(1), 95)
  clean = await recompress(await drawLandscape(2), 95)
  await bankPicture(folder, known)
  account = await network.createAccount('alice.test')
  const { config, secrets } = parseConfig(folder.env)
  const logger = createLogger('debug', { write: () => {} })
  gateUrl = stack.use(await openGateProcess(config, secrets, { logger })).url
})
afterAll(() => stack.disposeAsync())

type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }

async function answerOf(response: IncomingMessage): Promise<Answer> {
  let text = ''
  for await (const piece of response) text += String(piece)
  return { status: response.statusCode ?? 0, headers: response.headers, text }
}

describe.each(names)('%s before the gate', (name) => {
  const isThere = hasWebServer(name)
  const own = new AsyncDisposableStack()
  let server: WebServer

  beforeAll(async () => {
    if (!isThere) return
    const targets = { gate: new URL(gateUrl).host, pds: new URL(network.pdsUrl).host }
    server = own.use(await openWebServer(name, snippetFor(name), targets))
  })
  afterAll(() => own.disposeAsync())

  const open = (path: string, options: RequestOptions, url = server.url) => {
    const { hostname, port } = new URL(url)
    return httpsRequest({ hostname, port, path, ca: tlsIdentity.cert, agent: false, ...options })
  }
  const send = async (path: string, options: RequestOptions, body?: Uint8Array, url?: string) => {
    const request = open(path, options, url)
    request.end(body)
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return await answerOf(response)
  }
  const upload = (bytes: Uint8Array, path = uploadBlob, token = account.agent.session?.accessJwt) =>
    send(
      path,
      {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'image/jpeg',
          'content-length': bytes.length,
        },
      },
      bytes,
    )

  it.skipIf(!isThere)('passes a picture to the PDS, and refuses one that is banked', async () => {
    const { status, text } = await upload(clean)
    expect([status, text]).toEqual([200, expect.stringContaining(`"size":${clean.length}`)])
    expect(await upload(known)).toMatchObject({
      status: 400,
      text: expect.stringContaining('ContentPolicyViolation'),
    })
  })

  it
    .skipIf(!isThere)
    .each([
      `${uploadBlob}/`,
      `${uploadBlob}?a=b`,
      '/xrpc/COM.atproto.repo.UPLOADblob',
      '/XRPC/com.atproto.repo.uploadBlob',
      '/xrpc/com.atproto.repo.uploadBlo%62',
      '/xrpc/com%2Eatproto.repo.uploadBlob/',
      '//xrpc/com.atproto.repo.uploadBlob',
      '/./xrpc/../xrpc/com.atproto.repo.uploadBlob',
    ])('leaves no way round it at %s', async (path) => {
    const { status, text } = await upload(known, path)
    expect(text).not.toContain('bafkrei')
    expect(status).toBeGreaterThanOrEqual(400)
  })

  it.skipIf(!isThere)('takes uploads as large as the PDS does', async () => {
    const large = new Uint8Array(4_500_000).fill(65)
    expect(await upload(large)).toMatchObject({
      status: 200,
      text: expect.stringContaining(`"size":${large.length}`),
    })
  })

  it.skipIf(!isThere)('lets the PDS turn a caller away before the body has come', async () => {
    const forged = `${account.agent.session?.accessJwt.slice(0, -8)}AAAAAAAA`
    const headers = {
      authorization: `Bearer ${forged}`,
      'content-type': 'image/jpeg',
      'content-length': 4_000_000,
    }
    const request = open(uploadBlob, { method: 'POST', headers })
    request.on('error', () => {})
    request.write(clean.subarray(0, 2_000))
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const { status, text } = await answerOf(response)
    expect([status, text]).toEqual([400, expect.stringContaining('InvalidToken')])
    request.destroy()
  })

  it.skipIf(!isThere)('sends everything else straight to the PDS, also streams of events', async () => {
    const health = await send('/xrpc/_health', { method: 'GET' })
    expect([health.status, health.headers['via']?.includes('harrier')]).toEqual([200, undefined])
    const url = `${server.url.replace('https', 'wss')}/xrpc/com.atproto.sync.subscribeRepos?cursor=0`
    const socket = new WebSocket(url, { ca: tlsIdentity.cert })
    const [frame] = (await once(socket, 'message')) as [Buffer]
    expect(frame.includes(account.did)).toBe(true)
    socket.terminate()
  })

  it.skipIf(!isThere)('tells the PDS the address of the caller', async () => {
    const seen: Record<string, IncomingHttpHeaders> = {}
    using pds = await openLoopbackServer((request, response) => {
      seen[request.url ?? ''] = request.headers
      response.end('{}')
    })
    const host = new URL(pds.origin).host
    await using other = await openWebServer(name, snippetFor(name), { gate: host, pds: host })
    for (const path of ['/xrpc/_health', uploadBlob])
      expect(
        (await send(path, { method: 'POST', headers: { host: 'localhost' } }, undefined, other.url)).status,
      ).toBe(200)
    expect(Object.keys(seen)).toEqual(['/xrpc/_health', uploadBlob])
    for (const headers of Object.values(seen)) {
      expect(headers).toMatchObject({
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-proto': 'https',
        host: 'localhost',
      })
    }
  })
})
