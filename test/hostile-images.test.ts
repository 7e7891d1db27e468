import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { HashPlan } from '../src/model/hash-plan.ts'
import { confinedProcess } from '../src/scan/confine-child.ts'
import { type HashPool, openHashPool } from '../src/scan/hash-pool.ts'
import { webpOf } from './support/animations.ts'
import { drawLandscape, recompress } from './support/images.ts'

const never = new AbortController().signal
const limits = {
  processes: 1,
  maxPixels: 4_000_000,
  timeoutMs: 5_000,
  maxMemoryBytes: 512 * 2 ** 20,
  maxQueue: 100,
}
const plan: HashPlan = {
  profiles: ['reference-512'],
  isOriented: true,
  isFlattened: true,
  frames: 3,
  isTurned: false,
  hasSha1: false,
}
const isLinux = existsSync('/proc/self/status')
let good: Buffer
let pool: HashPool

beforeAll(async () => {
  good = await recompress(await drawLandscape(1, { width: 320, height: 214 }), 85)
  pool = openHashPool(limits)
})
afterAll(async () => await pool[Symbol.asyncDispose]())

/** Shows that a pool still works, and gives the hashes it always gave. */
async function expectGoodImage(from: HashPool): Promise<void> {
  const sha256 = createHash('sha256').update(good).digest('hex')
  expect(await from.hash(good, plan, never)).toMatchObject({
    kind: 'hashed',
    facts: { format: 'jpeg', width: 320, height: 214, size: good.length },
    hashes: [{ type: 'pdq' }, { type: 'md5' }, { type: 'sha256', value: sha256 }],
  })
}

describe('an image that cannot be hashed', () => {
  const cases: [string, () => Buffer | Promise<Buffer>, string][] = [
    ['no bytes', () => Buffer.alloc(0), 'empty'],
    ['one byte', () => Buffer.from([0xff]), 'unsupported-format'],
    ['text', () => Buffer.from('hello, I am a picture'), 'unsupported-format'],
    ['noise', () => createHash('sha512').update('noise').digest(), 'unsupported-format'],
    ['an MP4 video', () => isoFile('isom', 'mp42'), 'unsupported-format'],
    ['a PDF', () => Buffer.from('%PDF-1.7\n1 0 obj\n'), 'unsupported-format'],
    ['a gzipped SVG', () => Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0]), 'unsupported-format'],
    [
      'an SVG',
      () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'),
      'format-refused',
    ],
    ['an SVG with an external entity', () => Buffer.from(entitySvg), 'format-refused'],
    ['an SVG in UTF-16', () => Buffer.from(`\ufeff${entitySvg}`, 'utf16le'), 'format-refused'],
    ['a HEIC photo', () => isoFile('heic', 'mif1', 'heic'), 'format-refused'],
    ['a HEIC photo with a neutral brand', () => isoFile('mif1', 'heic'), 'format-refused'],
    ['an AVIF that has only its first box', () => isoFile('avif', 'mif1'), 'corrupt'],
    ['a JPEG of three bytes', () => Buffer.from([0xff, 0xd8, 0xff]), 'corrupt'],
    ['a JPEG cut in its header', () => good.subarray(0, 100), 'corrupt'],
    ['a PNG cut in its header', () => pngOf(100, 100).subarray(0, 20), 'corrupt'],
    ['a GIF with nothing in it', () => Buffer.from('GIF89a'), 'corrupt'],
    ['a WebP with nothing in it', () => Buffer.from('RIFF\x04\0\0\0WEBP', 'latin1'), 'corrupt'],
    [
      'a TIFF that points into itself',
      () => Buffer.from('II*\0\x08\0\0\0\x01\0\x08\0\0\0', 'latin1'),
      'corrupt',
    ],
    ['a PNG header of 30,000 x 30,000', () => pngOf(30_000, 30_000), 'too-many-pixels'],
    ['a PNG header of 2^31 x 2^31', () => pngOf(2 ** 31 - 1, 2 ** 31 - 1), 'corrupt'],
    [
      'a PNG bomb, 48 MB in 210 kB',
      () => pngOf(4_000, 4_000, Buffer.alloc(4_000 * 12_001)),
      'too-many-pixels',
    ],
    ['a GIF header of 65,535 x 65,535', gifHeader, 'too-many-pixels'],
    ['one pixel more than the limit', () => flat(2_001, 2_000), 'too-many-pixels'],
  ]

  it.each(cases)('ends %s in its named outcome', async (_, make, reason) => {
    const outcome = await pool.hash(await make(), plan, never)
    expect(outcome).toMatchObject({ kind: 'unscannable', reason })
    await expectGoodImage(pool)
  })
})

