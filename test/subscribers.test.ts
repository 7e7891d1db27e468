import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { App } from '../src/app.ts'
import type { Did } from '../src/model/ids.ts'
import { createServiceFolder, openService, openServiceTools } from './support/service.ts'

const subject = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz' as Did
const nowhere = 'http://127.0.0.1:9'

type Answer = {
  readonly lastSeq: number
  readonly now: readonly Record<string, unknown>[]
  readonly history: readonly Record<string, unknown>[]
}

describe('the record of subscribers', () => {
  const folder = createServiceFolder({
    jetstreamUrl: nowhere.replace('http', 'ws'),
    plcUrl: nowhere,
    pdsUrl: nowhere,
  })
  afterAll(() => folder[Symbol.dispose]())
  const lines: string[] = []

  it('says who is subscribed, how far, and how it ended, over a restart', async () => {
    {
      await using app = await openService(folder, { lines })
      await publish('known-image')
      const reader = streamOf(app, '?cursor=0', { 'user-agent': 'reader/1 (test)' })
      await once(reader, 'message')
      const idle = await subscribe(app, '', { 'x-forwarded-for': '203.0.114.9, 8.8.8.8' })
      const reached = await ask(app)
      expect(reached).toMatchObject({
        lastSeq: 1,
        now: [
          {
            userAgent: 'reader/1 (test)',
            address: 'loopback',
            cursor: 0,
            position: 1,
            lag: 0,
            labels: 1,
            waitingBytes: 0,
          },
          { address: 'public', lag: 0, labels: 0 },
        ],
        history: [],
      })
      expect(reached.now[1]).not.toHaveProperty('cursor')
      await refusedBy(app, '?cursor=99')
      reader.terminate()
      // What has ended is written behind the answer that no longer has it.
      await until(async () => {
        const { now, history } = await ask(app)
        return now.length === 1 && history.length === 2
      })
      expect((await ask(app)).history).toMatchObject([
        { userAgent: 'reader/1 (test)', end: 'peer', cursor: 0, position: 1, labels: 1 },
        { end: 'refused', cursor: 99, labels: 0 },
      ])
      expect((await ask(app, '?limit=1')).history).toHaveLength(1)
      const metrics = await (await fetch(`${app.operatorUrl}/metrics`)).text()
      expect(metrics).toContain('labeler_publish_subscribers_by_address{address="public"} 1')
      expect(metrics).toContain('labeler_publish_subscriber_lag_seqs 0')
      idle.on('error', () => {})
    }
    await using app = await openService(folder, { lines })
    const { now, history } = await ask(app)
    expect(now).toEqual([])
    expect(history.map(({ end }) => end)).toEqual(['shutdown', 'peer', 'refused'])
  })

  it('keeps and logs no address', async () => {
    await using app = await openService(folder, { lines })
    const answer = JSON.stringify(await ask(app))
    expect(answer).toContain('reader/1')
    for (const text of [answer, ...lines.filter((line) => line.includes('subscriber'))])
      expect(text).not.toMatch(/203\.0\.114|8\.8\.8\.8|127\.0\.0\.1/)
    expect(lines.filter((line) => line.includes('subscriber.closed')).length).toBeGreaterThan(2)
  })

  it('is the operator’s alone, and has a limit', async () => {
    await using app = await openService(folder)
    expect((await fetch(`${app.publicUrl}/subscribers`)).status).toBe(404)
    for (const limit of ['0', '1001', '-1', 'x', '1&limit=2'])
      expect((await fetch(`${app.operatorUrl}/subscribers?limit=${limit}`)).status, limit).toBe(400)
    expect((await ask(app, '?limit=1000')).history).toHaveLength(3)
  })

  it('is printed by harrier subscribers', async () => {
    await using app = await openService(folder)
    const before = await run('--url', app.operatorUrl)
    expect([before.code, before.out]).toEqual([
      3,
      expect.stringMatching(/^0 subscribed now.*reader\/1 \(test\)/s),
    ])
    const socket = await subscribe(app, '?cursor=1', { 'user-agent': 'printed/2\u0085' })
    const now = await run('--url', app.operatorUrl)
    expect([now.code, now.out]).toEqual([
      0,
      expect.stringMatching(/^1 subscribed now.*printed\/2\ufffd +loopback/s),
    ])
    expect(JSON.parse((await run('--url', app.operatorUrl, '--json', '--limit', '1')).out)).toMatchObject({
      now: [{ cursor: 1 }],
      history: [{ end: 'shutdown' }],
    })
    socket.on('error', () => {})
  })

  it('cannot be printed when no service runs, which is said', async () => {
    const { code, err } = await run('--url', nowhere)
    expect([code, err]).toEqual([1, expect.stringContaining(`running service at ${nowhere}`)])
  })

  async function publish(val: string): Promise<void> {
    await using tools = await openServiceTools(folder)
    await tools.publish({ uri: subject, val })
  }

  function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    const env = { ...folder.env, NODE_COMPILE_CACHE: join(folder.path, 'compiled') }
    return new Promise((resolve) => {
      const args = ['scripts/harrier.ts', 'subscribers', ...argv]
      execFile(process.execPath, args, { env }, (error, out, err) =>
        resolve({ code: error ? Number(error.code) : 0, out, err }),
      )
    })
  }
})

function streamOf(app: App, query: string, headers: Record<string, string> = {}): WebSocket {
  const url = `${app.publicUrl.replace('http', 'ws')}/xrpc/com.atproto.label.subscribeLabels${query}`
  return new WebSocket(url, { headers })
}

async function subscribe(app: App, query: string, headers: Record<string, string>): Promise<WebSocket> {
  const socket = streamOf(app, query, headers)
  await once(socket, 'open')
  return socket
}

async function refusedBy(app: App, query: string): Promise<void> {
  await once(streamOf(app, query), 'close')
}

async function ask(app: App, query = ''): Promise<Answer> {
  return (await (await fetch(`${app.operatorUrl}/subscribers${query}`)).json()) as Answer
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  await expect.poll(isTrue).toBe(true)
}
