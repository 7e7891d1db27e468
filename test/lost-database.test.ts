import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, describe, expect, it } from 'vitest'
import { type DecodedFrame, decodeFrame, subscribeLabels } from './support/label-subscriber.ts'
import { createServiceFolder, openServiceTools } from './support/service.ts'

const subject = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
const nowhere = 'http://127.0.0.1:9'

describe('a service whose database is lost after labels were published', () => {
  const folder = createServiceFolder({
    jetstreamUrl: nowhere.replace('http', 'ws'),
    plcUrl: nowhere,
    pdsUrl: nowhere,
  })
  afterAll(() => folder[Symbol.dispose]())
  const env = { ...folder.env, NODE_COMPILE_CACHE: join(folder.path, 'compiled') }
  const database = join(folder.path, 'harrier.db')

  it('and its commands refuse to begin anew, and say what to do', async () => {
    {
      await using tools = await openServiceTools(folder)
      await tools.publish({ uri: subject as never, val: 'known-image' })
    }
    for (const end of ['', '-wal', '-shm']) rmSync(database + end, { force: true })
    const attempts = [
      ['src/main.ts'],
      ['scripts/harrier.ts', 'serve'],
      ['scripts/harrier.ts', 'label', subject, 'known-image', '--yes'],
      ['scripts/harrier.ts', 'negate', subject, 'known-image', '--yes'],
    ]
    for (const attempt of attempts) {
      const { code, err } = await run(attempt)
      expect(code, attempt.join(' ')).toBe(1)
      expect(err).toMatch(/up to seq 1000\) .*backup.*--seq-floor 1000 .*OutdatedCursor/s)
      expect(err).not.toContain('    at ')
    }
    expect(existsSync(database)).toBe(false)
  })

  it('refuses a floor that is none, or below what was published', async () => {
    expect(await run(['src/main.ts', '--seq-floor', 'many'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('HARRIER_SEQ_FLOOR: expected a whole number'),
    })
    expect(await run(['src/main.ts', '--seq-floor', '999'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('--seq-floor 1000'),
    })
    expect(await run(['src/main.ts', '--sq-floor', '999'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('--sq-floor'),
    })
  })

  it('begins above the floor, and tells subscribers what they miss', async () => {
    const child = spawn(process.execPath, ['src/main.ts', '--seq-floor', '5000'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const lines: string[] = []
    const { public: url } = await startedLine(child.stdout, lines)
    const frames: DecodedFrame[] = []
    const reading = (async () => {
      const onFrame = (bytes: Uint8Array) => void frames.push(decodeFrame(bytes))
      for await (const _ of subscribeLabels(url, { cursor: 1, onFrame })) break
    })()
    const { code, out } = await run([
      'scripts/harrier.ts',
      'label',
      subject,
      'known-image',
      '--yes',
      '--json',
    ])
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ seq: 5001 })])
    await reading
    expect(frames).toMatchObject([
      { kind: 'info', body: { name: 'OutdatedCursor' } },
      { kind: 'labels', body: { seq: 5001 } },
    ])
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(lines.join('\n')).toContain('goes on above 5000 instead of 0')
  })

  it('goes on by itself the next time', async () => {
    const { code, out } = await run([
      'scripts/harrier.ts',
      'negate',
      subject,
      'known-image',
      '--yes',
      '--json',
    ])
    expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ seq: 5002 })])
  })

  function run(argv: readonly string[]): Promise<{ code: number; out: string; err: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, argv, { env }, (error, out, err) => {
        resolve({ code: error ? Number(error.code) : 0, out, err })
      })
    })
  }
})

/** The line that says that the service is up; the lines that come with it and after it go to `lines`. */
function startedLine(output: NodeJS.ReadableStream, lines: string[]): Promise<{ readonly public: string }> {
  return new Promise((resolve, reject) => {
    createInterface(output)
      .on('line', (line) => {
        lines.push(line)
        const entry = JSON.parse(line) as { readonly msg: string; readonly public: string }
        if (entry.msg === 'app.started') resolve(entry)
      })
      .once('close', () => reject(new Error('Expected the service to start but it ended')))
  })
}
