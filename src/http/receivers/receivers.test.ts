import { describe, expect, it } from 'vitest'
import { openTestHttp } from '../../../test/support/http-fixture.ts'
import { AppError } from '../../lib/errors.ts'
import type { Services } from '../services.ts'

const path = '/xrpc/com.atproto.unspecced.scanBlob'
const hepaPassword = 'hepa-hepa-hepa-hepa'

describe('a receiver', () => {
  it('has only so many pictures in hand at once, and takes more when they are done', async () => {
    const entered = Promise.withResolvers<undefined>()
    const released = Promise.withResolvers<undefined>()
    const receiveBlob: Services['receiveBlob'] = async () => {
      entered.resolve(undefined)
      await released.promise
      throw new AppError('timeout', 'Too slow')
    }
    await using http = await open(receiveBlob)
    const first = send(http.public.url)
    await entered.promise
    const second = await send(http.public.url)
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await second.json()).toMatchObject({ error: 'NotEnoughResources' })
    released.resolve(undefined)
    expect((await first).status).toBe(504)
    await expect.poll(async () => (await send(http.public.url)).status).toBe(504)
  })

  it('shows nothing of a fault of ours but its id', async () => {
    await using http = await open(async () => {
      throw new Error('the database is gone')
    })
    const answer = await send(http.public.url)
    expect([answer.status, await answer.json()]).toMatchObject([500, { error: 'InternalServerError' }])
    expect(JSON.stringify(http.lines)).not.toContain(hepaPassword)
  })
})

function open(receiveBlob: Services['receiveBlob']) {
  return openTestHttp(
    { receiveBlob },
    {
      receivers: {
        hepaPassword,
        ozoneDivertPassword: undefined,
        euroskyToken: undefined,
        labels: [],
        atOnce: 1,
        maxBytes: 1000,
        timeoutMs: 1000,
      },
    },
  )
}

function send(url: string): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`admin:${hepaPassword}`).toString('base64')}`
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'image/png', 'x-ratelimit-bypass': hepaPassword },
    body: 'some bytes',
  })
}
