import { describe, expect, it } from 'vitest'
import { createSafeFetch } from '../../lib/safe-fetch.ts'
import type { DoctorDeps } from './check.ts'
import { resolveHandle } from './resolve-handle.ts'

const [one, other] = ['did:plc:ewvi7nxzyoun6zhxrhs64oiz', 'did:plc:z72i7hdynmk6r22z27h6tvur']

/** Stands in for name servers and web servers of the world: what each says of `labeler.test.example.io`. */
function world(txt: readonly string[], web: string | number): DoctorDeps {
  const fetch: typeof globalThis.fetch = async (input) => {
    expect(new Request(input).url).toBe('https://labeler.test.example.io/.well-known/atproto-did')
    return typeof web === 'number' ? new Response('no', { status: web }) : new Response(web)
  }
  const options = { timeoutMs: 1_000, maxRedirects: 0, allowedPrivateOrigins: [], userAgent: 'test', fetch }
  return {
    fetch: createSafeFetch(options),
    allowedPrivateOrigins: [],
    async resolveTxt(name: string) {
      expect(name).toBe('_atproto.labeler.test.example.io')
      if (txt.length === 0) throw Object.assign(new Error('queryTxt ENODATA'), { code: 'ENODATA' })
      // A record longer than 255 bytes comes in pieces.
      return txt.map((record) => [record.slice(0, 6), record.slice(6)])
    },
  } as unknown as DoctorDeps
}

const resolve = (txt: readonly string[], web: string | number) =>
  resolveHandle('labeler.test.example.io', world(txt, web), new AbortController().signal)

describe('resolveHandle', () => {
  it.each<[name: string, txt: string[], web: string | number, did: string | undefined, says: RegExp]>([
    ['by DNS alone', [`did=${one}`, 'v=spf1 -all'], 404, one, /^by DNS$/],
    ['by https alone', [], `${one}\n`, one, /^by https$/],
    ['by both', [`did=${one}`], one, one, /^by DNS and https$/],
    ['not when they disagree', [`did=${one}`], other, undefined, /DNS says .*, and its web server says/],
    ['not when DNS names two', [`did=${one}`, `did=${other}`], one, undefined, /DNS names 2 DIDs/],
    ['not when nobody knows it', [], 404, undefined, /neither/],
    ['not from a page that is no DID', [], '<html>', undefined, /neither/],
    ['not from a page without end', [], one + ' '.repeat(5_000), undefined, /neither/],
    ['not from what is no DID in DNS', ['did=x', 'did='], 500, undefined, /neither/],
  ])('resolves %s', async (_name, txt, web, did, says) => {
    expect(await resolve(txt, web)).toEqual({ did, says: expect.stringMatching(says) })
  })
})
