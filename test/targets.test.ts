import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createActionMessage } from '../src/model/action-message.ts'
import { parseDid } from '../src/model/ids.ts'
import type { OutboxMessage, OutboxState } from '../src/model/outbox.ts'
import type { SubjectAction, TargetKind } from '../src/model/target.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import type { Account } from './support/accounts.ts'
import { actionOf, createTestLabeler, subjectOfPost } from './support/action-targets.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { type Network, openNetwork } from './support/network.ts'
import { linesOf, runHarrier } from './support/run-harrier.ts'
import { createServiceFolder, openService, type ServiceFolder, testLabel } from './support/service.ts'
import {
  openWebhookReceiver,
  receiverSecret,
  settingsFor,
  type WebhookReceiver,
} from './support/webhook-receiver.ts'

const strangerOrigin = 'http://localhost:1'

describe('a service with targets', () => {
  const stack = new AsyncDisposableStack()
  const lines: string[] = []
  let network: Network
  let alice: Account
  let folder: ServiceFolder
  let receiver: WebhookReceiver

  beforeAll(async () => {
    network = stack.use(await openNetwork())
    alice = await network.createAccount('alice.test')
    const labeler = await createTestLabeler(network, 'labeler.test')
    receiver = stack.use(await openWebhookReceiver())
    const { pdsDid } = network.trustModeration(labeler.did)
    folder = stack.use(
      createServiceFolder(network, {
        HARRIER_LABELER_DID: labeler.did,
        HARRIER_SIGNING_KEY: labeler.privateHex,
        HARRIER_TARGETS: JSON.stringify([
          { id: 'pds', kind: 'pds', url: network.pdsUrl, did: pdsDid },
          {
            id: 'down',
            kind: 'moderation',
            did: labeler.did,
            identifier: alice.did,
            password: 'never-to-be-seen',
            pds: strangerOrigin,
          },
        ]),
        HARRIER_TARGET_PRIVATE_ORIGINS: `${network.pdsUrl},${strangerOrigin}`,
        ...settingsFor(receiver, { events: ['match_found'] }),
        HARRIER_WEBHOOK_MAX_ATTEMPTS: '2',
      }),
    )
    stack.use(await openService(folder, { lines }))
  }, 60_000)
  afterAll(() => stack.disposeAsync())

  /** Has actions carried out, as whatever decides on them would: by a row in the outbox. */
  async function send(...sent: readonly (readonly [string, TargetKind, SubjectAction])[]): Promise<void> {
    await using database = await openSqlite({ path: join(folder.path, 'harrier.db') })
    const at = new Date().toISOString()
    await database.outbox.add(sent.map(([id, kind, action]) => createActionMessage({ id, kind }, action, at)))
  }
  const harrier = (...argv: string[]) =>
    runHarrier(folder.path, argv, { settings: folder.env as Record<string, string> })
  async function messages(state: OutboxState): Promise<OutboxMessage[]> {
    await using database = await openSqlite({ path: join(folder.path, 'harrier.db') })
    return await database.outbox.list({ states: [state], limit: 100 })
  }

  it('takes down at the PDS, with the label key alone, and labels, each in order for an account', async () => {
    const picture = await recompress(await drawLandscape(70), 90)
    const post = await network.post(alice, 'a post', [picture])
    const subject = subjectOfPost(alice, post)
    const isServed = async (): Promise<boolean> => {
      const query = `did=${subject.did}&cid=${subject.blobs[0]}`
      return (await fetch(`${network.pdsUrl}/xrpc/com.atproto.sync.getBlob?${query}`)).ok
    }
    await send(
      ['pds', 'pds', actionOf({ kind: 'takedown' }, subject)],
      ['labels', 'labels', actionOf({ kind: 'label', create: [testLabel], negate: [] }, subject)],
    )
    await expect.poll(isServed, { timeout: 10_000 }).toBe(false)
    await send(
      ['pds', 'pds', actionOf({ kind: 'restore' }, subject)],
      ['labels', 'labels', actionOf({ kind: 'label', create: [], negate: [testLabel] }, subject)],
    )
    await expect.poll(isServed, { timeout: 10_000 }).toBe(true)
    await expect.poll(() => messages('done'), { timeout: 20_000 }).toHaveLength(4)
    const { out } = await harrier('outbox', 'list', '--state', 'done', '--target', 'pds')
    expect(out).toMatch(/done +pds +takedown +pds +1 +taken down: record, blob 1/)
    expect(out).toMatch(/done +pds +restore +pds +1 +restored: blob 1, record/)
    expect(out).not.toContain('labels')
    expect((await harrier('labels', subject.uri)).out).not.toContain(testLabel)
  }, 60_000)

  it('lists its targets with what waits, and has them checked, without a secret', async () => {
    const report = { kind: 'report', reasonType: 'com.atproto.moderation.defs#reasonOther' } as const
    const did = parseDid(alice.did) ?? expect.fail()
    await send(['down', 'moderation', actionOf(report, { kind: 'account', did })])
    await expect.poll(() => messages('dead'), { timeout: 20_000 }).toHaveLength(1)
    expect(linesOf((await harrier('target', 'list', '--json')).out)).toMatchObject([
      { id: 'labels', kind: 'labels', can: ['label'], waiting: 0, dead: 0 },
      { id: 'pds', kind: 'pds', can: ['takedown', 'restore'] },
      { id: 'down', kind: 'moderation', can: ['report'], waiting: 0, dead: 1 },
      { id: 'app', kind: 'webhook', at: receiver.origin, can: ['tell'] },
    ])
    const list = await harrier('target', 'list')
    expect(list.out).toMatch(/pds +pds +http:\/\/localhost:\d+ +takedown, restore +0 +0/)
    const check = await harrier('target', 'check')
    expect(check).toMatchObject({ code: 1 })
    expect(check.out).toMatch(/^ok +labels\nok +pds\nfail +down +.*\nok +app\n$/)
    expect(await harrier('target', 'check', 'pds', '--json')).toMatchObject({
      code: 0,
      out: '{"id":"pds","isWell":true,"wrong":[]}\n',
    })
    expect((await harrier('target', 'check', 'elsewhere')).code).toBe(3)
    for (const text of [list.out, check.out, lines.join('')])
      for (const secret of ['never-to-be-seen', receiverSecret, 'of-the-address'])
        expect(text).not.toContain(secret)
    expect(receiver.pings).toHaveLength(1)
  }, 60_000)
})
