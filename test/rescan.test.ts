import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import SqliteFile from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account, Post } from './support/accounts.ts'
import { type FaultyHost, openFaultyHost } from './support/faulty-host.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type Network, openNetwork } from './support/network.ts'
import { type Ended, linesOf, runHarrier } from './support/run-harrier.ts'
import {
  bankPicture,
  createServiceFolder,
  openService,
  openServiceTools,
  type ServiceFolder,
} from './support/service.ts'

type Result = Readonly<Record<string, unknown>>

/** An account with seven posts, six with a picture, and an avatar: eight records, seven images. */
const postCount = 7
const wholeAccount = [
  { collection: 'app.bsky.actor.profile', records: 1, images: 1, refused: 0 },
  { collection: 'app.bsky.feed.post', records: postCount, images: postCount - 1, refused: 0 },
]

describe('harrier rescan', { timeout: 120_000 }, () => {
  const stack = new AsyncDisposableStack()
  const posts: Post[] = []
  let network: Network
  let alice: Account
  let banked: Buffer
  beforeAll(async () => {
    network = stack.use(await openNetwork())
    alice = await network.createAccount('alice.test')
    const drawn = await Promise.all([1, 2, 3].map((seed) => drawLandscape(seed, { width: 480, height: 320 })))
    banked = drawn[0] as Buffer
    for (let n = 0; n < postCount; n++) {
      const images = n === 3 ? [] : [await recompress(drawn[n === 5 ? 0 : 1 + (n % 2)] as Buffer, 90 - n)]
      posts.push(await network.post(alice, `post ${n}`, images))
    }
    const avatar = await alice.agent.uploadBlob(await recompress(drawn[2] as Buffer, 60), {
      encoding: 'image/jpeg',
    })
    await alice.agent.com.atproto.repo.putRecord({
      repo: alice.did,
      collection: 'app.bsky.actor.profile',
      rkey: 'self',
      record: { $type: 'app.bsky.actor.profile', avatar: avatar.data.blob },
    })
  })
  afterAll(() => stack.disposeAsync())

  const rescan = (folder: ServiceFolder, ...argv: string[]): Promise<Ended> =>
    runHarrier(folder.path, ['rescan', ...argv], { settings: settingsOf(folder) })
  const resultOf = ({ out }: Ended): Result => linesOf(out)[0] as Result

  it('labels an old post once the bank has its picture, without labeling or queueing anything twice', async () => {
    using folder = createServiceFolder(network)
    await using tools = await openServiceTools(folder)
    await using service = await openService(folder)
    const labels = async () => (await tools.queryLabels(['*'], 0, 50)).map(({ uri, val }) => [uri, val])
    // Before the bank has it: the first look finds nothing.
    const first = await rescan(folder, alice.did, '--yes', '--json', '--page-size', '2', '--rate', '100')
    expect(first).toMatchObject({ code: 0 })
    expect(resultOf(first)).toMatchObject({
      subject: alice.did,
      state: 'looked-at',
      isResumed: false,
      collections: wholeAccount,
      queued: 7,
      images: 7,
      waiting: 0,
      matched: 0,
    })
    expect(await labels()).toEqual([])
    await bankPicture(folder, banked)
    const second = await rescan(folder, alice.did, '--yes', '--json', '--page-size', '2', '--rate', '100')
    expect(resultOf(second)).toMatchObject({ state: 'looked-at', queued: 7, waiting: 0, matched: 1 })
    expect(await labels()).toEqual([[posts[5]?.uri, 'known-image']])
    const third = await rescan(folder, `at://${alice.did}`, '--yes')
    expect(third).toMatchObject({
      code: 0,
      out: expect.stringContaining('7 images, 7 queued by this rescan, 1 matched'),
    })
    expect(await labels()).toHaveLength(1)
    expect(tables(folder)).toMatchObject({ jobs: 7, labels: 1, rescans: 3, rescan_jobs: 0 })
    expect(audit(folder).map(({ action, actor }) => `${action} ${actor}`)).toEqual(
      [1, 2, 3].flatMap(() => ['rescan.started cli', 'rescan.ended cli']),
    )
    expect(audit(folder)[3]?.details).toMatchObject({
      outcome: 'looked-at',
      records: 8,
      images: 7,
      queued: 7,
      matched: 1,
    })
    expect(service.did).toBe(tools.did)
  })

  it('takes one record by its URI, the handle from a host that knows it, and leaves what waits already', async () => {
    using folder = createServiceFolder(network)
    const uri = posts[5]?.uri.replace(alice.did, 'alice.test') ?? ''
    const ended = await rescan(folder, uri, '--pds', network.pdsUrl, '--no-wait', '--json')
    expect(ended).toMatchObject({ code: 0, err: '' })
    expect(resultOf(ended)).toMatchObject({
      subject: posts[5]?.uri,
      state: 'queued',
      images: 1,
      queued: 1,
      waiting: 1,
    })
    const whole = await rescan(folder, alice.did, '--yes', '--no-wait')
    expect(whole.out).toContain('7 images, 6 queued by this rescan, 0 matched; 7 wait for the service')
    const gone = await rescan(folder, `at://${alice.did}/app.bsky.feed.post/gone`, '--no-wait')
    expect(gone).toMatchObject({ code: 1, err: expect.stringContaining('no such account or record') })
  })

  it('counts by collection and changes nothing with --dry-run', async () => {
    using folder = createServiceFolder(network)
    await rescan(folder, posts[0]?.uri ?? '', '--no-wait')
    const before = tables(folder)
    const ended = await rescan(folder, alice.did, '--dry-run', '--page-size', '3')
    expect(ended).toMatchObject({ code: 0, err: '' })
    expect(ended.out.split('\n').map((line) => line.split(/\s+/))).toEqual([
      ['collection', 'records', 'images'],
      ['app.bsky.actor.profile', '1', '1'],
      ['app.bsky.feed.post', '7', '6'],
      expect.arrayContaining(['Nothing', 'queued.']),
      [''],
    ])
    expect(resultOf(await rescan(folder, alice.did, '--dry-run', '--json'))).toEqual({
      subject: alice.did,
      state: 'dry-run',
      startedAt: null,
      isResumed: false,
      collections: wholeAccount,
    })
    expect(tables(folder)).toEqual(before)
  })

  it('asks before a whole account, and says what is wrong with anything else', async () => {
    using folder = createServiceFolder(network)
    const cases: [string[], number, string][] = [
      [[alice.did], 2, 'Expected --yes'],
      [['not a handle', '--yes'], 1, 'Expected a handle or a DID'],
      [[`at://${alice.did}/app.bsky.feed.post`], 1, 'Expected a record'],
      [[alice.did, '--yes', '--rate', '0'], 2, '--rate'],
      [['did:plc:aaaaaaaaaaaaaaaaaaaaaaaa', '--yes'], 1, 'does not exist'],
    ]
    for (const [argv, code, text] of cases) {
      const ended = await rescan(folder, ...argv)
      expect([ended.code, ended.out], argv.join(' ')).toEqual([code, ''])
      expect(ended.err).toContain(text)
    }
    // The one row is of the label key, which every command takes up that opens a new database.
    expect(tables(folder)).toMatchObject({ jobs: 0, rescans: 0, audit: 1 })
  })

  it('goes on where it was after a kill behind any durable step, and queues everything once', async () => {
    using folder = createServiceFolder(network)
    const argv = [alice.did, '--yes', '--no-wait', '--json', '--page-size', '4', '--rate', '100']
    let deaths = 0
    for (let step = 1, isKilled = true; isKilled; step++) {
      const path = mkdtempSync(join(folder.path, 'killed-'))
      cpSync(join(folder.path, 'policy.yaml'), join(path, 'policy.yaml'))
      const settings = { ...settingsOf(folder), HARRIER_DATA_DIR: path }
      const program = [
        join(import.meta.dirname, 'support/mortal-command.ts'),
        String(step),
        'insert into "rescans"',
      ]
      const first = await runHarrier(path, ['rescan', ...argv], { program, settings })
      isKilled = first.code === -1
      deaths += isKilled ? 1 : 0
      const last = isKilled ? await runHarrier(path, ['rescan', ...argv], { settings }) : first
      expect(last.code, `after step ${step}: ${last.err}`).toBe(0)
      const result = resultOf(last)
      const isOver = isKilled && result['isResumed'] === false
      // Behind the last step the rescan has ended, and the same command is another one, which finds everything waiting.
      expect(result, `after step ${step}`).toMatchObject({
        collections: wholeAccount,
        images: 7,
        queued: isOver ? 0 : 7,
      })
      if (isKilled && !isOver) expect(last.err).toContain('going on with the rescan of')
      expect(tablesAt(path)).toMatchObject({ jobs: 7, rescans: isOver ? 2 : 1, rescan_jobs: 0 })
      rmSync(path, { recursive: true })
    }
    // Its beginning, a page and an empty one of the profile, two pages and an empty one of posts, and its end.
    expect(deaths).toBe(7)
  })

  describe('at a host that is busy, unwell or lies', () => {
    let host: FaultyHost
    let folder: ServiceFolder
    beforeAll(async () => {
      host = await openFaultyHost(network)
      folder = createServiceFolder({ ...network, plcUrl: host.origin, pdsUrl: host.origin })
      stack.use(host)
      stack.use(folder)
    })
    const ask = (...more: string[]) =>
      rescan(
        folder,
        alice.did,
        '--yes',
        '--no-wait',
        '--json',
        '--restart',
        '--page-size',
        '3',
        '--rate',
        '100',
        ...more,
      )

    it('waits as long as a 429 asks for, and then has everything', async () => {
      host.fault = (url, count) =>
        url.pathname.endsWith('.listRecords') && count === 1
          ? { status: 429, headers: { 'retry-after': '1' }, body: { error: 'RateLimitExceeded' } }
          : undefined
      const ended = await ask()
      expect(ended).toMatchObject({
        code: 0,
        err: expect.stringMatching(/The host asks us to wait; asking again in 1 s/),
      })
      expect(resultOf(ended)).toMatchObject({ collections: wholeAccount, images: 7 })
    })

    it('leaves a collection whose pages lead in a circle, names it, and goes on with the next', async () => {
      host.fault = () => undefined
      let first: Record<string, unknown> = {}
      host.spoil = (url, answer) => {
        if (url.searchParams.get('collection') !== 'app.bsky.actor.profile') return answer
        if (!url.searchParams.has('cursor')) first = answer
        return { ...first, cursor: `${Math.random()}` }
      }
      const ended = await ask()
      expect(ended).toMatchObject({
        code: 3,
        err: expect.stringContaining('app.bsky.actor.profile was not looked at'),
      })
      expect(resultOf(ended)).toMatchObject({
        collections: [{ ...wholeAccount[0], gap: 'cursor-loop' }, wholeAccount[1]],
        images: 7,
      })
      expect(host.asked.length).toBeLessThan(30)
    })

    it('counts a record that is not what its CID says, and does not look at it', async () => {
      host.spoil = (_, answer) => ({
        ...answer,
        records: (answer['records'] as { value: object }[]).map((entry) => ({
          ...entry,
          value: { ...entry.value, forged: true },
        })),
      })
      const ended = await ask('--dry-run')
      expect(resultOf(ended)).toMatchObject({
        collections: [
          { records: 0, images: 0, refused: 1 },
          { records: 0, images: 0, refused: 7 },
        ],
      })
      expect(ended.err).toContain('8 records or blobs were left out')
    })

    it('tells of an image that the host keeps from us, and looks at it when the host gives it', async () => {
      host.spoil = (_, answer) => answer
      host.fault = (url) =>
        url.pathname.endsWith('.getBlob') ? { status: 200, body: 'other bytes' } : undefined
      await using _ = await openService(folder)
      const uri = posts[0]?.uri ?? ''
      const kept = await rescan(folder, uri, '--json')
      expect(kept).toMatchObject({
        code: 3,
        err: expect.stringContaining('images that could not be looked at: 1'),
      })
      expect(resultOf(kept)).toMatchObject({ state: 'looked-at', images: 1, waiting: 0, dead: 1 })
      host.fault = () => undefined
      const given = await rescan(folder, uri, '--json')
      expect(given).toMatchObject({ code: 0, err: '' })
      expect(resultOf(given)).toMatchObject({ queued: 1, waiting: 0, dead: 0 })
    })

    it('ends when the host refuses the account, and says so', async () => {
      host.spoil = (_, answer) => answer
      host.fault = (url) =>
        url.pathname.endsWith('.listRecords')
          ? { status: 400, body: { error: 'RepoDeactivated', message: 'Repo has been deactivated' } }
          : undefined
      expect(await ask()).toMatchObject({
        code: 1,
        err: expect.stringContaining('deactivated, suspended or taken down'),
      })
      host.fault = () => undefined
      const ended = await rescan(folder, alice.did, '--yes', '--no-wait', '--json')
      expect(resultOf(ended)).toMatchObject({ isResumed: true, collections: wholeAccount })
    })
  })
})

function settingsOf({ env }: ServiceFolder): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** How many rows each table of the database has that a rescan could write to. */
function tables(folder: ServiceFolder): Record<string, number> {
  return tablesAt(folder.path)
}

function tablesAt(path: string): Record<string, number> {
  const file = new SqliteFile(join(path, 'harrier.db'), { readonly: true })
  try {
    const names = ['jobs', 'labels', 'rescans', 'rescan_jobs', 'audit', 'did_docs', 'images']
    return Object.fromEntries(
      names.map((name) => [
        name,
        (file.prepare(`SELECT count(*) AS n FROM ${name}`).get() as { n: number }).n,
      ]),
    )
  } finally {
    file.close()
  }
}

function audit(folder: ServiceFolder): { action: string; actor: string; details: unknown }[] {
  const file = new SqliteFile(join(folder.path, 'harrier.db'), { readonly: true })
  try {
    const rows = file
      .prepare(`SELECT action, actor, details FROM audit WHERE action LIKE 'rescan.%' ORDER BY id`)
      .all()
    return (rows as { action: string; actor: string; details: string }[]).map((row) => ({
      ...row,
      details: JSON.parse(row.details),
    }))
  } finally {
    file.close()
  }
}
