import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { generateSigningKey } from '../src/atproto/signing-key.ts'
import type { ReviewDetails } from '../src/model/review.ts'
import type { Tools } from '../src/tools.ts'
import type { Account, Post } from './support/accounts.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type Network, openNetwork } from './support/network.ts'
import {
  bankPicture,
  createServiceFolder,
  openService,
  openServiceTools,
  type ServiceFolder,
} from './support/service.ts'

const method = 'com.atproto.moderation.createReport'
const sexual = 'com.atproto.moderation.defs#reasonSexual'

describe('a report through the host of its author', () => {
  const stack = new AsyncDisposableStack()
  const lines: string[] = []
  let network: Network
  let folder: ServiceFolder
  let app: App
  let tools: Tools
  let alice: Account
  let bob: Account
  let labeler: Account
  let picture: Buffer

  beforeAll(async () => {
    network = stack.use(await openNetwork())
    labeler = await network.createAccount('labeler.test')
    alice = await network.createAccount('alice.test')
    bob = await network.createAccount('bob.test')
    const key = await generateSigningKey()
    folder = stack.use(
      createServiceFolder(network, {
        HARRIER_LABELER_DID: labeler.did,
        HARRIER_SIGNING_KEY: key.exportHex(),
      }),
    )
    picture = await recompress(await drawLandscape(1), 90)
    app = stack.use(await openService(folder, { lines }))
    // A host refuses to send reports to an address; a name it resolves.
    const endpoint = app.publicUrl.replace('127.0.0.1', 'localhost')
    await network.declareLabeler(labeler, { labelKeyDidKey: key.did(), endpoint })
    await bankPicture(folder, picture)
    tools = stack.use(await openServiceTools(folder))
  })
  afterAll(() => stack.disposeAsync())

  const report = async (by: Account, subject: object, more: object = {}): Promise<number> => {
    const proxied = by.agent.withProxy('atproto_labeler', labeler.did)
    const input = { reasonType: sexual, subject, ...more } as never
    const { data } = await proxied.com.atproto.moderation.createReport(input)
    expect(data).toMatchObject({ reportedBy: by.did, reasonType: sexual, subject })
    return data.id
  }

  /** The review of a subject, once everything that was to be looked at has been. */
  const reviewOf = async (subject: string, images: number): Promise<ReviewDetails> => {
    const find = async (): Promise<ReviewDetails | undefined> => {
      const reviews = await tools.reviews.list(['open'], 1000)
      return await tools.reviews.find(reviews.find((review) => review.subject === subject)?.id ?? 0)
    }
    await expect
      .poll(async () => {
        const found = await find()
        const isFetched = found?.records.every(({ outcome }) => outcome !== undefined)
        return isFetched && found?.images.filter(({ outcome }) => outcome !== undefined).length
      })
      .toBe(images)
    return (await find()) as ReviewDetails
  }

  it('becomes a review with the match of the reported picture, and no word of it is logged', async () => {
    const post = await network.post(alice, 'a picture', [await recompress(picture, 60)])
    const modTool = { name: 'test-client/1', meta: { build: 7 } }
    await report(bob, strongRef(post), { reason: 'private words', modTool })
    const { review, reports, records, images, evidence } = await reviewOf(post.uri, 1)
    expect(review).toMatchObject({ subject: post.uri, did: alice.did, state: 'open', reportCount: 1 })
    expect(reports).toMatchObject([{ reportedBy: bob.did, reason: 'private words', modTool }])
    expect(records).toEqual([{ uri: post.uri, outcome: 'found', attempts: 1 }])
    const place = { uri: post.uri, recordCid: post.cid, cid: post.blobCids[0] }
    expect(images).toEqual([{ ...place, outcome: 'hashed' }])
    expect(evidence).toMatchObject([
      {
        ...place,
        match: { bank: 'known', hashType: 'pdq', profile: 'reference-512', variant: 'original' },
      },
    ])
    expect(evidence[0]?.match.distance).toBeLessThanOrEqual(31)
    expect(review.nearest).toBe(evidence[0]?.match.distance)
    expect(lines.some((line) => line.includes('subject.fetched'))).toBe(true)
    expect(lines.join('\n')).not.toMatch(/private words|test-client/)
  })

  it('shows another picture as looked at, without a match', async () => {
    const post = await network.post(alice, 'harmless', [await recompress(await drawLandscape(2), 90)])
    await report(bob, strongRef(post))
    expect(await reviewOf(post.uri, 1)).toMatchObject({ evidence: [], images: [{ outcome: 'hashed' }] })
  })

  it('is filed once though its client sends it twice, and joined by the report of another', async () => {
    const post = await network.post(alice, 'twice', [])
    const first = await report(bob, strongRef(post), { reason: 'same' })
    expect(await report(bob, strongRef(post), { reason: 'same' })).toBe(first)
    const second = await report(labeler, strongRef(post), { reason: 'same' })
    expect(second).not.toBe(first)
    const { review, reports, images } = await reviewOf(post.uri, 0)
    expect(reports.map(({ id }) => id)).toEqual([first, second])
    expect([review.reportCount, images]).toEqual([2, []])
  })

  it('has what was looked at before looked at again, with what the banks hold now', async () => {
    const fresh = await recompress(await drawLandscape(7), 90)
    const post = await network.post(alice, 'not banked yet', [fresh])
    await expect.poll(() => lines.some((line) => isDone(line, post.uri))).toBe(true)
    await bankPicture(folder, await drawLandscape(7))
    await expect.poll(() => bankHashes()).toBe(6)
    await report(bob, strongRef(post))
    expect((await reviewOf(post.uri, 1)).evidence).toMatchObject([{ match: { bank: 'known' } }])
  })

  it('of an account has its avatar and banner looked at, and takes up what it shows later', async () => {
    const carol = await network.createAccount('carol.test')
    const upload = async (bytes: Buffer) =>
      (await carol.agent.uploadBlob(bytes, { encoding: 'image/jpeg' })).data.blob
    const avatar = await upload(await recompress(picture, 80))
    const banner = await upload(await recompress(await drawLandscape(3), 80))
    await carol.agent.upsertProfile(() => ({ avatar, banner }))
    await report(bob, { $type: 'com.atproto.admin.defs#repoRef', did: carol.did })
    const uri = `at://${carol.did}/app.bsky.actor.profile/self`
    const found = await reviewOf(carol.did, 2)
    expect(found.records).toMatchObject([{ uri, outcome: 'found' }])
    expect(found.evidence).toMatchObject([{ uri, cid: avatar.ref.toString(), match: { bank: 'known' } }])
    const post = await network.post(carol, 'later', [await recompress(picture, 50)])
    await expect
      .poll(async () => (await reviewOf(carol.did, 2)).evidence.map((evidence) => evidence.uri).toSorted())
      .toEqual([uri, post.uri].toSorted())
  })

  it('of a record that was edited or deleted since says so', async () => {
    const gone = await network.post(alice, 'deleted', [picture])
    await alice.agent.deletePost(gone.uri)
    await report(bob, strongRef(gone))
    expect((await reviewOf(gone.uri, 0)).records).toMatchObject([{ outcome: 'unavailable:not-found' }])
    const edited = await network.post(alice, 'first', [])
    const repo = {
      repo: alice.did,
      collection: 'app.bsky.feed.post',
      rkey: edited.uri.split('/').at(-1) ?? '',
    }
    const record = { $type: 'app.bsky.feed.post', text: 'second', createdAt: new Date().toISOString() }
    await alice.agent.com.atproto.repo.putRecord({ ...repo, record })
    await report(bob, strongRef(edited))
    expect((await reviewOf(edited.uri, 0)).records).toMatchObject([{ outcome: 'found:other-version' }])
  })

  it('can come from the client itself, with a token for the service, but not one that lives for an hour', async () => {
    const post = await network.post(alice, 'direct', [])
    const send = async (aud: string, seconds: number): Promise<Response> => {
      const { data } = await bob.agent.com.atproto.server.getServiceAuth({
        aud,
        lxm: method,
        exp: Math.floor(Date.now() / 1000) + seconds,
      })
      return await fetch(`${app.publicUrl}/xrpc/${method}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${data.token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ reasonType: sexual, subject: strongRef(post) }),
      })
    }
    const service = `${labeler.did}#atproto_labeler`
    const answer = await send(service, 60)
    expect([answer.status, await answer.json()]).toMatchObject([200, { reportedBy: bob.did }])
    expect(answer.headers.get('ratelimit-policy')).toBe('100;w=3600')
    expect((await send(labeler.did, 60)).status).toBe(200)
    const long = await send(service, 3500)
    expect([long.status, await long.json()]).toMatchObject([401, { error: 'BadJwtLifetime' }])
    const other = await send(alice.did, 60)
    expect([other.status, await other.json()]).toMatchObject([401, { error: 'BadJwtAudience' }])
  })

  it('is told to its author as it was refused', async () => {
    const proxied = bob.agent.withProxy('atproto_labeler', labeler.did)
    const appeal = {
      reasonType: 'com.atproto.moderation.defs#reasonAppeal',
      subject: { $type: 'com.atproto.admin.defs#repoRef', did: alice.did },
    } as const
    await expect(proxied.com.atproto.moderation.createReport(appeal)).rejects.toMatchObject({
      status: 403,
      error: 'Forbidden',
    })
  })

  it('is counted, and shown on the command line', async () => {
    const text = await (await fetch(`${app.operatorUrl}/metrics`)).text()
    expect(text).toMatch(/labeler_review_reports_total\{reason="sexual",outcome="opened"\} [1-9]/)
    expect(text).toContain('labeler_review_reports_total{reason="sexual",outcome="joined"} 1\n')
    expect(text).toContain('labeler_review_reports_total{reason="appeal",outcome="appeal-of-another"} 1\n')
    expect(text).toMatch(/labeler_review_reviews\{state="open"\} [1-9]/)
    const listed = linesOf(await harrier('review', 'list', '--json'))
    expect(listed[0]).toMatchObject({ state: 'open', nearest: expect.any(Number) })
    expect(listed.at(-1)).not.toHaveProperty('nearest')
    const table = await harrier('review', 'list', '--limit', '1')
    expect(table.split('\n')[0]).toMatch(
      /^review +state +nearest +banks +matches +reports +held +claimed by +since +subject$/,
    )
    const withWords = (await tools.reviews.list(['open'], 100)).find(({ id }) => id === 1)
    const shown = await harrier('review', 'show', '1')
    for (const part of [withWords?.subject ?? '?', bob.did, '"private words"', 'pdq reference-512', 'hashed'])
      expect(shown).toContain(part)
    expect(linesOf(await harrier('review', 'show', '1', '--json'))).toMatchObject([{ review: { id: 1 } }])
    await expect(harrier('review', 'show', '999')).rejects.toMatchObject({ code: 3 })
    await expect(harrier('review', 'list', '--state', 'closed')).rejects.toMatchObject({ code: 3 })
  })

  const bankHashes = async (): Promise<number> => {
    const text = await (await fetch(`${app.operatorUrl}/metrics`)).text()
    return Number(/^labeler_match_bank_hashes (\d+)$/m.exec(text)?.[1])
  }

  const harrier = async (...argv: string[]): Promise<string> => {
    const program = join(import.meta.dirname, '../scripts/harrier.ts')
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...argv], {
      cwd: folder.path,
      env: { ...folder.env, NODE_COMPILE_CACHE: join(folder.path, 'compiled') },
    })
    return stdout
  }
})

function strongRef({ uri, cid }: Post): object {
  return { $type: 'com.atproto.repo.strongRef', uri, cid }
}

function isDone(line: string, uri: string): boolean {
  return line.includes('job.done') && line.includes(uri)
}

function linesOf(out: string): Record<string, unknown>[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}
