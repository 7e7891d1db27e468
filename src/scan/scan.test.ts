import { createHash } from 'node:crypto'
import { cidForRawHash } from '@atproto/lex-data'
import { describe, expect, it } from 'vitest'
import { RefusedAddressError, type SafeFetch, TooManyRedirectsError } from '../lib/safe-fetch.ts'
import type { HashPlan } from '../model/hash-plan.ts'
import type { AtUri, Cid, Did } from '../model/ids.ts'
import type { ImageRef } from '../model/image.ts'
import { type HashedScan, noTimings } from '../model/scan.ts'
import type { HashOutcome } from './hash-image.ts'
import { createScanImage, type ScanDeps } from './scan.ts'

const never = new AbortController().signal
const bytes = Buffer.from('the bytes of a picture')
const cid = cidForRawHash(createHash('sha256').update(bytes).digest()).toString() as Cid
const did = 'did:plc:abcdefghijklmnopqrstuvwx' as Did
const image: ImageRef = {
  did,
  uri: `at://${did}/app.bsky.feed.post/1` as AtUri,
  recordCid: cid,
  cid,
  use: 'post',
  mimeType: 'image/jpeg',
  size: bytes.length,
}
const hashed: HashOutcome = {
  kind: 'hashed',
  facts: { format: 'jpeg', width: 10, height: 10, size: bytes.length },
  hashes: [
    { type: 'pdq', value: 'ab'.repeat(32), quality: 77, profile: 'reference-512', variant: 'original' },
  ],
  decodeMs: 3,
  hashMs: 2,
}
const plan: HashPlan = {
  profiles: ['reference-512'],
  isOriented: true,
  isFlattened: true,
  frames: 4,
  isTurned: false,
  hasSha1: false,
}
const limits = { maxBlobBytes: 1_000, timeoutMs: 1_000, idleTimeoutMs: 500, maxPerHost: 2 }

/** A scanner over a network that has the picture, and what it was asked for. */
function scanner(deps: Partial<ScanDeps> = {}): {
  scan: ReturnType<typeof createScanImage>
  asked: string[]
} {
  const asked: string[] = []
  const fetch: SafeFetch = async (url) => {
    asked.push(url instanceof Request ? url.url : url.toString())
    return new Response(bytes)
  }
  const known: ScanDeps = {
    resolvePds: async () => 'https://pds.example.io',
    loadScan: async () => undefined,
    plan: () => plan,
    fetch,
    pool: { hash: async () => hashed },
    ...deps,
  }
  return { scan: createScanImage(known, limits), asked }
}

describe('createScanImage', () => {
  it('finds the host, downloads the blob, hashes it and says how long each step took', async () => {
    const { scan, asked } = scanner()
    const result = await scan(image, never)
    expect(result).toMatchObject({ kind: 'hashed', isCached: false, timings: { decodeMs: 3, hashMs: 2 } })
    expect(Object.keys(result)).toEqual(['kind', 'facts', 'hashes', 'timings', 'isCached', 'plan'])
    expect(asked).toEqual([
      expect.stringContaining('https://pds.example.io/xrpc/com.atproto.sync.getBlob?did='),
    ])
  })

  it('asks nobody when the CID was scanned before, on any account', async () => {
    const stored: HashedScan = {
      kind: 'hashed',
      facts: { format: 'png', width: 1, height: 1, size: 1 },
      hashes: [],
      plan,
      timings: { ...noTimings, fetchMs: 99 },
      isCached: false,
    }
    const { scan, asked } = scanner({ loadScan: async () => stored })
    expect(await scan(image, never)).toEqual({ ...stored, timings: noTimings, isCached: true })
    expect(asked).toEqual([])
  })

  it('looks anew at an image that is known by fewer looks than are wanted now', async () => {
    const stored = {
      kind: 'hashed',
      facts: { format: 'png', width: 1, height: 1, size: 1 },
      hashes: [],
      plan,
    } as const
    const loadScan = async (): Promise<HashedScan> => ({ ...stored, timings: noTimings, isCached: true })
    const wanted: HashPlan = { ...plan, profiles: ['reference-512', 'full-resolution'] }
    const plans: HashPlan[] = []
    const pool = {
      hash: async (_: Uint8Array, asked: HashPlan) => {
        plans.push(asked)
        return hashed
      },
    }
    const result = await scanner({ loadScan, plan: () => wanted, pool }).scan(image, never)
    expect(result).toMatchObject({ kind: 'hashed', isCached: false, plan: wanted })
    expect(plans).toEqual([wanted])
    const fewer = await scanner({ loadScan, plan: () => ({ ...plan, isOriented: false }), pool }).scan(
      image,
      never,
    )
    expect(fewer).toMatchObject({ isCached: true })
  })

  it('passes on why verified bytes cannot be hashed', async () => {
    const outcome: HashOutcome = { kind: 'unscannable', reason: 'corrupt', decodeMs: 1, hashMs: 0 }
    const { scan } = scanner({ pool: { hash: async () => outcome } })
    expect(await scan(image, never)).toMatchObject({
      kind: 'unscannable',
      reason: 'corrupt',
      isCached: false,
    })
  })

  it('calls an account without a host by its name', async () => {
    const { scan } = scanner({ resolvePds: async () => undefined })
    expect(await scan(image, never)).toMatchObject({ kind: 'unavailable', reason: 'no-account' })
  })

  it('hashes nothing when the host sends other bytes', async () => {
    let hashedCount = 0
    const { scan } = scanner({
      fetch: async () => new Response('other'),
      pool: {
        hash: async () => {
          hashedCount++
          return hashed
        },
      },
    })
    expect(await scan(image, never)).toMatchObject({ kind: 'unavailable', reason: 'cid-mismatch' })
    expect(hashedCount).toBe(0)
  })

  it.each([
    [new RefusedAddressError('forbidden', 'private'), 'refused-address'],
    [new TooManyRedirectsError('upstream', 'again'), 'too-many-redirects'],
  ])('makes %s an outcome, from the host and from the way to it', async (error, reason) => {
    const fail = async (): Promise<never> => {
      throw error
    }
    expect(await scanner({ fetch: fail }).scan(image, never)).toMatchObject({ kind: 'unavailable', reason })
    expect(await scanner({ resolvePds: fail }).scan(image, never)).toMatchObject({
      kind: 'unavailable',
      reason,
    })
  })

  it('downloads once for callers that want the same blob at the same time', async () => {
    const { scan, asked } = scanner()
    const results = await Promise.all([scan(image, never), scan(image, never), scan(image, never)])
    expect(results.map(({ kind }) => kind)).toEqual(['hashed', 'hashed', 'hashed'])
    expect(asked).toHaveLength(1)
    await scan(image, never)
    expect(asked).toHaveLength(2)
  })

  it('lets one caller leave while another waits on, and stops when the last has left', async () => {
    const started = Promise.withResolvers<unknown>()
    const stopped = Promise.withResolvers<unknown>()
    const { scan } = scanner({
      pool: {
        hash: async (_, __, signal) => {
          signal.addEventListener('abort', () => stopped.resolve('stopped'))
          started.resolve('started')
          return await new Promise<never>(() => {})
        },
      },
    })
    const [first, second] = [new AbortController(), new AbortController()]
    const firstScan = scan(image, first.signal)
    const secondScan = scan(image, second.signal)
    await started.promise
    first.abort(new Error('first has left'))
    await expect(firstScan).rejects.toThrow('first has left')
    second.abort(new Error('second has left'))
    await expect(secondScan).rejects.toThrow('second has left')
    expect(await stopped.promise).toBe('stopped')
  })
})
