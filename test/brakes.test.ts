import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { realWorld } from '../src/world.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type Network, openNetwork } from './support/network.ts'
import { type ActingService, openActingService } from './support/running-service.ts'
import { openServiceTools } from './support/service.ts'

// Whole services on a whole network, and each command is a process.
describe('the brakes of a service, past their limits', { timeout: 120_000 }, () => {
  const stack = new AsyncDisposableStack()
  let network: Network
  let known: Buffer
  let other: Buffer

  beforeAll(async () => {
    network = stack.use(await openNetwork())
    const pictures = [11, 12].map(async (n) => recompress(await drawLandscape(n), 90))
    ;[known = expect.fail(), other = expect.fail()] = await Promise.all(pictures)
  })
  afterAll(() => stack.disposeAsync())

  const poll = <T>(value: () => Promise<T>) => expect.poll(value, { timeout: 20_000, interval: 50 })
  const statesOf = async (service: ActingService) =>
    (await service.effects()).map(({ state, because }) => [state, because ?? ''].join(' ').trim())
  const gauge = async (service: ActingService, name: string): Promise<number> => {
    const text = await (await fetch(`${service.app.operatorUrl}/metrics`)).text()
    const line = text.split('\n').find((found) => found.startsWith(`${name} `))
    return Number(line?.slice(name.length + 1) ?? Number.NaN)
  }

  it('turns the label beyond the quota of a day into a review, and goes on the next day', async () => {
    let aheadMs = 0
    const world = { ...realWorld, now: () => new Date(Date.now() + aheadMs) }
    await using service = await openActingService(network, [known], { HARRIER_DAILY_LABELS: '2' }, { world })
    const posts = [await service.post(known), await service.post(known), await service.post(known)]
    const uris = posts.map(({ uri }) => uri)
    await poll(async () => await statesOf(service)).toEqual(['done', 'done', 'held quota'])
    expect(await Promise.all(uris.map(service.labels))).toEqual([['known-image'], ['known-image'], []])
    await using tools = await openServiceTools(service.folder)
    expect(await tools.reviews.list(['open'], 10)).toMatchObject([{ subject: uris[2], matchCount: 1 }])
    expect(await gauge(service, 'labeler_act_quota_left_effects{kind="label"}')).toBe(0)
    expect(await gauge(service, 'labeler_act_held_effects{because="quota"}')).toBe(1)
    aheadMs = 86_400_000
    const next = await service.post(known)
    await poll(() => service.labels(next.uri)).toEqual(['known-image'])
    expect(await service.labels(uris[2] ?? '')).toEqual([])
    expect(await gauge(service, 'labeler_act_quota_left_effects{kind="label"}')).toBe(1)
  })

  it('labels each of as many posts where no quota is set', async () => {
    await using service = await openActingService(network, [known], { HARRIER_DAILY_LABELS: '0' })
    for (let n = 0; n < 3; n++) {
      const { uri } = await service.post(known)
      await poll(() => service.labels(uri)).toEqual(['known-image'])
    }
    expect(await statesOf(service)).toEqual(['done', 'done', 'done'])
  })

  it('holds a content that floods, in one review with a sample, and lets others act; released, it labels once', async () => {
    await using service = await openActingService(network, [known, other], { HARRIER_FLOOD_MATCHES: '3' })
    const posts = []
    for (let n = 0; n < 5; n++) posts.push(await service.post(known))
    const apart = await service.post(other)
    await poll(() => statesOf(service)).toEqual(['done', 'done', 'done', 'held flood', 'held flood', 'done'])
    expect(await service.labels(posts[3]?.uri ?? '')).toEqual([])
    expect(await service.labels(apart.uri)).toEqual(['known-image'])
    const contentId = (await service.effects())[3]?.cause?.contentId
    await using tools = await openServiceTools(service.folder)
    const [review, ...more] = await tools.reviews.list(['open', 'escalated'], 10)
    expect([review?.subject, more]).toEqual([`content:${contentId}`, []])
    const { evidence } = (await tools.reviews.find(review?.id ?? 0)) ?? expect.fail()
    expect(new Set(evidence.map(({ uri }) => uri))).toEqual(new Set(posts.slice(3).map(({ uri }) => uri)))
    expect(await gauge(service, 'labeler_act_quarantined_contents')).toBe(1)
    expect(await service.json('quarantine', 'list')).toMatchObject([
      { contentId, bank: 'known', recent: 4, held: 2 },
    ])
    await service.json('quarantine', 'release', String(contentId))
    for (const { uri } of posts) await poll(() => service.labels(uri)).toEqual(['known-image'])
    expect(await Promise.all(posts.map(({ uri }) => service.published(uri)))).toEqual([1, 1, 1, 1, 1])
    expect((await service.harrier('quarantine', 'release', String(contentId))).code).toBe(3)
  })

  it('withdraws what a flood caused, and drops what it held, when its content is deconfirmed', async () => {
    await using service = await openActingService(network, [known], { HARRIER_FLOOD_MATCHES: '2' })
    const posts = []
    for (let n = 0; n < 4; n++) posts.push(await service.post(known))
    await poll(() => statesOf(service)).toEqual(['done', 'done', 'held flood', 'held flood'])
    const contentId = (await service.effects())[0]?.cause?.contentId
    await service.json('bank', 'deconfirm', 'known', String(contentId), '--reason', 'a landscape')
    await poll(() => statesOf(service)).toEqual([
      'undone deconfirmed',
      'undone deconfirmed',
      'dropped deconfirmed',
      'dropped deconfirmed',
    ])
    for (const { uri } of posts) await poll(() => service.labels(uri)).toEqual([])
    expect(await Promise.all(posts.map(({ uri }) => service.published(uri)))).toEqual([2, 2, 0, 0])
  })

  it('never takes a confirmed content for a flood', async () => {
    await using service = await openActingService(network, [known], { HARRIER_FLOOD_MATCHES: '1' })
    const first = await service.post(known)
    await poll(() => service.labels(first.uri)).toEqual(['known-image'])
    const contentId = (await service.effects())[0]?.cause?.contentId
    await service.json('bank', 'confirm', 'known', String(contentId))
    for (let n = 0; n < 3; n++) await service.post(known)
    await poll(() => statesOf(service)).toEqual(['done', 'done', 'done', 'done'])
  })

  it('lets nothing leave while effects are paused, by command or over HTTP, and everything once when they go on', async () => {
    await using service = await openActingService(network, [known])
    const { folder, app } = service
    await using tools = await openServiceTools(folder)
    const { secret } = await tools.apiKeys.create({
      name: 'admin',
      scopes: ['admin', 'read'],
      requestsPerMinute: 100,
    })
    const call = async (path: string, json?: object) => {
      const answer = await fetch(`${app.publicUrl}/api/v1/${path}`, {
        method: json === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      })
      expect(answer.status).toBe(200)
      return (await answer.json()) as Record<string, unknown>
    }
    const before = await service.post(known)
    await poll(() => service.labels(before.uri)).toEqual(['known-image'])
    expect(await service.json('pause', '--reason', 'by command')).toMatchObject([
      { isPaused: true, isNew: true },
    ])
    expect((await service.harrier('pause', '--reason', 'again')).code).toBe(3)
    const first = await service.post(known)
    expect(await call('admin/pause')).toMatchObject({
      is_paused: true,
      reason: 'by command',
      held: { paused: 1 },
    })
    expect(await call('status')).toMatchObject({ effects_paused: true })
    // What is ordered by hand waits too; a withdrawal does not.
    await service.harrier('label', service.alice.did, 'known-image', '--yes')
    await service.json('negate', before.uri, 'known-image')
    await poll(() => service.labels(before.uri)).toEqual([])
    expect([await service.labels(first.uri), await service.labels(service.alice.did)]).toEqual([[], []])
    expect(await gauge(service, 'labeler_act_paused')).toBe(1)
    expect((await service.harrier('queue')).out).toContain('effects are PAUSED')
    expect(await call('admin/resume', {})).toMatchObject({ is_paused: false, reason: null })
    await poll(() => service.labels(first.uri)).toEqual(['known-image'])
    await poll(() => service.labels(service.alice.did)).toEqual(['known-image'])
    expect(await call('admin/pause', { reason: 'over HTTP' })).toMatchObject({
      is_paused: true,
      paused_by: expect.stringMatching(/^api-key:/),
    })
    const second = await service.post(known)
    expect(await service.labels(second.uri)).toEqual([])
    expect(await service.json('resume')).toMatchObject([{ isPaused: false, held: 1, reason: 'over HTTP' }])
    await poll(() => service.labels(second.uri)).toEqual(['known-image'])
    expect((await service.harrier('resume')).code).toBe(3)
    expect(await Promise.all([first, second].map(({ uri }) => service.published(uri)))).toEqual([1, 1])
    expect(await call('status')).toMatchObject({ effects_paused: false })
  })
})
