import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Hma, openHma } from './support/hma.ts'
import { type Ended, linesOf, runHarrier } from './support/run-harrier.ts'
import { openServiceTools } from './support/service.ts'

const signal = '9'.repeat(64)
const isNear = `${'9'.repeat(63)}8`

// Some forty processes are started one after the other.
describe('harrier bank, beside a service that runs', { timeout: 180_000 }, () => {
  const stack = new AsyncDisposableStack()
  let service: Hma

  beforeAll(async () => {
    service = stack.use(await openHma())
  })
  afterAll(() => stack.disposeAsync())

  const harrier = (...argv: string[]): Promise<Ended> =>
    runHarrier(service.folder.path, ['bank', ...argv], {
      settings: service.folder.env as Record<string, string>,
    })
  const done = async (...argv: string[]): Promise<Record<string, unknown>[]> => {
    const ended = await harrier(...argv, '--json')
    expect([ended.code, ended.err]).toEqual([0, ''])
    return linesOf(ended.out) as Record<string, unknown>[]
  }
  /** What the service finds, by bank and distance. */
  const found = async (hash: string): Promise<[string, string][]> => {
    const { json } = await service.get(`/m/lookup?signal_type=pdq&signal=${hash}`)
    const banks = Object.entries(json as Record<string, { distance: string }[]>)
    return banks.flatMap(([bank, all]) => all.map(({ distance }): [string, string] => [bank, distance]))
  }
  /** The service notices what another process has written; until then it finds what it found. */
  const finds = (hash: string, expected: [string, string][]) =>
    expect.poll(() => found(hash), { timeout: 20_000, interval: 20 }).toEqual(expected)

  it('sets how far a bank matches, for which share, in which tiers, and its name', async () => {
    await done('create', 'spam', '--distance', '20', '--tiers', 'exact=0,near=16')
    await done('add', 'spam', signal)
    await finds(isNear, [['spam', '1']])
    const [bank] = await done('set', 'spam', '--distance', '0', '--tiers', 'exact=0', '--min-quality', '60')
    expect(bank).toMatchObject({ threshold: 0, minQuality: 60, tiers: [{ name: 'exact', distance: 0 }] })
    await finds(isNear, [])
    await done('set', 'spam', '--distance', '31', '--name', 'junk', '--tiers', 'none')
    await finds(isNear, [['junk', '1']])
    const text = await harrier('set', 'junk', '--tiers', 'near=16')
    expect(text.out).toBe('junk: distance 31, least quality 60, profile reference-512, tiers near=16\n')
    const listed = await harrier('list')
    expect(listed.out).toContain('near=16')
    await using tools = await openServiceTools(service.folder)
    expect(await tools.banks.find('junk')).toMatchObject({ threshold: 31 })
  })

  it('disables a content, for good or until a time, and enables it', async () => {
    const [content] = await done('contents', 'junk', '--hash', signal)
    const id = String(content?.['id'])
    expect(await done('disable', 'junk', id)).toMatchObject([{ disableUntil: 0 }])
    await finds(signal, [])
    await done('enable', 'junk', id)
    await finds(signal, [['junk', '0']])
    const [later] = await done('disable', 'junk', id, '--until', '30d')
    const inDays = (Number(later?.['disableUntil']) * 1000 - Date.now()) / 86_400_000
    expect(inDays).toBeGreaterThan(29.9)
    expect(inDays).toBeLessThan(30.1)
    await finds(signal, [])
    expect((await harrier('contents', 'junk')).out).toMatch(/from 20\d\d-/)
    expect((await harrier('contents', 'junk', '--enabled')).code).toBe(3)
    await done('enable', 'junk', id)
    expect(await harrier('disable', 'junk', '999')).toMatchObject({
      code: 3,
      err: expect.stringContaining('No such content'),
    })
  })

  it('says of a content what it is, changes that and takes it away', async () => {
    const [content] = await done('contents', 'junk', '--hash', signal)
    const id = String(content?.['id'])
    const uri = ['--uri', 'https://a.example/1']
    await done(
      'describe',
      'junk',
      id,
      '--note',
      'ticket 17',
      '--label',
      'A1',
      '--metadata',
      '{"a":[1]}',
      ...uri,
    )
    const [described] = await done('contents', 'junk', '--text', 'TICKET')
    expect(described).toMatchObject({
      note: 'ticket 17',
      label: 'A1',
      metadata: { a: [1] },
      contentUri: 'https://a.example/1',
    })
    const [cleared] = await done('describe', 'junk', id, '--note', '', '--metadata', 'null', '--uri', '')
    expect(cleared).toMatchObject({ note: '', label: 'A1' })
    expect(Object.keys(cleared ?? {})).not.toEqual(expect.arrayContaining(['metadata']))
    expect(Object.keys(cleared ?? {})).not.toEqual(expect.arrayContaining(['contentUri']))
  })

  it('makes a negative bank, which suppresses at once, and shows what it does', async () => {
    await done('create', 'harmless', '--suppresses', 'junk', '--distance', '8')
    await done('add', 'harmless', isNear)
    await finds(signal, [])
    const matched = await runHarrier(service.folder.path, ['match', signal], {
      settings: service.folder.env as Record<string, string>,
    })
    expect(matched.code).toBe(3)
    expect(matched.out).toContain('no match, 1 suppressed')
    expect(matched.out).toMatch(/by harmless \d+, distance 1/)
    expect(await done('set', 'harmless', '--suppresses', '')).toMatchObject([{ suppresses: [] }])
    await finds(signal, [['junk', '0']])
  })

  it('restores what was removed, a content and a bank, until it is purged', async () => {
    const [content] = await done('contents', 'junk', '--hash', signal)
    const id = String(content?.['id'])
    await done('remove', 'junk', id)
    await finds(signal, [])
    expect(await done('contents', 'junk', '--removed')).toMatchObject([{ id: content?.['id'], label: 'A1' }])
    expect(await done('restore', 'junk', id)).toMatchObject([{ outcome: 'restored' }])
    await finds(signal, [['junk', '0']])
    await done('remove', 'junk', '--all', '--yes')
    await finds(signal, [])
    expect(await done('list', '--removed')).toMatchObject([{ name: 'junk' }])
    await done('restore', 'junk', '--as', 'back')
    await finds(signal, [['back', '0']])
    await done('remove', 'back', '--all', '--yes')
    expect((await harrier('purge', 'back', '--removed')).code).toBe(2)
    expect(await done('purge', 'back', '--removed', '--yes')).toEqual([{ bank: 'back', contents: 1 }])
    expect((await harrier('restore', 'back')).code).toBe(1)
    await done('create', 'junk')
  })

  it('refuses what does not fit together, and changes nothing then', async () => {
    const before = (await harrier('list', '--json')).out
    for (const [argv, code, err] of [
      [['set', 'junk', '--suppresses-all'], 1, 'negative bank'],
      [['set', 'junk', '--distance', '3', '--tiers', 'near=4'], 1, 'at most the bank’s distance'],
      [['set', 'junk', '--name', 'harmless'], 1, 'exists'],
      [['set', 'harmless', '--suppresses', 'nobody'], 1, 'nobody'],
      [['set', 'nobody', '--ratio', '1'], 1, 'No such bank'],
    ] as const)
      expect(await harrier(...argv)).toMatchObject({ code, err: expect.stringContaining(err) })
    expect((await harrier('list', '--json')).out).toBe(before)
  })
})