describe('an image whose header asks for more memory than the limit', () => {
  it('is refused before it is decoded, and a smaller one is hashed by the same process', async () => {
    await using small = openHashPool({ ...limits, maxPixels: 50_000_000, maxMemoryBytes: 180 * 2 ** 20 })
    const bytes = pngOf(7_000, 7_000)
    expect(await small.hash(bytes, plan, never)).toMatchObject({
      kind: 'unscannable',
      reason: 'too-much-memory',
      hashMs: 0,
    })
    await expectGoodImage(small)
  })
})

describe('an odd image that can be hashed', () => {
  it('takes a JPEG that breaks off, as the reference does', async () => {
    const whole = await pool.hash(good, plan, never)
    const cut = await pool.hash(good.subarray(0, Math.floor(good.length * 0.9)), plan, never)
    expect(cut).toMatchObject({ kind: 'hashed', facts: { width: 320, height: 214 } })
    expect(distance(pdqOf(whole), pdqOf(cut))).toBeLessThan(100)
  })

  it('reads no more of a bomb than the picture in it', async () => {
    const bomb = pngOf(16, 16, Buffer.alloc(40_000_000))
    expect(bomb.length).toBeLessThan(200_000)
    const outcome = await pool.hash(bomb, plan, never)
    expect(outcome).toMatchObject({ kind: 'hashed', facts: { width: 16, height: 16 } })
    expect(outcome.decodeMs).toBeLessThan(1_000)
  })

  it('takes a picture of one pixel, which has no detail', async () => {
    const outcome = await pool.hash(await flat(1, 1), plan, never)
    expect(outcome).toMatchObject({ facts: { width: 1, height: 1 }, hashes: [{ quality: 0 }, {}, {}] })
  })

  it('takes exactly as many pixels as the limit', async () => {
    expect(await pool.hash(await flat(2_000, 2_000), plan, never)).toMatchObject({ kind: 'hashed' })
  })

  it.each([
    'png',
    'webp',
    'gif',
    'avif',
    'tiff',
  ] as const)('takes %s by its bytes, near to the JPEG', async (format) => {
    const bytes = await sharp(good).toFormat(format, { effort: 1 }).toBuffer()
    const outcome = await pool.hash(bytes, plan, never)
    expect(outcome).toMatchObject({
      kind: 'hashed',
      facts: { format, width: 320, height: 214, size: bytes.length },
    })
    expect(distance(pdqOf(outcome), pdqOf(await pool.hash(good, plan, never)))).toBeLessThanOrEqual(10)
  })

  it.each(['gif', 'webp'] as const)('takes the first frame of an animated %s', async (format) => {
    const second = await drawLandscape(2, { width: 320, height: 214 })
    const animated = await sharp([good, second], { join: { animated: true } })
      .toFormat(format)
      .toBuffer()
    expect((await sharp(animated).metadata()).pages).toBe(2)
    const outcome = await pool.hash(animated, plan, never)
    expect(outcome).toMatchObject({ facts: { format, width: 320, height: 214 } })
    expect(distance(pdqOf(outcome), pdqOf(await pool.hash(good, plan, never)))).toBeLessThanOrEqual(10)
  })

  it('takes a WebP of 60,000 frames, which libwebp alone would need seconds for', async () => {
    const create = { width: 1, height: 1, channels: 3, background: '#456' } as const
    const bytes = webpOf(16, 16, await sharp({ create }).webp({ lossless: true }).toBuffer(), 60_000)
    const outcome = await pool.hash(bytes, plan, never)
    expect(outcome).toMatchObject({ facts: { format: 'webp', width: 16, height: 16, size: bytes.length } })
    expect(outcome.decodeMs).toBeLessThan(1_000)
  })

  it('takes the high byte of 16-bit samples', async () => {
    const eight = await sharp(good).png().toBuffer()
    const sixteen = await sharp(good).toColourspace('rgb16').png().toBuffer()
    expect((await sharp(sixteen).metadata()).depth).toBe('ushort')
    expect(pdqOf(await pool.hash(sixteen, plan, never))).toBe(pdqOf(await pool.hash(eight, plan, never)))
  })

  it('drops alpha without mixing a background in', async () => {
    const opaque = await sharp(good).png().toBuffer()
    const hidden = await sharp(good).ensureAlpha(0).png().toBuffer()
    expect(pdqOf(await pool.hash(hidden, plan, never))).toBe(pdqOf(await pool.hash(opaque, plan, never)))
  })

  it('leaves the EXIF rotation alone', async () => {
    const turned = await sharp(good).withMetadata({ orientation: 6 }).png().toBuffer()
    expect((await sharp(turned).metadata()).orientation).toBe(6)
    const outcome = await pool.hash(turned, plan, never)
    expect(outcome).toMatchObject({ facts: { width: 320, height: 214 } })
    expect(pdqOf(outcome)).toBe(pdqOf(await pool.hash(good, plan, never)))
  })

  it('takes a CMYK JPEG near to the picture that it was made from', async () => {
    const cmyk = await sharp(good).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer()
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk')
    const outcome = await pool.hash(cmyk, plan, never)
    expect(outcome).toMatchObject({ kind: 'hashed', facts: { format: 'jpeg' } })
    expect(distance(pdqOf(outcome), pdqOf(await pool.hash(good, plan, never)))).toBeLessThanOrEqual(24)
  })
})

