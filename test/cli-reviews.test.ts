/** Reviews as a person meets them: the whole service on the network, a quota of one label a day, and the command line. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import type { Account, Post } from './support/accounts.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { subscribeLabels } from './support/label-subscriber.ts'
import { type Network, openNetwork } from './support/network.ts'
import { type Ended, linesOf, runHarrier } from './support/run-harrier.ts'
import {
  bankPicture,
  createServiceFolder,
  openService,
  openServiceTools,
  type ServiceFolder,
  testLabel,
} from './support/service.ts'

describe('reviews on the command line', () => {
  const stack = new AsyncDisposableStack()
  const stop = new AbortController()
  const stream: string[] = []
  let network: Network
  let folder: ServiceFolder
  let app: App
  let watching: Promise<void>
  let author: Account
  let picture: Buffer
  const posts: Post[] = []

  beforeAll(async () => {
    network = stack.use(await openNetwork())
    folder = stack.use(createServiceFolder(network, { HARRIER_DAILY_LABELS: '1' }))
    author = await network.createAccount('author.test')
    picture = await recompress(await drawLandscape(1), 90)
    await bankPicture(folder, picture)
    app = stack.use(await openService(folder))
    watching = watch()
  })
  afterAll(async () => {
    stop.abort()
    await watching
    await stack.disposeAsync()
  })

  async function watch(): Promise<void> {
    for await (const { labels } of subscribeLabels(app.publicUrl, { cursor: 0, signal: stop.signal }))
      stream.push(...labels.map(({ neg, val, uri }) => `${neg ? '-' : ''}${val} ${uri}`))
  }

  /** How many posts have their label, or wait in a review. */
  async function seen(): Promise<number> {
    await using tools = await openServiceTools(folder)
    return stream.length + (await tools.reviews.list(['open'], 10)).length
  }

  const harrier = (...argv: string[]): Promise<Ended> =>
    runHarrier(folder.path, argv, {
      settings: { ...folder.env, HARRIER_ACTOR: 'alice' },
    })
  const label = (n: number): string => `${testLabel} ${posts[n - 1]?.uri}`

  it('are listed with what helps to choose, and say what is held', async () => {
    for (const n of [1, 2, 3]) {
      posts.push(await network.post(author, `post ${n}`, [picture]))
      // One at a time, so that the first has the quota.
      await expect.poll(seen, { timeout: 10_000 }).toBe(n)
    }
    expect(stream).toEqual([label(1)])
    const { code, out } = await harrier('review', 'list')
    expect(code).toBe(0)
    const [heading, ...rows] = out.trimEnd().split('\n')
    expect(heading?.split(/ {2,}/)).toEqual([
      'review',
      'state',
      'nearest',
      'banks',
      'matches',
      'reports',
      'held',
      'claimed by',
      'since',
      'subject',
    ])
    expect(rows).toHaveLength(2)
    expect(rows[0]).toContain('known')
    expect(linesOf((await harrier('review', 'list', '--json', '--bank', 'known')).out)).toMatchObject([
      { id: 1, subject: posts[1]?.uri, heldCount: 1, banks: ['known'], nearest: 0 },
      { id: 2, subject: posts[2]?.uri, heldCount: 1 },
    ])
    const shown = await harrier('review', 'show', '1')
    expect(shown.out).toContain(
      `would have labeled ${posts[1]?.uri} ${testLabel} (quota, for known content 1 at distance 0)`,
    )
    expect(shown.out).toMatch(/origin {3}added by cli at 20/)
    expect(await harrier('review', 'list', '--bank', 'none')).toMatchObject({ code: 3, out: '' })
  })

  it('are claimed by one person at a time, and listed by who has them', async () => {
    expect(linesOf((await harrier('review', 'next', '--as', 'bob', '--json')).out)).toMatchObject([
      { review: { id: 1, claim: { by: 'cli:bob' } } },
    ])
    const ids = async (...argv: string[]) => {
      const { out } = await harrier('review', 'list', '--json', ...argv)
      return out === '' ? [] : linesOf(out).map((line) => (line as { id: number }).id)
    }
    expect(await ids('--unclaimed')).toEqual([2])
    expect(await ids('--mine')).toEqual([])
    expect(await ids('--mine', '--as', 'bob')).toEqual([1])
  })

  it('that somebody has claimed are decided by nobody else, until they are given back', async () => {
    const refused = await harrier('review', 'resolve', '1', '--decision', 'apply')
    expect([refused.code, refused.out]).toEqual([1, ''])
    expect(refused.err).toMatch(/claimed by cli:bob until 20/)
    expect(await harrier('review', 'claim', '1')).toMatchObject({ code: 1 })
    expect(await harrier('review', 'unclaim', '1', '--as', 'bob')).toMatchObject({ code: 0 })
    expect((await harrier('review', 'claim', '1', '--for', '2h')).out).toContain('(cli:alice)')
  })

  it('carry out what the quota holds, at a word, for every subscriber', async () => {
    const dry = await harrier('review', 'resolve', '1', '--decision', 'apply', '--dry-run')
    expect(dry.out).toBe(`carries out label ${testLabel} on ${posts[1]?.uri}\nreview 1 would be closed\n`)
    expect(linesOf((await harrier('review', 'list', '--json')).out)).toMatchObject([
      { id: 1, heldCount: 1 },
      { id: 2 },
    ])
    const { code, out } = await harrier('review', 'resolve', '1', '--decision', 'apply', '--json')
    expect(code).toBe(0)
    expect(linesOf(out)).toMatchObject([
      { review: 1, decision: 'apply', state: 'closed', effects: [{ change: 'carried-out' }] },
    ])
    await expect.poll(() => stream, { timeout: 10_000 }).toEqual([label(1), label(2)])
  })

  it('are final, and another one takes the decision back', async () => {
    const again = await harrier('review', 'resolve', '1', '--decision', 'reverse')
    expect(again).toMatchObject({ code: 1, out: '' })
    expect((await harrier('review', 'reopen', '1')).out).toBe('review 3 of the same subject is open\n')
    const reversed = await harrier(
      'review',
      'resolve',
      '3',
      '--decision',
      'reverse',
      '--reason',
      'a stock photograph',
    )
    expect(reversed.out).toContain(`took back label ${testLabel} on ${posts[1]?.uri}`)
    await expect.poll(() => stream, { timeout: 10_000 }).toEqual([label(1), label(2), `-${label(2)}`])
  })

  it('drop what is held when a person has seen it and wants nothing done', async () => {
    const { out } = await harrier('review', 'resolve', '2', '--decision', 'acknowledge')
    expect(out).toBe(`dropped label ${testLabel} on ${posts[2]?.uri}\nreview 2 is closed\n`)
    // What is published after it shows that nothing was.
    await harrier('label', author.did, testLabel, '--yes')
    await expect.poll(() => stream.slice(3), { timeout: 10_000 }).toEqual([`${testLabel} ${author.did}`])
    expect(await harrier('review', 'next')).toMatchObject({ code: 3 })
  })

  it('refuse what does not go together, and say what is expected', async () => {
    for (const [argv, expected] of [
      [['1'], 'Expected --decision, one of acknowledge'],
      [
        ['1', '--decision', 'apply', '--val', 'spam'],
        'Expected --decision label with --val but received apply',
      ],
      [['1', '--decision', 'takedown', '--by', 'pds'], 'Expected --of, one of blob, record, account'],
      [['1', '--decision', 'reverse', '--suppress', 'a', '--suppress-image', 'b'], 'and not both'],
      [['1', '--decision', 'comment'], 'Expected --reason for comment'],
      [['1', '--decision', 'apply', '--as', 'a b'], 'for --as but received "a b"'],
    ] as const) {
      const { code, err } = await harrier('review', 'resolve', ...argv)
      expect([argv, code]).toEqual([argv, 2])
      expect(err).toContain(expected)
    }
    expect(await harrier('review', 'resolve', '99', '--decision', 'apply')).toMatchObject({ code: 3 })
    const unknown = await harrier(
      'review',
      'resolve',
      '3',
      '--decision',
      'takedown',
      '--by',
      'x',
      '--of',
      'record',
    )
    expect(unknown).toMatchObject({ code: 1, out: '' })
  })
})
