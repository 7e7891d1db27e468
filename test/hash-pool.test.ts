import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HashPlan } from '../src/model/hash-plan.ts'
import { openHashPool } from '../src/scan/hash-pool.ts'

const never = new AbortController().signal
const plan: HashPlan = {
  profiles: ['reference-512'],
  isOriented: false,
  isFlattened: false,
  frames: 1,
  isTurned: false,
  hasSha1: false,
}
const limits = {
  processes: 1,
  maxPixels: 1_000,
  timeoutMs: 1_000,
  maxMemoryBytes: 2 ** 30,
  maxQueue: 100,
}
let folder: string
/** A process that does what the first bytes of each "image" say, instead of decoding it. */
let entry: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'harrier-pool-'))
  entry = join(folder, 'obedient-process.ts')
  const from = (name: string): string => JSON.stringify(join(import.meta.dirname, '../src/scan', name))
  writeFileSync(
    entry,
    `import { Socket } from 'node:net'
    import { writeSync } from 'node:fs'
    import { serveImages } from ${from('serve-images.ts')}
    let handled = 0
    serveImages(async (bytes, plan) => {
      const [word, value] = Buffer.from(bytes).toString().split(' ')
      handled++
      if (word === 'wait') await new Promise((resolve) => setTimeout(resolve, Number(value)))
      if (word === 'hang') await new Promise(() => {})
      if (word === 'exit') process.exit(Number(value))
      if (word === 'fail') throw new Error('unwell')
      if (word === 'junk') writeSync(3, Buffer.from([2, 0, 0, 0, 123, 125]))
      if (word === 'flood') writeSync(3, Buffer.alloc(300_000, 255))
      if (word === 'twice') writeSync(3, frame({ kind: 'recalled' }))
      const facts = { kind: 'unscannable', reason: 'empty', hashMs: handled }
      return { ...facts, decodeMs: word === 'sum' ? bytes.reduce((sum, byte) => sum + byte, plan.frames) : process.pid }
    })
    function frame(reply) {
      const json = Buffer.from(JSON.stringify(reply))
      const head = Buffer.alloc(4)
      head.writeUInt32LE(json.length)
      return Buffer.concat([head, json])
    }`,
  )
})
afterAll(() => rmSync(folder, { recursive: true }))

const image = (text: string): Buffer => Buffer.from(text)
const failed = (error: unknown): unknown => error

describe('a process of the pool', () => {
  it('gets every byte of images of any size, one after the other, and the plan of each', async () => {
    await using pool = openHashPool({ ...limits, entry, timeoutMs: 30_000 })
    const sizes = [0, 1, 63, 70_000, 3_000_000, 5, 8_000_000, 300_000, 299_999, 2]
    const images = sizes.map((size, at) => Buffer.alloc(size, at + 1))
    const sums = await Promise.all(
      images.map(async (fill, at) => {
        const bytes = Buffer.concat([image('sum '), fill])
        const outcome = await pool.hash(bytes, { ...plan, frames: at }, never)
        return [outcome.decodeMs, bytes.reduce((sum, byte) => sum + byte, at)]
      }),
    )
    for (const [heard, sent] of sums) expect(heard).toBe(sent)
    expect(sums).toHaveLength(sizes.length)
  })

  it.each([
    ['ends', 'exit 7', { name: 'DecoderCrashedError', details: { exitCode: 7 } }],
    ['says that it is unwell', 'fail', { name: 'DecoderCrashedError', message: /unwell/ }],
    ['hangs', 'hang', { name: 'DecoderTimeoutError', kind: 'timeout' }],
    ['says what means nothing', 'junk', { name: 'DecoderCrashedError', message: /nobody asked for/ }],
    ['says too much', 'flood', { name: 'DecoderCrashedError', message: /nobody asked for/ }],
    ['answers what nobody took back', 'twice', { name: 'DecoderCrashedError' }],
  ])('that %s fails the image it worked on alone, though it held the next', async (_, word, error) => {
    await using pool = openHashPool({ ...limits, entry })
    const before = pool.hash(image('wait 20'), plan, never)
    const hit = pool.hash(image(word), plan, never).catch(failed)
    const behind = [1, 2, 3].map((n) => pool.hash(image(`next ${n}`), plan, never))
    const first = (await before).decodeMs
    const { message, ...expected } = { message: /./, ...error }
    expect(await hit).toMatchObject(expected)
    expect(String(await hit)).toMatch(message)
    const others = (await Promise.all(behind)).map(({ decodeMs }) => decodeMs)
    expect(new Set(others).size).toBe(1)
    expect(others[0]).not.toBe(first)
    expect(pool.pending).toBe(0)
  })

  it('gives each image all of its time, however long it was held', async () => {
    await using pool = openHashPool({ ...limits, entry, timeoutMs: 600 })
    const images = Array.from({ length: 4 }, () => pool.hash(image('wait 350'), plan, never))
    expect(await Promise.all(images)).toHaveLength(4)
  })
})

