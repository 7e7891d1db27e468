/** The integration guide's own samples, word for word, against a running service: only the address is another. */
import { execFile } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEnv } from '../src/config/env.ts'
import { hasPython } from './support/has-python.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type LoopbackServer, openLoopbackServer } from './support/listen.ts'
import { call, openRestService, type RestService } from './support/rest-client.ts'
import { openWebhookReceiver, settingsFor } from './support/webhook-receiver.ts'

const guide = (name: string) => readFileSync(join(import.meta.dirname, 'vectors/guide', name), 'utf8')
const canRunPython = hasPython()

describe('the integration guide', () => {
  const stack = new AsyncDisposableStack()
  let service: RestService
  let elsewhere: LoopbackServer
  let key: string
  let known: Buffer
  let other: Buffer

  beforeAll(async () => {
    known = await drawLandscape(1, { width: 480, height: 320 })
    other = await drawLandscape(2, { width: 480, height: 320 })
    elsewhere = stack.use(
      await openLoopbackServer((request, response) => {
        response.end(request.url === '/known.png' ? known : other)
      }),
    )
    service = stack.use(await openRestService(known, { HARRIER_ALLOW_PRIVATE_ORIGINS: elsewhere.origin }))
    key = await service.makeKey()
  })
  afterAll(() => stack.disposeAsync())

  const status = async (id: string) =>
    (await call(`${service.url}/api/v1/match/status?content_id=${id}`, key)).json

  it.skipIf(!canRunPython)('runs the Python sample, which takes down what matches', async () => {
    const { path } = service.folder
    writeFileSync(join(path, 'image.jpg'), await recompress(known, 80))
    // The sample sends no credential: its library takes one from here.
    writeFileSync(join(path, '.netrc'), `machine 127.0.0.1 login harrier password ${key}\n`, { mode: 0o600 })
    expect(await status('content_123')).toMatchObject({ known: false, isMatched: false })
    const sample = guide('direct-api.py').replaceAll(
      'https://your-atproto-hma-service.example.com',
      service.url,
    )
    const tail = '\nimport json\nprint(json.dumps([hash_results, match_results]))\n'
    const { stdout } = await promisify(execFile)('python3', ['-c', sample + tail], {
      cwd: path,
      env: { PATH: readEnv()['PATH'], NETRC: join(path, '.netrc'), NO_PROXY: '*' },
    })
    const [hashed, matched] = JSON.parse(stdout) as [{ hashes: object[] }, object]
    expect(hashed.hashes[0]).toMatchObject({
      algorithm: 'pdq',
      hash_value: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(matched).toMatchObject({ match_count: 1, threshold: 0.9, matches: [{ bank_name: 'known' }] })
    expect(await status('content_123')).toMatchObject({ known: true, isMatched: true, action: 'takedown' })
    const { json } = await call(`${service.url}/api/v1/logs/content_123`, key)
    expect(json['logs']).toMatchObject([{ action_taken: 'api.takedown', match_result: 'known' }])
  })

  it('runs the functions of an AppView: what was reported and matched is not displayed', async () => {
    const shown: unknown[] = []
    const app = appView(shown)
    expect(await app.displayImage('https://cdn.example.com/1', 'reported_1')).toBe(
      'image https://cdn.example.com/1',
    )
    expect(await app.handleUserReport('reported_1', 'spam')).toBe('Content has been queued for review')
    expect(await app.displayImage('https://cdn.example.com/1', 'reported_1')).toBe(
      'placeholder This image has been removed for policy violations',
    )
    expect(await app.handleUserReport('harmless_1', 'spam')).toBe('Thank you for your report')
    expect(await app.displayImage('https://cdn.example.com/2', 'harmless_1')).toBe(
      'image https://cdn.example.com/2',
    )
    expect(shown).toEqual([])
  })

  it('takes webhooks as the configuration has them, and calls back', async () => {
    using receiver = await openWebhookReceiver()
    const { webhook_url, events, secret } = JSON.parse(guide('webhook.json')) as {
      readonly webhook_url: string
      readonly events: readonly string[]
      readonly secret: string
    }
    await using hooked = await openRestService(known, {
      ...settingsFor(receiver),
      HARRIER_WEBHOOKS: 'signed',
      HARRIER_WEBHOOK_SECRET: secret,
      HARRIER_ALLOW_PRIVATE_ORIGINS: elsewhere.origin,
    })
    const address = webhook_url.replace('https://your-atproto-hma-service.example.com', hooked.url)
    for (const event_type of events) {
      const body = JSON.stringify({
        event_type,
        content_id: 'uploaded_1',
        ...(event_type === 'image_upload'
          ? { image_url: `${elsewhere.origin}/known.png` }
          : { action: 'label' }),
      })
      const signature = createHmac('sha256', secret).update(body).digest('hex')
      const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` }
      expect((await fetch(address, { method: 'POST', headers, body })).status).toBe(200)
    }
    await expect.poll(() => receiver.taken(), { timeout: 20_000 }).toHaveLength(2)
    expect(receiver.taken()).toMatchObject([
      {
        event_type: 'match_found',
        content_id: 'uploaded_1',
        match_info: { bank_name: 'known', distance: 0 },
      },
      { event_type: 'action_taken', content_id: 'uploaded_1', action: 'review' },
    ])
  })

  type AppView = {
    displayImage(imageUrl: string, contentId: string): Promise<string>
    handleUserReport(contentId: string, reason: string): Promise<string>
  }

  /** The guide's functions, with what it leaves to the application: its pages, and the way to this service. */
  function appView(errors: unknown[]): AppView {
    const authorization = `Bearer ${key}`
    const application = {
      JSON,
      console: { error: (...words: unknown[]) => errors.push(words) },
      checkMatchStatus: status,
      renderPlaceholder: (text: string) => `placeholder ${text}`,
      renderImage: (url: string) => `image ${url}`,
      showNotification: (text: string) => text,
      getImageUrl: async (id: string) =>
        `${elsewhere.origin}/${id.startsWith('reported') ? 'known' : 'other'}.png`,
      fetch: (path: string, init: RequestInit) => {
        const headers = new Headers(init.headers)
        headers.set('authorization', authorization)
        return fetch(service.url + path, { ...init, headers })
      },
    }
    const code = `${guide('appview.js.txt')}\n;({ displayImage, handleUserReport })`
    return runInNewContext(code, application) as AppView
  }
})
