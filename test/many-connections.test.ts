/** Two thousand connections, which ask, wait, and dawdle, beside the label stream: it goes on, and so do they. */
import { expect, it } from 'vitest'
import type { SubjectUri } from '../src/model/ids.ts'
import { drawLandscape } from './support/images.ts'
import { type ReceivedLabel, subscribeLabels } from './support/label-subscriber.ts'
import { holdConnections } from './support/many-connections.ts'
import { openRestService } from './support/rest-client.ts'
import { openServiceTools, testLabel } from './support/service.ts'

const each = 500
const uris = Array.from(
  { length: 50 },
  (_, index) => `at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/${index}` as SubjectUri,
)

it('old and new subscribers get every label while 2,000 connections are held', async () => {
  await using service = await openRestService(await drawLandscape(1, { width: 160, height: 120 }))
  await using tools = await openServiceTools(service.folder)
  const early = collect(service.url, uris.length)
  await early.isOpen
  await using held = await holdConnections(service.url, await service.makeKey(), each)
  expect(held.open).toBe(4 * each)

  const late = collect(service.url, uris.length)
  await late.isOpen
  for (const uri of uris) {
    expect(await tools.publish({ uri, val: testLabel })).toMatchObject({ kind: 'published' })
  }
  expect((await early.received).map(({ uri }) => uri)).toEqual(uris)
  expect((await late.received).map(({ uri }) => uri)).toEqual(uris)
  await expect.poll(() => held.answered).toBeGreaterThanOrEqual(each)
}, 120_000)

/** Subscribes, and resolves to the first `count` labels. */
function collect(url: string, count: number) {
  const opened = Promise.withResolvers<void>()
  const received = (async () => {
    const seen: ReceivedLabel[] = []
    for await (const message of subscribeLabels(url, { onOpen: () => opened.resolve() })) {
      seen.push(...message.labels)
      if (seen.length >= count) break
    }
    return seen
  })()
  return { isOpen: opened.promise, received }
}
