import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawLandscape, recompress } from './support/images.ts'
import { type Network, openNetwork } from './support/network.ts'
import { type ActingService, openActingService } from './support/running-service.ts'
import { bankPicture } from './support/service.ts'

// Each command is a process.
describe('what admins run, beside a service and a PDS', { timeout: 120_000 }, () => {
  const stack = new AsyncDisposableStack()
  let network: Network
  let service: ActingService
  let pictures: Buffer[]

  beforeAll(async () => {
    network = stack.use(await openNetwork())
    pictures = await Promise.all([1, 2, 3, 4, 5, 6].map(async (n) => recompress(await drawLandscape(n), 90)))
    service = stack.use(await openActingService(network, []))
  })
  afterAll(() => stack.disposeAsync())

  const picture = (n: number): Buffer => pictures[n] ?? expect.fail()
  const isRecordServed = async (uri: string): Promise<boolean> => {
    const [, , repo, collection, rkey] = uri.split('/')
    const query = `repo=${repo}&collection=${collection}&rkey=${rkey}`
    return (await fetch(`${network.pdsUrl}/xrpc/com.atproto.repo.getRecord?${query}`)).ok
  }
  const isBlobServed = async (did: string, cid: string): Promise<boolean> =>
    (await fetch(`${network.pdsUrl}/xrpc/com.atproto.sync.getBlob?did=${did}&cid=${cid}`)).ok
  const blobsOf = async (uri: string): Promise<string[]> => {
    const [effect] = await service.json('takedown', uri, '--dry-run')
    const action = effect?.['action'] as { subject: { blobs: string[] } } | undefined
    return action?.subject.blobs ?? []
  }
  const poll = <T>(value: () => Promise<T>) => expect.poll(value, { timeout: 20_000, interval: 50 })

  it('takes a record down with its blobs, once, and gives both back', async () => {
    const post = await service.post(picture(0))
    const did = service.alice.did
    const [blob = ''] = await blobsOf(post.uri)
    expect([await isRecordServed(post.uri), await isBlobServed(did, blob), await service.effects()]).toEqual([
      true,
      true,
      [],
    ])
    const [ordered] = await service.json('takedown', post.uri, '--by', 'pds')
    expect(ordered).toMatchObject({ kind: 'takedown', target: 'pds', state: 'pending', actor: 'cli' })
    await poll(async () => (await service.effects()).map(({ state }) => state)).toEqual(['done'])
    expect([await isRecordServed(post.uri), await isBlobServed(did, blob)]).toEqual([false, false])
    expect(await service.harrier('takedown', post.uri)).toMatchObject({ code: 3, out: '' })
    const rehearsed = await service.harrier('restore', post.uri, '--dry-run')
    expect(rehearsed).toMatchObject({
      code: 0,
      out: expect.stringContaining('would undo effect 1: takedown of at://'),
    })
    expect((await service.effects()).map(({ state }) => state)).toEqual(['done'])
    const restored = await service.harrier('restore', post.uri)
    expect(restored).toMatchObject({ code: 0, err: '' })
    expect(restored.out).toMatch(/^undoes effect 1: takedown .*\nundone effect 1: takedown .*\n$/)
    expect([await isRecordServed(post.uri), await isBlobServed(did, blob)]).toEqual([true, true])
    expect((await service.harrier('restore', post.uri)).code).toBe(3)
    expect(await service.json('effects', post.uri, '--state', 'undone')).toMatchObject([
      { id: 1, actor: 'cli' },
    ])
    expect((await service.harrier('effects', '--state', 'held')).code).toBe(3)
    expect((await service.harrier('effects', did)).out).toMatch(/^effect {2}state/)
  })

  it('fetches a record that was never seen from its host, to know its blobs', async () => {
    const bob = await network.createAccount('bob.test')
    const own = stack.use(await openActingService(network, []))
    // Nobody follows the stream, so that the post stays unseen.
    await own.app[Symbol.asyncDispose]()
    const post = await network.post(bob, 'unseen', [picture(1)])
    const [effect] = await own.json('takedown', post.uri, '--dry-run')
    expect(effect).toMatchObject({
      isDryRun: true,
      recordCid: post.cid,
      action: {
        subject: { kind: 'record', uri: post.uri, cid: post.cid, blobs: [expect.stringMatching(/^bafkrei/)] },
      },
    })
    const missing = await own.harrier('takedown', `${post.uri}x`)
    expect(missing).toMatchObject({ code: 1, err: expect.stringContaining('Expected a record') })
  })

  it('asks before it does anything about a whole account, and does nothing where nobody can be asked', async () => {
    const own = stack.use(await openActingService(network, []))
    const { did } = own.alice
    const refused = await own.harrier('takedown', did)
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('Expected --yes') })
    expect(await own.effects()).toEqual([])
    expect((await own.harrier('takedown', did, '--dry-run')).out).toContain('would order takedown of did:')
    await own.json('takedown', did, '--yes')
    await poll(async () => (await own.effects()).map(({ state }) => state)).toEqual(['done'])
    expect((await own.harrier('restore', did)).code).toBe(2)
    expect((await own.harrier('restore', did, '--yes')).code).toBe(0)
    expect((await own.effects()).map(({ state }) => state)).toEqual(['undone'])
  })

  it('takes a blob down in every account that shows it, and in those that will', async () => {
    const [one, two] = [await service.post(picture(2)), await network.createAccount('carol.test')]
    const [blob = ''] = await blobsOf(one.uri)
    await network.post(two, 'the same', [picture(2)])
    await poll(async () => {
      const found = await service.json('takedown', one.uri, '--blob', blob, '--everywhere', '--dry-run')
      return found.length
    }).toBe(2)
    await service.json('takedown', one.uri, '--blob', blob, '--everywhere', '--yes')
    const down = async () =>
      (await service.effects()).filter(({ subject, state }) => subject.endsWith(blob) && state === 'done')
        .length
    await poll(down).toBe(2)
    const three = await network.createAccount('dave.test')
    await network.post(three, 'the same', [picture(2)])
    await poll(down).toBe(3)
    expect(await isBlobServed(three.did, blob)).toBe(false)
    const restored = await service.harrier(
      'restore',
      service.alice.did,
      '--blob',
      blob,
      '--everywhere',
      '--yes',
    )
    expect(restored.code).toBe(0)
    expect(await down()).toBe(0)
    expect(await isBlobServed(three.did, blob)).toBe(true)
  })

  it('refuses a target that there is not, and says what labels would be published', async () => {
    const post = await service.post(picture(3))
    expect(await service.harrier('takedown', post.uri, '--by', 'nobody')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Expected pds but received nobody'),
    })
    expect(
      await service.harrier('report', post.uri, '--reason-type', 'com.atproto.moderation.defs#reasonSpam'),
    ).toMatchObject({ code: 2, err: expect.stringContaining('HARRIER_TARGETS') })
    expect((await service.harrier('report', post.uri)).code).toBe(2)
    const [would] = await service.json('label', post.uri, 'known-image', '--dry-run')
    expect(would).toMatchObject({ outcome: 'published', labels: [{ uri: post.uri, val: 'known-image' }] })
    expect(await service.labels(post.uri)).toEqual([])
    await service.json('label', post.uri, 'known-image')
    expect(await service.labels(post.uri)).toEqual(['known-image'])
    const negated = await service.harrier('negate', post.uri, 'known-image', '--dry-run')
    expect(negated.out).toContain('would withdraw known-image')
    expect(await service.labels(post.uri)).toEqual(['known-image'])
    // Given by hand, so no effect stands behind it.
    expect(await service.harrier('restore', post.uri)).toMatchObject({
      code: 0,
      out: 'withdraws label known-image\n',
    })
    await poll(() => service.labels(post.uri)).toEqual([])
  })

  it('judges contents: what one caused is undone, it acts nowhere, and that can be taken back', async () => {
    const acting = stack.use(await openActingService(network, [picture(4)]))
    const first = await acting.post(picture(4))
    await poll(() => acting.labels(first.uri)).toEqual(['known-image'])
    const contentId = String((await acting.effects())[0]?.cause?.contentId)
    expect(await acting.json('bank', 'deconfirm', 'known', contentId, '--dry-run')).toMatchObject([
      { isDone: true, standing: 1, isDryRun: true },
    ])
    await acting.json('bank', 'deconfirm', 'known', contentId, '--reason', 'a landscape')
    await poll(async () => (await acting.effects()).map(({ state }) => state)).toEqual(['undone'])
    await poll(() => acting.labels(first.uri)).toEqual([])
    const second = await acting.post(picture(4))
    expect(await acting.labels(second.uri)).toEqual([])
    expect(await acting.json('bank', 'contents', 'known')).toMatchObject([{ opinion: 'negative' }])
    await acting.json('bank', 'forget', 'known', contentId)
    expect((await acting.harrier('bank', 'forget', 'known', contentId)).code).toBe(3)
    const third = await acting.post(picture(4))
    await poll(() => acting.labels(third.uri)).toEqual(['known-image'])
    expect((await acting.harrier('bank', 'confirm', 'known', '999')).code).toBe(1)
  })

  it('undoes all that goes back to a bank, also to one that was removed, but for what another bank calls for', async () => {
    const policy = `labels: [known-image]\notherBanks:\n  - distance: 31\n    effects: [{ label: known-image }]\n`
    const acting = stack.use(await openActingService(network, [picture(5)], {}, { policy }))
    const posts = [await acting.post(picture(5)), await acting.post(picture(5))]
    await poll(async () => (await acting.effects()).length).toBe(2)
    const removed = await acting.harrier('bank', 'remove', 'known', '--all', '--yes')
    expect(removed.err).toContain('2 effects of bank known stand; to undo them: harrier restore --bank known')
    expect((await acting.harrier('restore', '--bank', 'known')).code).toBe(2)
    expect((await acting.harrier('restore', '--bank', 'known', '--dry-run')).out).toContain(
      'would undo 2; nothing was changed',
    )
    expect(await acting.labels(posts[0]?.uri ?? '')).toEqual(['known-image'])
    expect(await acting.json('restore', '--bank', 'known', '--yes')).toEqual([
      { bank: 'known', standing: 2, undone: 2, others: 0, isDryRun: false },
    ])
    for (const { uri } of posts) await poll(() => acting.labels(uri)).toEqual([])
    expect((await acting.harrier('restore', '--bank', 'known', '--yes')).code).toBe(3)
  })

  it('purges: what is deleted for good undoes what it caused', async () => {
    const acting = stack.use(await openActingService(network, [picture(0)]))
    const post = await acting.post(picture(0))
    await poll(() => acting.labels(post.uri)).toEqual(['known-image'])
    expect((await acting.harrier('bank', 'remove', 'known', '--all', '--yes')).code).toBe(0)
    expect(await acting.labels(post.uri)).toEqual(['known-image'])
    await acting.json('bank', 'purge', 'known', '--removed', '--yes')
    await poll(() => acting.labels(post.uri)).toEqual([])
    expect((await acting.effects())[0]).toMatchObject({ state: 'undone', because: 'hash-withdrawn' })
  })

  it('suppresses an image with what is restored, so that it acts no more', async () => {
    const acting = stack.use(await openActingService(network, [picture(1)]))
    await acting.json('bank', 'create', 'harmless', '--suppresses', 'known')
    const post = await acting.post(picture(1))
    await poll(() => acting.labels(post.uri)).toEqual(['known-image'])
    expect(await acting.harrier('restore', post.uri, '--suppress', 'known')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Expected a negative bank'),
    })
    expect((await acting.harrier('restore', post.uri, '--suppress', 'harmless')).code).toBe(0)
    await poll(() => acting.labels(post.uri)).toEqual([])
    const next = await acting.post(picture(1))
    expect(await acting.labels(next.uri)).toEqual([])
    await bankPicture(acting.folder, picture(2))
    const other = await acting.post(picture(2))
    await poll(() => acting.labels(other.uri)).toEqual(['known-image'])
  })
})
