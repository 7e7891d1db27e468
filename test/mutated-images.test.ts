import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { HashPlan } from '../src/model/hash-plan.ts'
import { unscannableReasons } from '../src/model/scan.ts'
import { type HashPool, openHashPool } from '../src/scan/hash-pool.ts'
import { drawLandscape, drawPattern, recompress } from './support/images.ts'

const count = 10_000
const never = new AbortController().signal
const limits = {
  processes: 2,
  maxPixels: 4_000_000,
  timeoutMs: 5_000,
  maxMemoryBytes: 512 * 2 ** 20,
  maxQueue: count,
}
/** Every look, so that the mutations reach all of the code. */
const plan: HashPlan = {
  profiles: ['reference-512', 'full-resolution'],
  isOriented: true,
  isFlattened: true,
  frames: 3,
  isTurned: false,
  hasSha1: false,
}
/** What a decoder may do to an image that it cannot survive: the errors that are counted, not the reasons. */
const failures = ['DecoderTimeoutError', 'DecoderOutOfMemoryError', 'DecoderCrashedError']
const isLinux = existsSync('/proc/self/status')

type Random = (below: number) => number
type Base = { readonly format: string; readonly bytes: Buffer }
/** Returns a changed copy of the bytes. */
type Mutation = (bytes: Buffer, random: Random, others: readonly Base[]) => Buffer

const mutations: Readonly<Record<string, Mutation>> = {
  'flips bits': (bytes, random) => {
    const copy = Buffer.from(bytes)
    for (let flips = 1 + random(12); flips > 0; flips--) copy[random(copy.length)]! ^= 1 << random(8)
    return copy
  },
  'flips bits of the header': (bytes, random) => {
    const copy = Buffer.from(bytes)
    for (let flips = 1 + random(4); flips > 0; flips--)
      copy[random(Math.min(80, copy.length))]! ^= 1 << random(8)
    return copy
  },
  'cuts the end off': (bytes, random) => bytes.subarray(0, random(bytes.length)),
  'cuts a piece out': (bytes, random) => {
    const from = random(bytes.length)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + 1 + random(64))])
  },
  'writes an extreme number': (bytes, random) => {
    const copy = Buffer.from(bytes)
    copy.writeUInt32BE([0, 0x7fffffff, 0xffffffff, 0x01000000][random(4)]!, random(copy.length - 4))
    return copy
  },
  'takes the header of another file': (bytes, random, others) => {
    const { bytes: other } = others[random(others.length)]!
    const length = 2 + random(96)
    return Buffer.concat([other.subarray(0, length), bytes.subarray(random(2) === 0 ? length : 0)])
  },
  'repeats a piece': (bytes, random) => {
    const from = random(bytes.length)
    const to = from + 1 + random(256)
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)])
  },
}

describe('ten thousand mutated files', () => {
  it('each end in a named outcome, and cost the service neither a handle nor a process', async () => {
    const bases = await drawBases()
    const good = await recompress(await drawLandscape(1, { width: 320, height: 214 }), 85)
    await using pool = openHashPool(limits)
    await pool.prepare()
    const expected = await hashesOf(pool, good)
    const before = resourcesOf()

    const outcomes = new Map<string, number>()
    const random = createRandom(20_261_122)
    const names = Object.keys(mutations)
    const applied = new Map<string, number>()
    for (let done = 0; done < count; done += 500) {
      const batch = Array.from({ length: 500 }, () => {
        const base = pickBase(bases, random)
        const name = names[random(names.length)]!
        add(applied, `${name} ${base.format}`)
        return mutations[name]!(base.bytes, random, bases)
      })
      await Promise.all(batch.map(async (bytes) => add(outcomes, await outcomeOf(pool, bytes))))
    }

    const known = ['hashed', ...Object.keys(unscannableReasons), ...failures]
    expect([...outcomes.keys()].filter((name) => !known.includes(name))).toEqual([])
    expect(sum(outcomes.values())).toBe(count)
    // The mutations hurt: neither is everything refused, nor does everything pass; and each was tried on each format.
    expect(outcomes.get('hashed')).toBeGreaterThan(count / 10)
    expect(outcomes.get('corrupt')).toBeGreaterThan(count / 10)
    expect(sum(failures.map((name) => outcomes.get(name) ?? 0))).toBeLessThan(count / 1_000)
    expect(applied.size).toBe(names.length * bases.length)
    expect(pool.pending).toBe(0)
    expect(await hashesOf(pool, good)).toEqual(expected)
    expect(resourcesOf()).toEqual(before)
  }, 120_000)
})

/** Small files of every format, AVIF the least since its decoder is slow. */
async function drawBases(): Promise<readonly Base[]> {
  const landscape = sharp(await drawLandscape(3, { width: 96, height: 64 }))
  const pattern = sharp(await drawPattern(4, { width: 48, height: 40 }))
  const frames = [await landscape.clone().png().toBuffer(), await drawLandscape(5, { width: 96, height: 64 })]
  const files = {
    jpeg: landscape.clone().withMetadata({ orientation: 6 }).jpeg({ quality: 85 }),
    'progressive jpeg': pattern.clone().jpeg({ quality: 85, progressive: true }),
    'cmyk jpeg': pattern.clone().toColourspace('cmyk').jpeg(),
    png: pattern.clone().ensureAlpha(0.5).png(),
    'palette png': landscape.clone().png({ palette: true }),
    webp: landscape.clone().webp({ effort: 1 }),
    'lossless webp': pattern.clone().ensureAlpha(0.5).webp({ lossless: true, effort: 1 }),
    'animated webp': sharp(frames, { join: { animated: true } }).webp({ effort: 1 }),
    gif: sharp(frames, { join: { animated: true } }).gif({ effort: 1 }),
    tiff: pattern.clone().tiff({ compression: 'lzw' }),
    'jpeg tiff': landscape.clone().tiff({ compression: 'jpeg' }),
    avif: pattern.clone().avif({ effort: 0 }),
  }
  return await Promise.all(
    Object.entries(files).map(async ([format, file]) => ({ format, bytes: await file.toBuffer() })),
  )
}

function pickBase(bases: readonly Base[], random: Random): Base {
  const last = bases.length - 1
  return bases[random(50) === 0 ? last : random(last)]!
}

async function outcomeOf(pool: HashPool, bytes: Buffer): Promise<string> {
  try {
    const outcome = await pool.hash(bytes, plan, never)
    return outcome.kind === 'hashed' ? 'hashed' : outcome.reason
  } catch (error) {
    return error instanceof Error ? error.name : String(error)
  }
}

async function hashesOf(pool: HashPool, bytes: Buffer): Promise<readonly unknown[]> {
  const outcome = await pool.hash(bytes, plan, never)
  if (outcome.kind !== 'hashed') throw new Error(`Expected a hashed image but received ${outcome.reason}`)
  expect(outcome.hashes.at(-1)?.value).toBe(createHash('sha256').update(bytes).digest('hex'))
  return outcome.hashes
}

/** How many files and processes this process holds, where the system tells. */
function resourcesOf(): { handles: number; children: number } | undefined {
  if (!isLinux) return undefined
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean)
  return { handles: readdirSync('/proc/self/fd').length, children: children.length }
}

/** A seeded source of whole numbers (xorshift). */
function createRandom(seed: number): Random {
  let state = seed | 0
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0)
}
