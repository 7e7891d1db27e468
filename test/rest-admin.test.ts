import { hash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drawLandscape, recompress } from './support/images.ts'
import {
  call,
  form,
  openRestService,
  post,
  type RestAnswer,
  type RestService,
} from './support/rest-client.ts'

const pdq = '9'.repeat(64)
const isNear = `${'9'.repeat(63)}8`

describe('banks over the REST API', () => {
  const stack = new AsyncDisposableStack()
  let service: RestService
  let key: string
  let picture: Buffer

  beforeAll(async () => {
    picture = await drawLandscape(3, { width: 480, height: 320 })
    service = stack.use(await openRestService(await drawLandscape(1, { width: 480, height: 320 })))
    key = await service.makeKey(['admin', 'match', 'read'])
  })
  afterAll(() => stack.disposeAsync())

  const send = (path: string, init?: RequestInit): Promise<RestAnswer> =>
    call(`${service.url}/api/v1${path}`, key, init)
  const put = (path: string, json: unknown) => send(path, { ...post(json), method: 'PUT' })
  const remove = (path: string) => send(path, { method: 'DELETE' })
  const found = async (hash_value: string) => {
    const { json } = await send('/match', post({ hash_value, threshold: 0.9 }))
    return (json['matches'] as { bank_name: string; content_id: number }[]).map((match) => [
      match.bank_name,
      match.content_id,
    ])
  }

  it('are matched by the very next request, change by change, and the audit names the key', async () => {
    expect((await send('/admin/banks', post({ name: 'mine', threshold: 20 }))).status).toBe(200)
    const added = await send('/admin/bank/mine/signal', post({ hash: pdq.toUpperCase(), note: 'ticket 17' }))
    const id = added.json['id'] as number
    expect(added.json).toEqual({ id, is_new: true, signals: { pdq }, left_out: false })
    const content = `/admin/bank/mine/content/${id}`
    expect(await found(isNear)).toEqual([['mine', id]])
    expect((await put(content, { disable_until_ts: 0 })).json).toMatchObject({ enabled: false })
    expect(await found(isNear)).toEqual([])
    expect((await put(content, { disable_until_ts: 1, label: 'A1' })).json).toMatchObject({
      enabled: true,
      note: 'ticket 17',
      label: 'A1',
    })
    expect(await found(isNear)).toEqual([['mine', id]])
    await put('/admin/bank/mine', { enabled: false })
    expect(await found(isNear)).toEqual([])
    await put('/admin/bank/mine', { enabled: true, name: 'ours' })
    expect(await found(isNear)).toEqual([['ours', id]])
    const negative = await send('/admin/banks', post({ name: 'harmless', suppresses: ['ours'] }))
    expect(negative.json).toMatchObject({ suppresses: ['ours'], threshold: 31 })
    await send('/admin/bank/harmless/signal', post({ hash: pdq }))
    expect(await found(isNear)).toEqual([])
    expect((await put('/admin/bank/harmless', { suppresses: [] })).json).toMatchObject({ suppresses: [] })
    expect(await found(isNear)).toEqual([['ours', id]])
    expect((await remove(`/admin/bank/ours/content/${id}`)).json).toEqual({ deleted: 1 })
    expect((await remove(`/admin/bank/ours/content/${id}`)).json).toEqual({ deleted: 0 })
    expect(await found(isNear)).toEqual([])
    const restored = await send(`/admin/bank/ours/content/${id}/restore`, post({}))
    expect(restored.json).toMatchObject({ id, note: 'ticket 17', label: 'A1' })
    expect(await found(isNear)).toEqual([['ours', id]])
    expect((await remove('/admin/bank/ours')).json).toEqual({ removed: true })
    expect(await found(isNear)).toEqual([])
    expect((await send('/admin/bank/ours')).status).toBe(404)
    expect((await send('/admin/bank/ours/restore', post({}))).json).toMatchObject({
      name: 'ours',
      threshold: 20,
    })
    expect(await found(isNear)).toEqual([['ours', id]])
    const { logs } = (await send('/logs/ours')).json as never as {
      logs: { actor: string; action_taken: string }[]
    }
    expect(logs.map(({ action_taken }) => action_taken)).toEqual([
      'bank.restored',
      'bank.removed',
      'bank.content-restored',
      'bank.content-removed',
      'bank.updated',
      'bank.updated',
    ])
    expect(new Set(logs.map(({ actor }) => actor))).toEqual(new Set(['api-key:1']))
  })

  it('take a picture by its hashes, and find it by any of them', async () => {
    await send('/admin/banks', post({ name: 'pictures' }))
    const fields = { note: 'drawn', metadata: '{"a":1}', content_uri: 'https://a.example/1' }
    const { status, json } = await send(
      '/admin/bank/pictures/content',
      form(picture, { field: 'photo', fields }),
    )
    const sha256 = hash('sha256', picture)
    expect([status, Object.keys(json['signals'] as object).sort()]).toEqual([200, ['md5', 'pdq', 'sha256']])
    expect(json['signals']).toMatchObject({ md5: hash('md5', picture), sha256 })
    const holding = await send(`/admin/bank/pictures/content?hash=${sha256}&hash_type=sha256`)
    expect(holding.json).toMatchObject({
      contents: [{ id: json['id'], note: 'drawn', metadata: { a: 1 }, content_uri: 'https://a.example/1' }],
      next: null,
    })
    const like = await send('/match', form(await recompress(picture, 60)))
    expect(like.json['matches']).toMatchObject([{ bank_name: 'pictures' }])
    const again = await send('/admin/bank/pictures/content', form(picture, { field: 'photo' }))
    expect(again.json).toMatchObject({ id: json['id'], is_new: false })
    const bad = await send('/admin/bank/pictures/content', form(picture, { fields: { metadata: '[]' } }))
    expect(bad.status).toBe(400)
  })

  it('are listed in pages, and found by words', async () => {
    await send('/admin/banks', post({ name: 'many' }))
    for (const digit of '012345')
      await send('/admin/bank/many/signal', post({ hash: digit.repeat(64), note: `n${digit}` }))
    const seen: unknown[] = []
    let after: number | null = 0
    while (after !== null) {
      const { json }: RestAnswer = await send(`/admin/bank/many/content?limit=4&after=${after}`)
      seen.push(...(json['contents'] as { note: string }[]).map(({ note }) => note))
      after = json['next'] as number | null
    }
    expect(seen).toEqual(['n0', 'n1', 'n2', 'n3', 'n4', 'n5'])
    expect((await send('/admin/bank/many/content?text=N3')).json).toMatchObject({
      contents: [{ note: 'n3' }],
    })
    expect((await send('/admin/bank/many/content?disabled=true')).json).toMatchObject({ contents: [] })
  })

  it('refuse what does not fit, with a reason, and need the scope', async () => {
    for (const [path, json, detail] of [
      [
        '/admin/bank/many',
        { threshold: 3, tiers: [{ name: 'near', distance: 4 }] },
        'at most the bank’s distance',
      ],
      ['/admin/bank/many', { suppresses: 'all' }, 'negative bank'],
      ['/admin/bank/many', { unknown: 1 }, 'unknown'],
      ['/admin/bank/many', { name: 'a/b' }, 'name'],
    ] as const) {
      const answer = await put(path, json)
      expect([answer.status, answer.json['detail']]).toEqual([400, expect.stringContaining(detail)])
    }
    const far = Math.round(Date.now() / 1000) + 6 * 365 * 86_400
    const [content] = (await send('/admin/bank/many/content')).json['contents'] as { id: number }[]
    expect((await put(`/admin/bank/many/content/${content?.id}`, { disable_until_ts: far })).status).toBe(400)
    expect((await send('/admin/bank/many/content/x')).status).toBe(404)
    key = await service.makeKey(['hash', 'match', 'act', 'read'])
    expect((await put('/admin/bank/many', { threshold: 1 })).status).toBe(403)
    expect((await remove('/admin/bank/many')).status).toBe(403)
  })
})