describe.runIf(isLinux)('a decoder that fails', () => {
  it('hangs: the image times out, the process is replaced, the others are hashed', async () => {
    const others = decoderPids()
    await using fresh = openHashPool({ ...limits, timeoutMs: 600 })
    await expectGoodImage(fresh)
    const [pid] = decoderPids().filter((one) => !others.includes(one))
    process.kill(pid!, 'SIGSTOP')
    const stuck = fresh.hash(good, plan, never)
    const behind = fresh.hash(good, plan, never)
    await expect(stuck).rejects.toMatchObject({ name: 'DecoderTimeoutError', kind: 'timeout' })
    expect(await behind).toMatchObject({ kind: 'hashed' })
    expect(decoderPids()).not.toContain(pid)
    await expectGoodImage(fresh)
  })

  it('crashes: only that image fails, as something that may pass', async () => {
    const others = decoderPids()
    await using fresh = openHashPool(limits)
    await expectGoodImage(fresh)
    const [pid] = decoderPids().filter((one) => !others.includes(one))
    process.kill(pid!, 'SIGSTOP')
    const hit = fresh.hash(good, plan, never)
    const behind = fresh.hash(good, plan, never)
    expect(fresh.pending).toBe(2)
    process.kill(pid!, 'SIGSEGV')
    process.kill(pid!, 'SIGCONT')
    const error = await hit.catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'DecoderCrashedError', details: { signalCode: 'SIGSEGV' } })
    expect((error as { shouldRetry(): boolean }).shouldRetry()).toBe(true)
    expect(await behind).toMatchObject({ kind: 'hashed' })
    expect(fresh.pending).toBe(0)
  })

  it('takes more memory than the header said: it is ended, and the next image is hashed', async () => {
    const entry = join(import.meta.dirname, 'support/greedy-decoder.ts')
    await using fresh = openHashPool({ ...limits, entry, maxMemoryBytes: 256 * 2 ** 20 })
    await expectGoodImage(fresh)
    const error = await fresh.hash(Buffer.from('greedy'), plan, never).catch((error: unknown) => error)
    expect(error).toMatchObject({ name: 'DecoderOutOfMemoryError', kind: 'unavailable' })
    await expectGoodImage(fresh)
  })

  it('cannot start: the image fails with what the process said, and the pool does not spin', async () => {
    const others = decoderPids()
    await using broken = openHashPool({ ...limits, maxPixels: Number.NaN })
    const startedAt = performance.now()
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await broken.hash(good, plan, never).catch((error: unknown) => error)
      expect(error).toMatchObject({ name: 'DecoderStartError', kind: 'unavailable' })
      const { stderr } = (error as { details: { stderr: string } }).details
      expect(stderr).toContain('Expected a whole number for maxPixels but received NaN')
    }
    // The second start waited for the first pause.
    expect(performance.now() - startedAt).toBeGreaterThan(100)
    expect(decoderPids()).toEqual(others)
  })
})