describe('images held in advance', () => {
  it('go to a process with nothing to do while the one that holds them is busy', async () => {
    await using pool = openHashPool({ ...limits, entry, processes: 2, timeoutMs: 30_000 })
    await pool.prepare()
    const slow = pool.hash(image('wait 20000'), plan, never).catch(failed)
    const others = Array.from({ length: 9 }, () => pool.hash(image('wait 5'), plan, never))
    const pids = (await Promise.all(others)).map(({ decodeMs }) => decodeMs)
    expect(new Set(pids).size).toBe(1)
    // One more, and its process has done just what came back to it.
    expect(await pool.hash(image('last'), plan, never)).toMatchObject({ decodeMs: pids[0], hashMs: 10 })
    expect(pool.pending).toBe(1)
    await pool[Symbol.asyncDispose]()
    expect(await slow).toMatchObject({ name: 'HashPoolClosedError' })
  })

  it('are not hashed when they were taken back', async () => {
    await using pool = openHashPool({ ...limits, entry, processes: 2 })
    await pool.prepare()
    const busy = pool.hash(image('wait 300'), plan, never)
    const others = Array.from({ length: 5 }, () => pool.hash(image('wait 5'), plan, never))
    await Promise.all(others)
    const { decodeMs: pid, hashMs: handled } = await busy
    expect(handled).toBe(1)
    const both = await Promise.all([1, 2].map(() => pool.hash(image('wait 50'), plan, never)))
    // The process that was busy answered that it had let the image go, and works on.
    expect(both.find(({ decodeMs }) => decodeMs === pid)?.hashMs).toBe(2)
  })

  it('are taken in the order in which they came', async () => {
    await using pool = openHashPool({ ...limits, entry })
    const ended: number[] = []
    const images = [0, 1, 2, 3, 4, 5].map(async (n) => {
      await pool.hash(image(n === 2 ? 'exit 1' : 'next'), plan, never).catch(failed)
      ended.push(n)
    })
    await Promise.all(images)
    expect(ended).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('leave no trace of a caller that has gone', async () => {
    await using pool = openHashPool({ ...limits, entry })
    const stop = new AbortController()
    const first = pool.hash(image('wait 50'), plan, never)
    const gone = [1, 2, 3].map(() => pool.hash(image('next'), plan, stop.signal).catch(failed))
    stop.abort(new Error('gone'))
    for (const error of await Promise.all(gone)) expect(error).toMatchObject({ message: 'gone' })
    await first
    expect(await pool.hash(image('next'), plan, never)).toMatchObject({ kind: 'unscannable' })
    expect(pool.pending).toBe(0)
  })
})

describe.runIf(existsSync('/proc/self/status'))('the memory of a process', () => {
  it('is measured while it works', async () => {
    await using pool = openHashPool({ ...limits, entry, maxMemoryBytes: 2 ** 20, timeoutMs: 10_000 })
    const error = await pool.hash(image('wait 5000'), plan, never).catch(failed)
    expect(error).toMatchObject({ name: 'DecoderOutOfMemoryError', details: { maxMemoryBytes: 2 ** 20 } })
  })
})
