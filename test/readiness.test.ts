/** Probes of an orchestrator: what the listeners answer while the service starts, and when it has. */
import { afterAll, describe, expect, it } from 'vitest'
import { openDoors } from '../src/http/doors.ts'
import { freePort } from './support/free-port.ts'
import { createServiceFolder, openService } from './support/service.ts'

const loopback = { host: '127.0.0.1', port: 0 }

async function probe(url: string, method = 'GET') {
  const response = await fetch(url, { method, signal: AbortSignal.timeout(10_000) })
  const text = await response.text()
  return {
    status: response.status,
    json: text === '' ? undefined : JSON.parse(text),
    headers: response.headers,
  }
}

describe('listeners with nothing to serve yet', () => {
  const stack = new AsyncDisposableStack()
  afterAll(() => stack.disposeAsync())

  it('are alive, say what they wait for, and tell everyone else to come again', async () => {
    const options = { public: loopback, operator: loopback, closeGraceMs: 100 }
    const doors = stack.use(await openDoors(options))
    doors.ready('database')
    for (const { url } of [doors.public, doors.operator]) {
      expect(await probe(`${url}/health`)).toMatchObject({ status: 200, json: { status: 'healthy' } })
      const starting = await probe(`${url}/ready?verbose`)
      expect(starting).toMatchObject({ status: 503, json: { status: 'starting' } })
      expect(starting.json.reasons).toEqual([
        'Expected the index to be ready but it still starts',
        'Expected the hashing pool to be ready but it still starts',
      ])
      expect(starting.headers.get('retry-after')).toBe('2')
      expect(await probe(`${url}/ready`, 'HEAD')).toMatchObject({ status: 503, json: undefined })
      expect(await probe(`${url}/ready`, 'POST')).toMatchObject({ status: 503, json: { error: 'NotReady' } })
      expect(await probe(`${url}/metrics`)).toMatchObject({ status: 503, json: { error: 'NotReady' } })
    }
    const socket = new WebSocket(`${doors.public.url}/xrpc/com.atproto.label.subscribeLabels`)
    await new Promise((resolve) => socket.addEventListener('error', resolve))
    doors.ready('hashing pool')
    expect((await probe(`${doors.public.url}/ready`)).json.reasons).toHaveLength(1)
    doors.ready('index')
    expect(await probe(`${doors.public.url}/ready`)).toMatchObject({ status: 200, json: { status: 'ready' } })
    doors.public.serve((_request, response) => void response.end('"served"'))
    expect((await probe(`${doors.public.url}/metrics`)).json).toBe('served')
    expect((await probe(`${doors.public.url}/health`)).json).toEqual({ status: 'healthy' })
  })
})

describe('the service', () => {
  it('answers probes from its start on, without a credential, and is ready when all of it is', async () => {
    const nowhere = 'http://127.0.0.1:9'
    const [publicPort, operatorPort] = [await freePort(), await freePort()]
    using folder = createServiceFolder(
      { jetstreamUrl: 'ws://127.0.0.1:9', plcUrl: nowhere, pdsUrl: nowhere },
      {
        HARRIER_PUBLIC_PORT: String(publicPort),
        HARRIER_OPERATOR_PORT: String(operatorPort),
        HARRIER_OPERATOR_TOKEN: 'a-token-of-the-operator',
      },
    )
    const urls = [`http://127.0.0.1:${publicPort}`, `http://127.0.0.1:${operatorPort}`]
    const seen = new Set<number>()
    const ended = new AbortController()
    const opening = openService(folder).finally(() => ended.abort())
    while (!ended.signal.aborted) {
      const answer = await probe(`${urls[0]}/ready`).catch(() => undefined)
      if (answer) seen.add(answer.status)
    }
    expect(seen).toContain(503)
    await using _app = await opening
    for (const url of urls) {
      expect(await probe(`${url}/ready`)).toMatchObject({ status: 200, json: { status: 'ready' } })
      expect(await probe(`${url}/health`)).toMatchObject({ status: 200, json: { status: 'healthy' } })
    }
    expect((await probe(`${urls[1]}/metrics`)).status).toBe(401)
  })
})
