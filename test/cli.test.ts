import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import packageFile from '../package.json' with { type: 'json' }
import { drawLandscape, recompress } from './support/images.ts'
import { linesOf, runHarrier } from './support/run-harrier.ts'

describe('the command line', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'harrier-cli-'))
    const known = await drawLandscape(1, { width: 480, height: 320 })
    await writeFile(join(folder, 'known.png'), known)
    await writeFile(join(folder, 'like.jpg'), await recompress(known, 60))
    await writeFile(
      join(folder, 'other.jpg'),
      await recompress(await drawLandscape(2, { width: 480, height: 320 }), 90),
    )
    await writeFile(join(folder, 'broken.png'), 'no picture')
    await writeFile(join(folder, 'policy.yaml'), 'labels: [known-image]\n')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const harrier = (...argv: string[]) => runHarrier(folder, argv)

  it('prints its version', async () => {
    expect(await harrier('--version')).toEqual({ code: 0, out: `${packageFile.version}\n`, err: '' })
  })

  it('refuses a Node that is too old before it loads anything else', async () => {
    const pretend = 'data:text/javascript,Object.defineProperty(process,"versions",{value:{node:"22.20.0"}})'
    const { code, out, err } = await runHarrier(folder, ['--version'], { nodeOptions: ['--import', pretend] })
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^harrier: Expected Node 24 or newer but received 22\.20\.0; .*\n$/)
  })

  it('answers wrong usage on standard error with exit code 2, in JSON when that was asked for', async () => {
    const unknown = await harrier('hsah', 'x')
    expect(unknown).toEqual({
      code: 2,
      out: '',
      err: 'harrier: No such command: hsah; did you mean hash? See harrier --help\n',
    })
    const malformed = await harrier('match', '--distance', '300', '--json', 'x')
    expect([malformed.code, malformed.out]).toEqual([2, ''])
    expect(JSON.parse(malformed.err)).toMatchObject({ error: 'UsageError' })
    const nothing = await harrier()
    expect([nothing.code, nothing.out]).toEqual([2, ''])
    expect(nothing.err).toContain('Usage:')
  })

  it('hashes every file it can, and fails for the one that it cannot', async () => {
    const { code, out, err } = await harrier(
      'hash',
      '--json',
      'known.png',
      'broken.png',
      'gone.png',
      'like.jpg',
    )
    expect([code, err]).toEqual([1, ''])
    expect(linesOf(out)).toEqual([
      {
        path: 'known.png',
        pdq: expect.stringMatching(/^[0-9a-f]{64}$/),
        quality: 100,
        pdqFullResolution: expect.stringMatching(/^[0-9a-f]{64}$/),
        md5: expect.stringMatching(/^[0-9a-f]{32}$/),
        sha1: expect.stringMatching(/^[0-9a-f]{40}$/),
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        cid: expect.stringMatching(/^bafkrei[a-z2-7]{52}$/),
        width: 480,
        height: 320,
        format: 'png',
        ms: expect.any(Number),
      },
      { path: 'broken.png', error: 'unsupported-format', reason: expect.stringContaining('JPEG') },
      { path: 'gone.png', error: 'no-such-file', reason: 'gone.png: no such file' },
      expect.objectContaining({ path: 'like.jpg', format: 'jpeg' }),
    ])
  })

  it('banks a picture, finds what is like it and not what is not, and forgets it again', async () => {
    expect((await harrier('bank', 'create', 'known')).code).toBe(0)
    expect(await harrier('bank', 'create', 'known')).toMatchObject({
      code: 1,
      err: expect.stringContaining('exists'),
    })
    const added = await harrier('bank', 'add', 'known', 'known.png', '--note', 'drawn', '--json')
    const [{ contentId }] = linesOf(added.out) as [{ contentId: number }]
    const matched = await harrier('match', 'like.jpg', 'other.jpg', '--json')
    expect([matched.code, matched.err]).toEqual([0, ''])
    expect(linesOf(matched.out)).toEqual([
      {
        query: 'like.jpg',
        matches: [
          {
            bank: 'known',
            contentId,
            hashType: 'pdq',
            profile: 'reference-512',
            variant: 'original',
            distance: expect.any(Number),
          },
        ],
        suppressed: [],
      },
      { query: 'other.jpg', matches: [], suppressed: [] },
    ])
    expect(await harrier('bank', 'remove', 'known', '--all')).toMatchObject({
      code: 1,
      err: expect.stringContaining('--yes'),
    })
    expect((await harrier('bank', 'remove', 'known', String(contentId))).code).toBe(0)
    expect((await harrier('match', 'like.jpg')).code).toBe(3)
  })

  it('publishes a label once, lists it, and withdraws it', async () => {
    const did = 'did:plc:ewvi7nxzyoun6zhxrhs64oiz'
    for (const command of ['label', 'negate'])
      expect(await harrier(command, did, 'known-image')).toMatchObject({
        code: 2,
        err: expect.stringContaining('Expected --yes'),
      })
    const label = await harrier('label', did, 'known-image', '--yes', '--json')
    expect(label.err).toBe('')
    expect(linesOf(label.out)).toEqual([expect.objectContaining({ uri: did, val: 'known-image', seq: 1 })])
    expect(await harrier('label', did, 'known-image', '--yes', '--json')).toEqual({
      code: 0,
      out: 'null\n',
      err: '',
    })
    const listed = await harrier('labels', 'did:plc:*', '--json')
    expect([listed.code, linesOf(listed.out)]).toEqual([0, linesOf(label.out)])
    const negation = await harrier('negate', did, 'known-image', '--yes', '--json')
    expect(linesOf(negation.out)).toEqual([expect.objectContaining({ uri: did, neg: true, seq: 2 })])
    expect((await harrier('labels', '*')).code).toBe(3)
    expect(await harrier('label', did, 'undeclared', '--yes')).toMatchObject({
      code: 1,
      err: expect.stringContaining('undeclared'),
    })
  })

  it('publishes a label that expires, and refuses a date that has passed', async () => {
    const did = 'did:plc:z72i7hdynmk6r22z27h6tvur'
    const brief = await harrier('label', did, 'known-image', '--yes', '--expires', '30d', '--json')
    const [{ cts, exp }] = linesOf(brief.out) as [{ cts: string; exp: string }]
    expect(Math.abs(Date.parse(exp) - Date.parse(cts) - 30 * 86_400_000)).toBeLessThan(60_000)
    expect(await harrier('label', did, 'known-image', '--yes', '--expires', '2020-01-01')).toMatchObject({
      code: 2,
    })
  })

  it('keeps labels for the service where there is an emission budget, and shows what waits', async () => {
    const paced = (...argv: string[]) =>
      runHarrier(folder, argv, { settings: { HARRIER_EMISSION_BUDGET: 'bluesky' } })
    const did = 'did:plc:ragtjsm2j2vknwkz3zp4oxrd'
    expect((await paced('queue')).code).toBe(3)
    const queued = await paced('label', did, 'known-image', '--yes', '--priority', 'bulk', '--json')
    expect(linesOf(queued.out)).toEqual([{ queued: true }])
    const queue = await paced('queue', '--json')
    expect([queue.code, linesOf(queue.out)]).toMatchObject([
      0,
      [{ limits: { second: 5 }, left: { hour: expect.any(Number) }, lengths: [{}, {}, { count: 1 }] }],
    ])
    expect((await paced('negate', did, 'known-image', '--yes')).out).toContain('nothing is published')
  })

  it('changes the label key, and says what it did when that is repeated', async () => {
    const before = linesOf((await harrier('key', 'list', '--json')).out)
    expect(before).toMatchObject([{ state: 'live' }, { stale: 0 }])
    const rotated = await harrier('key', 'rotate', '--json')
    expect([rotated.code, rotated.err]).toEqual([0, ''])
    const [{ didKey, retired, stale }] = linesOf(rotated.out) as [Record<string, unknown>]
    expect(stale).toBe(3)
    expect(linesOf((await harrier('key', 'rotate', '--json')).out)).toEqual([{ didKey, stale }])
    expect(linesOf((await harrier('key', 'list', '--json')).out)).toMatchObject([
      { didKey: retired, state: 'retired' },
      { didKey, state: 'live' },
      { stale },
    ])
  })
})
