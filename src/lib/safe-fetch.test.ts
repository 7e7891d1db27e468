import dns from 'node:dns'
import type { RequestListener } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it } from 'vitest'
import { openLoopbackServer } from '../../test/support/listen.ts'
import { createSafeFetch, type SafeFetchOptions, withMaxBody } from './safe-fetch.ts'

const options = { timeoutMs: 1_000, maxRedirects: 3, allowedPrivateOrigins: [], userAgent: 'harrier-test' }
const closers: (() => void)[] = []

afterEach(() => {
  for (const close of closers.splice(0)) close()
})

/** Starts a server on the loopback and returns its origin. */
async function listen(answer: RequestListener): Promise<string> {
  const server = await openLoopbackServer(answer)
  closers.push(() => server[Symbol.dispose]())
  return server.origin
}

function setLookup(lookup: typeof dns.lookup): void {
  dns.lookup = lookup
  syncBuiltinESMExports()
}

describe('createSafeFetch', () => {
  it.each([
    'http://127.0.0.1:80/',
    'https://127.0.0.1/',
    'https://10.1.2.3/',
    'https://2130706433/',
    'https://169.254.169.254/latest/meta-data',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[fd00::1]/',
    'https://0.0.0.0/',
    'https://localhost/',
    'https://printer.local/',
    'http://bsky.social/',
    'file:///etc/passwd',
    'data:text/plain,hello',
  ])('refuses %s for good', async (url) => {
    const fetch = createSafeFetch(options)
    const error = await fetch(url).catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'RefusedAddressError', kind: 'forbidden' })
    expect((error as { shouldRetry(): boolean }).shouldRetry()).toBe(false)
  })

  it.each([
    '127.0.0.1',
    '10.0.0.7',
    '169.254.169.254',
    '::1',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
  ])('refuses a public name that resolves to %s', async (address) => {
    const real = dns.lookup
    closers.push(() => setLookup(real))
    let asked = 0
    setLookup(((_name: string, _options: object, callback: (...answer: unknown[]) => void) => {
      asked++
      callback(null, [{ address, family: address.includes(':') ? 6 : 4 }])
    }) as typeof dns.lookup)
    const answer = createSafeFetch(options)('https://rebound.example.io/')
    await expect(answer).rejects.toMatchObject({ name: 'RefusedAddressError' })
    expect(asked).toBe(1)
  })

  it('asks a private origin only when that very origin is named', async () => {
    const named = await listen((request, response) => response.end(request.headers['user-agent']))
    const other = await listen((_, response) => response.end('secret'))
    const fetch = createSafeFetch({ ...options, allowedPrivateOrigins: [named] })
    expect(await (await fetch(`${named}/a`)).text()).toBe('harrier-test')
    await expect(fetch(`${other}/a`)).rejects.toMatchObject({ name: 'RefusedAddressError' })
  })

  it('checks every redirect by the same rule, and does not send the request there', async () => {
    let reached = 0
    const hidden = await listen((_, response) => {
      reached++
      response.end('secret')
    })
    const front = await listen((_, response) => response.writeHead(302, { location: `${hidden}/` }).end())
    const fetch = createSafeFetch({ ...options, allowedPrivateOrigins: [front] })
    await expect(fetch(front)).rejects.toMatchObject({ name: 'RefusedAddressError' })
    expect(reached).toBe(0)
    const control = createSafeFetch({ ...options, allowedPrivateOrigins: [front, hidden] })
    expect(await (await control(front)).text()).toBe('secret')
  })

  it('follows redirects up to the limit and then says so, for good', async () => {
    const origin = await listen((request, response) => {
      const left = Number(request.url?.slice(1))
      if (left === 0) response.end('there')
      else response.writeHead(307, { location: `/${left - 1}` }).end()
    })
    const fetch = createSafeFetch({ ...options, allowedPrivateOrigins: [origin] })
    expect(await (await fetch(`${origin}/3`)).text()).toBe('there')
    const error = await fetch(`${origin}/4`).catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'TooManyRedirectsError', details: { hops: 3 } })
    expect((error as { shouldRetry(): boolean }).shouldRetry()).toBe(false)
  })

  it('keeps credentials from the second host', async () => {
    const seen: (string | undefined)[] = []
    const second = await listen((request, response) => {
      seen.push(request.headers.authorization)
      response.end()
    })
    const first = await listen((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(302, { location: second }).end()
    })
    const fetch = createSafeFetch({ ...options, allowedPrivateOrigins: [first, second] })
    await fetch(first, { headers: { authorization: 'Bearer x' } })
    expect(seen).toEqual(['Bearer x', undefined])
  })

  it('returns the redirect of a POST, with its body sent once', async () => {
    const bodies: string[] = []
    const origin = await listen(async (request, response) => {
      bodies.push((await request.toArray()).join(''))
      response.writeHead(307, { location: '/again' }).end()
    })
    const fetch = createSafeFetch({ ...options, allowedPrivateOrigins: [origin] })
    expect((await fetch(origin, { method: 'POST', body: 'once' })).status).toBe(307)
    expect(bodies).toEqual(['once'])
  })

  it.each([
    'ENOTFOUND',
    'EAI_AGAIN',
    'ECONNREFUSED',
    'ECONNRESET',
    'CERT_HAS_EXPIRED',
  ])('calls %s an upstream failure that may pass', async (code) => {
    const cause = Object.assign(new Error(code), { code })
    const broken: SafeFetchOptions['fetch'] = async () => {
      throw new TypeError('fetch failed', { cause })
    }
    const error = await createSafeFetch({ ...options, fetch: broken })('https://pds.test.example.io/').catch(
      (e: unknown) => e,
    )
    expect(error).toMatchObject({ name: 'NetworkError', kind: 'upstream' })
    expect((error as { shouldRetry(): boolean }).shouldRetry()).toBe(true)
  })

  it('gives up on a silent server after the time limit', async () => {
    const origin = await listen(() => {})
    const fetch = createSafeFetch({ ...options, allowedPrivateOrigins: [origin] })
    await expect(fetch(origin, { timeoutMs: 50 })).rejects.toMatchObject({ kind: 'timeout' })
  })

  it("rejects with the caller's own reason when the caller aborts", async () => {
    const origin = await listen(() => {})
    const fetch = createSafeFetch({ ...options, allowedPrivateOrigins: [origin] })
    const stop = new AbortController()
    const answer = fetch(origin, { signal: stop.signal })
    stop.abort(new Error('no longer wanted'))
    await expect(answer).rejects.toThrow('no longer wanted')
  })
})

