import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { someUri } from './support/builders.ts'
import { drawLandscape } from './support/images.ts'
import { addReview, call, openRestService, post, type RestService } from './support/rest-client.ts'
import { openServiceTools } from './support/service.ts'

describe('reviews over HTTP', () => {
  const stack = new AsyncDisposableStack()
  let service: RestService
  let key: string
  beforeAll(async () => {
    service = stack.use(await openRestService(await drawLandscape(1, { width: 160, height: 120 })))
    key = await service.makeKey()
    await addReview(service)
  })
  afterAll(() => stack.disposeAsync())

  const get = (path: string) => call(`${service.url}/api/v1/admin/reviews${path}`, key)
  const decide = (json: object) => call(`${service.url}/api/v1/admin/reviews/1/decisions`, key, post(json))
  it('are decided about, as on the command line, by the key that asks', async () => {
    expect((await get('')).json).toMatchObject({
      count: 1,
      reviews: [{ id: 1, subject: someUri, state: 'open' }],
    })
    const asked = { decision: 'label', val: 'known-image', reason: 'it is' }
    // No version of the record is known: there is nothing that a label could be put on.
    expect(await decide(asked)).toMatchObject({ status: 400, json: { code: 'InvalidRequest' } })
    expect(await decide({ decision: 'comment', reason: 'wait', dry_run: true })).toMatchObject({
      status: 200,
      json: { is_dry_run: true, state: 'open' },
    })
    expect((await get('/1')).json).toMatchObject({ decisions: [] })
    {
      await using tools = await openServiceTools(service.folder)
      await tools.reviews.claim(1, { actor: 'cli:bob' }, 60_000)
    }
    const closing = { decision: 'acknowledge', reason: 'nothing there' }
    expect(await decide(closing)).toMatchObject({ status: 409, json: { code: 'Conflict' } })
    expect(await decide({ ...closing, force: true })).toMatchObject({
      status: 200,
      json: { review: 1, decision: 'acknowledge', state: 'closed', effects: [] },
    })
    expect((await get('/1')).json).toMatchObject({
      review: { state: 'closed', claimed_by: null },
      decisions: [
        { decision: 'acknowledge', actor: expect.stringMatching(/^api-key:\d+$/), reason: 'nothing there' },
      ],
    })
    expect(await decide(closing)).toMatchObject({ status: 409 })
    expect((await get('')).json).toMatchObject({ count: 0 })
    expect((await get('?state=closed')).json).toMatchObject({ count: 1 })
  })

  it('of accounts put labels that everybody sees, and take them back', async () => {
    const did = 'did:plc:z72i7hdynmk6r22z27h6tvur'
    const action = { action_id: 'r-1', action_type: 'review', content_id: did }
    await call(`${service.url}/api/v1/action`, key, post(action))
    const decideAs = (id: number, json: object) =>
      call(`${service.url}/api/v1/admin/reviews/${id}/decisions`, key, post(json))
    const shown = async () => {
      const { json } = await call(
        `${service.url}/xrpc/com.atproto.label.queryLabels?uriPatterns=${did}`,
        undefined,
      )
      return (json['labels'] as { val: string }[]).map(({ val }) => val)
    }
    expect(await shown()).toEqual([])
    expect(await decideAs(2, { decision: 'label', val: 'known-image' })).toMatchObject({
      status: 200,
      json: {
        state: 'closed',
        effects: [{ change: 'added', kind: 'label', subject: did, detail: 'known-image' }],
      },
    })
    await expect.poll(shown, { timeout: 10_000 }).toEqual(['known-image'])
    await call(`${service.url}/api/v1/action`, key, post({ ...action, action_id: 'r-2' }))
    expect(await decideAs(3, { decision: 'reverse' })).toMatchObject({
      status: 200,
      json: { state: 'closed', effects: [{ change: 'taken-back' }] },
    })
    await expect.poll(shown, { timeout: 10_000 }).toEqual([])
  })
})
