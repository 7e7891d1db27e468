import { describe, expect, it } from 'vitest'
import { RefusedAddressError, type SafeFetch } from '../lib/safe-fetch.ts'
import type { Did } from '../model/ids.ts'
import { createIdentityResolver, type IdentityDeps, type IdentityResolver } from './identity.ts'

const never = new AbortController().signal
const did = 'did:plc:abcdefghijklmnopqrstuvwx' as Did
const hour = 3_600_000

function docOf(id: string, endpoint: unknown = 'https://pds.example.io'): object {
  return {
    id,
    service: [{ id: '#atproto_pds', type: 'AtprotoPersonalDataServer', serviceEndpoint: endpoint }],
  }
}

type Fixture = {
  readonly resolver: IdentityResolver
  readonly asked: string[]
  readonly stored: Map<Did, string>
}

/** A resolver over a directory that answers as told and a clock that reads `clock.now`. */
function resolverOver(answer: () => Response | Promise<Response>, clock = { now: 0 }): Fixture {
  const asked: string[] = []
  const docs = new Map<Did, { doc: string; updatedAt: number }>()
  const stored = new Map<Did, string>()
  const store: IdentityDeps['store'] = {
    load: async (key) => docs.get(key),
    save: async (key, doc) => {
      docs.set(key, doc)
      stored.set(key, doc.doc)
    },
    forget: async (keys) => {
      for (const key of keys) {
        docs.delete(key)
        stored.delete(key)
      }
    },
  }
  const fetch: SafeFetch = async (url) => {
    asked.push(url instanceof Request ? url.url : url.toString())
    return await answer()
  }
  const deps = { store, fetch, plcUrl: 'https://plc.example.io', timeoutMs: 1_000, now: () => clock.now }
  return { resolver: createIdentityResolver(deps), asked, stored }
}

describe('createIdentityResolver', () => {
  it("returns the origin of the account's host and keeps the document", async () => {
    const { resolver, asked, stored } = resolverOver(() =>
      Response.json(docOf(did, 'https://pds.example.io/')),
    )
    expect(await resolver.resolvePds(did, never)).toBe('https://pds.example.io')
    expect(await resolver.resolvePds(did, never)).toBe('https://pds.example.io')
    expect(asked).toEqual([`https://plc.example.io/${encodeURIComponent(did)}`])
    expect(JSON.parse(stored.get(did)!)).toMatchObject({ id: did })
  })

  it('resolves did:web at its own host', async () => {
    const web = 'did:web:labels.example.io' as Did
    const { resolver, asked } = resolverOver(() => Response.json(docOf(web)))
    expect(await resolver.resolvePds(web, never)).toBe('https://pds.example.io')
    expect(asked).toEqual(['https://labels.example.io/.well-known/did.json'])
  })

  it.each([
    ['is unknown', did, () => new Response('', { status: 404 })],
    ['was deleted', did, () => new Response('', { status: 410 })],
    ['is of another form than the directory has', did, () => new Response('', { status: 400 })],
    ['has a document of somebody else', did, () => Response.json(docOf('did:plc:zzzzzzzzzzzzzzzzzzzzzzzz'))],
    ['names no host', did, () => Response.json({ id: did })],
    ['names a host over another protocol', did, () => Response.json(docOf(did, 'ftp://pds.example.io'))],
    ['is of a method that we do not know', 'did:key:zQ3sh' as Did, () => Response.json({})],
    ['is a did:web with a path', 'did:web:example.io:path' as Did, () => Response.json({})],
    [
      'is a did:web whose host does not know it',
      'did:web:example.io' as Did,
      () => new Response('', { status: 404 }),
    ],
  ])('knows no host for an account that %s', async (_, account, answer) => {
    expect(await resolverOver(answer).resolver.resolvePds(account, never)).toBeUndefined()
  })

  it.each([
    ['500', did, () => new Response('', { status: 500 })],
    ['429', did, () => new Response('', { status: 429 })],
    ['403', did, () => new Response('', { status: 403 })],
    ['503 from a did:web host', 'did:web:example.io' as Did, () => new Response('', { status: 503 })],
    ['a page of text in place of the document', did, () => new Response('<html>')],
    ['a document without end', did, () => new Response('x'.repeat(300_000))],
  ])('leaves %s to be tried again', async (_, account, answer) => {
    const error = await resolverOver(answer)
      .resolver.resolveDoc(account, never)
      .catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'DirectoryError', kind: 'upstream' })
    expect((error as { shouldRetry(): boolean }).shouldRetry()).toBe(true)
  })

  it('passes on that a did:web points where we do not go', async () => {
    const refused = resolverOver(() => {
      throw new RefusedAddressError('forbidden', 'private')
    })
    await expect(refused.resolver.resolvePds('did:web:localhost' as Did, never)).rejects.toMatchObject({
      name: 'RefusedAddressError',
    })
  })

  it('asks anew after an hour, lives on the old document for a day, and no longer', async () => {
    const clock = { now: 0 }
    let isWell = true
    const answer = (): Response =>
      isWell
        ? Response.json(docOf(did, `https://pds${clock.now / hour}.example.io`))
        : new Response('', { status: 502 })
    const { resolver, asked } = resolverOver(answer, clock)
    const pdsAt = async (hours: number): Promise<string | undefined> => {
      clock.now = hours * hour
      return await resolver.resolvePds(did, never)
    }
    expect(await pdsAt(0)).toBe('https://pds0.example.io')
    expect(await pdsAt(0.9)).toBe('https://pds0.example.io')
    expect(await pdsAt(1)).toBe('https://pds1.example.io')
    isWell = false
    expect(await pdsAt(24)).toBe('https://pds1.example.io')
    await expect(pdsAt(25)).rejects.toMatchObject({ name: 'DirectoryError' })
    expect(asked).toHaveLength(4)
  })

  it('resolves anew when a key may have changed, but not twice within a minute', async () => {
    const clock = { now: 0 }
    const { resolver, asked } = resolverOver(
      () => Response.json(docOf(did, `https://pds${clock.now}.example.io`)),
      clock,
    )
    const endpointAt = async (now: number): Promise<unknown> => {
      clock.now = now
      return (await resolver.refreshDoc(did, never))?.service?.[0]?.serviceEndpoint
    }
    await resolver.resolveDoc(did, never)
    expect(await endpointAt(59_000)).toBe('https://pds0.example.io')
    expect(await endpointAt(60_000)).toBe('https://pds60000.example.io')
    expect(await resolver.resolvePds(did, never)).toBe('https://pds60000.example.io')
    expect(asked).toHaveLength(2)
  })

  it('forgets the document of an account that is gone', async () => {
    const clock = { now: 0 }
    let status = 200
    const { resolver, stored } = resolverOver(() => Response.json(docOf(did), { status }), clock)
    await resolver.resolveDoc(did, never)
    expect(stored.size).toBe(1)
    status = 404
    clock.now = 2 * hour
    expect(await resolver.resolveDoc(did, never)).toBeUndefined()
    expect(stored.size).toBe(0)
  })

  it('asks once for callers that ask at the same time, and lets each leave', async () => {
    const gate = Promise.withResolvers<Response>()
    const { resolver, asked } = resolverOver(() => gate.promise)
    const stop = new AbortController()
    const left = resolver.resolvePds(did, stop.signal)
    const stayed = resolver.resolvePds(did, never)
    stop.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    gate.resolve(Response.json(docOf(did)))
    expect(await stayed).toBe('https://pds.example.io')
    expect(asked).toHaveLength(1)
  })
})