describe('the time limit of createSafeFetch', () => {
  it('ends requests that hang and bodies that drip, though the garbage collector has passed meanwhile', async () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as () => void
    const origin = await listen((request, response) => {
      if (request.url !== '/drip') return
      const timer = setInterval(() => response.write('x'), 10)
      response.on('close', () => clearInterval(timer))
    })
    const fetch = createSafeFetch({ ...options, timeoutMs: 300, allowedPrivateOrigins: [origin] })
    const collecting = setInterval(collectGarbage, 20)
    closers.push(() => clearInterval(collecting))
    const stop = new AbortController()
    const read = async (path: string): Promise<unknown> => {
      try {
        return await (await fetch(`${origin}${path}`, { signal: stop.signal })).text()
      } catch (error) {
        return (error as Error).name
      }
    }
    const ends = await Promise.all(['/hang', '/drip', '/hang', '/drip'].map(read))
    expect(ends).toEqual(['NetworkError', 'TimeoutError', 'NetworkError', 'TimeoutError'])
  })
})

describe('withMaxBody', () => {
  it('breaks off a body that is longer than the limit, announced or not', async () => {
    const origin = await listen((request, response) => {
      if (request.url === '/announced') response.setHeader('content-length', 2000)
      response.write('x')
      response.end('x'.repeat(1999))
    })
    const fetch = createSafeFetch({ ...options, allowedPrivateOrigins: [origin] })
    const bounded = withMaxBody(fetch, 1000)
    await expect(bounded(`${origin}/announced`)).rejects.toThrow()
    await expect((await bounded(`${origin}/stream`, {})).text()).rejects.toThrow()
    expect(await (await withMaxBody(fetch, 2000)(`${origin}/stream`)).text()).toHaveLength(2000)
  })
})