describe('openHashPool', () => {
  it('refuses one image more than may wait, and lets callers leave', async () => {
    await using small = openHashPool({ ...limits, maxQueue: 1 })
    const stop = new AbortController()
    const first = small.hash(good, plan, never)
    const second = small.hash(good, plan, stop.signal)
    await expect(small.hash(good, plan, never)).rejects.toMatchObject({
      name: 'HashQueueFullError',
      kind: 'unavailable',
    })
    stop.abort(new Error('gone'))
    await expect(second).rejects.toThrow('gone')
    expect(await first).toMatchObject({ kind: 'hashed' })
    expect(small.pending).toBe(0)
  })

  it('rejects what waits when it is closed, and leaves no process behind', async () => {
    const closing = openHashPool({ ...limits, processes: 2 })
    await expectGoodImage(closing)
    const open = decoderPids().length
    const waiting = [1, 2, 3].map(
      async () => await closing.hash(good, plan, never).catch((error: unknown) => error),
    )
    await closing[Symbol.asyncDispose]()
    for (const error of await Promise.all(waiting))
      expect(error).toMatchObject({ name: 'HashPoolClosedError' })
    await expect(closing.hash(good, plan, never)).rejects.toMatchObject({ name: 'HashPoolClosedError' })
    if (isLinux) expect(decoderPids().length).toBeLessThan(open)
  })

  it.runIf(isLinux)('takes its processes with it when the service is killed', async () => {
    const pool = JSON.stringify(join(import.meta.dirname, '../src/scan/hash-pool.ts'))
    const script = `
      import { readFileSync, writeSync } from 'node:fs'
      import { openHashPool } from ${pool}
      const pool = openHashPool(${JSON.stringify(limits)})
      await pool.hash(Buffer.from('no picture'), ${JSON.stringify(plan)}, new AbortController().signal)
      writeSync(1, readFileSync('/proc/' + process.pid + '/task/' + process.pid + '/children', 'utf8'))
      process.kill(process.pid, 'SIGKILL')`
    const argv = ['--input-type=module', '-e', script]
    const killed = await promisify(execFile)(process.execPath, argv).catch((error: unknown) => error)
    expect(killed).toMatchObject({ signal: 'SIGKILL' })
    const pids = (killed as { stdout: string }).stdout.split(' ').filter(Boolean)
    expect(pids).toHaveLength(1)
    await expect.poll(() => isRunning(pids[0]!), { timeout: 3_000, interval: 20 }).toBe(false)
  })
})

describe('the confinement of a decoder', () => {
  const denied = { error: 'ERR_ACCESS_DENIED' }

  it.each([
    ['write a file', "(await import('node:fs')).writeFileSync('/tmp/harrier-probe', 'x')"],
    [
      'write beside our sources',
      `(await import('node:fs')).writeFileSync(${JSON.stringify(join(import.meta.dirname, '../src/x'))}, 'x')`,
    ],
    ['read the machine', "(await import('node:fs')).readFileSync('/etc/passwd')"],
    [
      'read the repository beyond its sources',
      `(await import('node:fs')).readFileSync(${JSON.stringify(import.meta.filename)})`,
    ],
    ["read another process's environment", "(await import('node:fs')).readFileSync('/proc/1/environ')"],
    ['start a process', "(await import('node:child_process')).spawnSync('/bin/true')"],
    ['start a worker', "new (await import('node:worker_threads')).Worker('1', { eval: true })"],
  ])('cannot %s', async (_, code) => {
    expect(await probe(code)).toEqual(denied)
  })

  it('can do what decoding needs, so that the probes above prove something', async () => {
    const sources = JSON.stringify(join(import.meta.dirname, '../src/scan/pdq.ts'))
    expect(await probe(`(await import('node:fs')).readFileSync(${sources})`)).toEqual({ error: null })
    expect(await probe("await import('sharp')")).toEqual({ error: null })
  })

  it.runIf(isLinux)('starts with none of our environment', async () => {
    vi.stubEnv('HARRIER_PROBE_SECRET', 'hunter2')
    const others = decoderPids()
    await using fresh = openHashPool(limits)
    await expectGoodImage(fresh)
    vi.unstubAllEnvs()
    const pids = decoderPids().filter((pid) => !others.includes(pid))
    const environments = pids.map((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8'))
    expect(environments).toHaveLength(1)
    for (const text of environments) {
      const names = text
        .split('\0')
        .filter(Boolean)
        .map((line) => line.split('=')[0])
      expect(new Set(names)).toEqual(
        new Set([
          'MALLOC_ARENA_MAX',
          'MALLOC_MMAP_THRESHOLD_',
          'MALLOC_TRIM_THRESHOLD_',
          'UV_THREADPOOL_SIZE',
        ]),
      )
    }
  })
})

/** Runs code under a decoder's own flags and tells how it failed. */
async function probe(code: string): Promise<unknown> {
  const { execArgv, env } = confinedProcess()
  const script = `let error = null; try { ${code} } catch (e) { error = e.code ?? e.message }; console.log(JSON.stringify({ error }))`
  const argv = [...execArgv, '--input-type=module', '-e', script]
  const { stdout } = await promisify(execFile)(process.execPath, argv, {
    env,
    cwd: join(import.meta.dirname, '..'),
  })
  return JSON.parse(stdout)
}

/** The decoder processes that this process has started and that are alive. */
function decoderPids(): number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8')
  return children
    .split(' ')
    .filter(Boolean)
    .map(Number)
    .filter((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('hash-process.ts'))
}

/** False when a process is gone, or dead and only waits to be reaped. */
function isRunning(pid: string): boolean {
  const path = `/proc/${pid}/status`
  return existsSync(path) && !/^State:\s+Z/m.test(readFileSync(path, 'utf8'))
}

const entitySvg =
  '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' +
  '<svg xmlns="http://www.w3.org/2000/svg" width="99" height="99"><text>&x;</text></svg>'

async function flat(width: number, height: number): Promise<Buffer> {
  return await sharp({ create: { width, height, channels: 3, background: '#456' } })
    .png()
    .toBuffer()
}

/** The first box of an ISO media file: its major brand, then the compatible ones. */
function isoFile(major: string, ...compatible: string[]): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(16 + compatible.length * 4)
  return Buffer.concat([
    size,
    Buffer.from(`ftyp${major}\0\0\0\0${compatible.join('')}`, 'latin1'),
    Buffer.alloc(64),
  ])
}

function gifHeader(): Buffer {
  const header = Buffer.from(
    'GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x02\x44\x01\0;',
    'latin1',
  )
  return header
}

/** A PNG of 8-bit RGB that says to be of a size, whatever rows it holds. */
function pngOf(width: number, height: number, rows: Buffer = Buffer.alloc(16)): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0])
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const frame = Buffer.alloc(8)
    frame.writeUInt32BE(data.length, 0)
    frame.writeUInt32BE(crc32(body), 4)
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
  }
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  const data = chunk('IDAT', deflateSync(rows, { level: 1 }))
  return Buffer.concat([signature, chunk('IHDR', header), data, chunk('IEND', Buffer.alloc(0))])
}

function pdqOf(outcome: Awaited<ReturnType<HashPool['hash']>>): string {
  if (outcome.kind !== 'hashed') throw new Error(`Expected a hashed image but received ${outcome.reason}`)
  return outcome.hashes[0]!.value
}

/** Hamming distance of two hashes, in bits. */
function distance(a: string, b: string): number {
  const differing = BigInt(`0x${a}`) ^ BigInt(`0x${b}`)
  return differing.toString(2).replaceAll('0', '').length
}
