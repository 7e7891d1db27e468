import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { blobCidOf, parseDid } from '../src/model/ids.ts'
import {
  type ActionTarget,
  actionsOfKind,
  type TargetAction,
  type TargetSubject,
} from '../src/model/target.ts'
import type { WebhookPayload } from '../src/model/webhook-event.ts'
import type { Account } from './support/accounts.ts'
import {
  actionOf,
  carryOut,
  createTestLabeler,
  openTargets,
  subjectOfPost,
  type TestLabeler,
} from './support/action-targets.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { createLabelKey } from './support/label-key.ts'
import { openLoopbackServer } from './support/listen.ts'
import { type Network, openNetwork } from './support/network.ts'
import { type LocalOzone, openOzone, stateOf } from './support/ozone.ts'
import { setTakedown } from './support/pds-admin.ts'
import { createDatabase, postgresUrl } from './support/postgres.ts'
import { openRelay } from './support/relay.ts'
import {
  openWebhookReceiver,
  receiverSecret,
  settingsFor,
  type WebhookReceiver,
} from './support/webhook-receiver.ts'

const csam = 'tools.ozone.report.defs#reasonChildSafetyCSAM'
type RecordSubject = TargetSubject & { kind: 'record' }

/** What is to hold of every target, whatever its kind. */
type AnyTarget = {
  readonly target: ActionTarget
  /** Something that it can do, and that it was not asked for before. */
  readonly ask: () => Promise<TargetAction>
  /** How often it is done, for whoever sees it there. */
  readonly times: (action: TargetAction) => Promise<number>
  readonly secrets: readonly string[]
}

/** Holds a target to the port: to be called in the suite of each kind. */
function holdsToThePort(isPossible: boolean, any: () => AnyTarget): void {
  const check = it.skipIf(!isPossible)
  const never = new AbortController().signal

  check('finds nothing wrong with itself', async () => {
    expect(await any().target.check(never)).toEqual([])
  })

  check('does what it says that it did, once, however often it is asked', async () => {
    const { target, ask, times } = any()
    const action = await ask()
    expect(await times(action)).toBe(0)
    expect(await carryOut(target, action)).toMatchObject({ kind: 'done' })
    expect(await times(action)).toBe(1)
    for (const wasCutOff of [false, true])
      expect((await carryOut(target, action, wasCutOff)).kind).toMatch(/^(?:done|already)$/)
    expect(await times(action)).toBe(1)
  })

  check('refuses what its kind cannot do', async () => {
    const { target } = any()
    expect(target.can).toEqual(actionsOfKind[target.kind])
    const account = { kind: 'account', did: parseDid('did:web:nobody.example.com') ?? expect.fail() } as const
    const others: TargetAction[] = [
      { kind: 'tell', externalId: 'msg_1', body: '{}' },
      actionOf({ kind: 'takedown' }, account),
      actionOf({ kind: 'label', create: ['known-image'], negate: [] }, account),
    ]
    const impossible = others.filter(({ kind }) => !target.can.has(kind))
    expect(impossible).not.toEqual([])
    for (const action of impossible)
      expect(await carryOut(target, action)).toEqual({
        kind: 'refused',
        words: `a target of kind ${target.kind} cannot ${action.kind}`,
      })
  })

  check('throws nothing but the reason why it is to stop', async () => {
    const { target, ask } = any()
    const reason = new Error('the service ends')
    const outcome = await target
      .carryOut(await ask(), { signal: AbortSignal.abort(reason), wasCutOff: false })
      .catch((error: unknown) => error)
    // Where nobody else is asked, nothing stops it.
    if (target.kind === 'labels') expect(outcome).toMatchObject({ kind: 'done' })
    else if (outcome !== reason) expect(outcome).toMatchObject({ kind: 'failed' })
  })

  check('has no secret in what it says', async () => {
    const { target, ask, secrets } = any()
    const { id, at } = target
    const said = [await carryOut(target, await ask()), await target.check(never), id, at]
    for (const secret of secrets) expect(JSON.stringify(said)).not.toContain(secret)
  })
}

/** What the tests need of the servers behind a target. */
type Fixture = {
  readonly network: Network
  readonly target: ActionTarget
  /** A post with a picture that no other has. */
  readonly post: () => Promise<RecordSubject>
  readonly alice: Account
  /** True when the record is hidden and its blobs are, at the target. */
  readonly isDown: (subject: RecordSubject) => Promise<boolean>
  /** Takes the record down in the name of somebody else. */
  readonly takeDownByOthers: (subject: RecordSubject) => Promise<void>
  readonly secrets: readonly string[]
}

const recordOf = (action: TargetAction): RecordSubject =>
  action.kind !== 'tell' && action.subject.kind === 'record' ? action.subject : expect.fail()

let pictures = 0

/** A network with an account that posts. */
async function openPosting(stack: AsyncDisposableStack) {
  const network = stack.use(await openNetwork())
  const alice = await network.createAccount('alice.test')
  const labeler = await createTestLabeler(network, 'labeler.test')
  const post = async (): Promise<RecordSubject> => {
    const picture = await recompress(await drawLandscape(100 + pictures++), 90)
    return subjectOfPost(alice, await network.post(alice, `post ${pictures}`, [picture]))
  }
  return { network, alice, labeler, post }
}

const isServed = async (network: Network, did: string, cid: string): Promise<boolean> =>
  (await fetch(`${network.pdsUrl}/xrpc/com.atproto.sync.getBlob?did=${did}&cid=${cid}`)).ok

const isRecordServed = async (network: Network, { did, uri }: RecordSubject): Promise<boolean> => {
  const [, , , collection, rkey] = uri.split('/')
  const query = `repo=${did}&collection=${collection}&rkey=${rkey}`
  return (await fetch(`${network.pdsUrl}/xrpc/com.atproto.repo.getRecord?${query}`)).ok
}

/** Has the author change the text of a post. */
async function writeAnew({ agent, did }: Account, { uri }: RecordSubject): Promise<void> {
  const address = { repo: did, collection: 'app.bsky.feed.post', rkey: uri.split('/')[4] ?? '' }
  const { data } = await agent.com.atproto.repo.getRecord(address)
  await agent.com.atproto.repo.putRecord({ ...address, record: { ...data.value, text: 'another text' } })
}

async function openPdsFixture(stack: AsyncDisposableStack, way: 'password' | 'token'): Promise<Fixture> {
  const { network, alice, labeler, post } = await openPosting(stack)
  const { pdsDid } = network.trustModeration(labeler.did)
  const password = way === 'password' ? { adminPassword: network.pdsAdminPassword } : {}
  const document = { id: 'pds', kind: 'pds', url: network.pdsUrl, did: pdsDid, ...password }
  const { targets } = stack.use(await openTargets(network, labeler, [document]))
  return {
    network,
    alice,
    post,
    target: targets[0] ?? expect.fail(),
    async isDown(subject) {
      const served = await Promise.all(subject.blobs.map((cid) => isServed(network, subject.did, cid)))
      const isShown = await isRecordServed(network, subject)
      expect(new Set([isShown, ...served]).size).toBe(1)
      return !isShown
    },
    takeDownByOthers: ({ uri, cid }) =>
      setTakedown(
        network,
        { $type: 'com.atproto.repo.strongRef', uri, cid },
        { applied: true, ref: 'theirs' },
      ),
    secrets: [network.pdsAdminPassword, labeler.privateHex],
  }
}

type OzoneFixture = Fixture & {
  readonly ozone: LocalOzone
  readonly moderator: Account
  readonly labeler: TestLabeler
}

async function openOzoneFixture(
  stack: AsyncDisposableStack,
  way: 'moderator' | 'admin' | 'report',
): Promise<OzoneFixture> {
  const { network, alice, labeler, post } = await openPosting(stack)
  const moderator = await network.createAccount('moderator.test')
  const colleague = await network.createAccount('colleague.test')
  const { url: databaseUrl } = stack.use(await createDatabase())
  const moderators = [moderator, colleague]
  const ozone = stack.use(await openOzone(network, { handle: 'ozone.test', databaseUrl, moderators }))
  const { data } = await moderator.agent.com.atproto.server.createAppPassword({ name: 'harrier' })
  const acting = { identifier: moderator.did, password: data.password }
  const documents = {
    moderator: { id: 'ozone', kind: 'ozone', did: ozone.did, ...acting },
    admin: { id: 'ozone', kind: 'ozone', did: ozone.did, url: ozone.url, adminPassword: ozone.adminPassword },
    report: { id: 'bsky', kind: 'moderation', did: ozone.did, ...acting },
  }
  const { targets } = stack.use(
    await openTargets(network, labeler, [documents[way]], { origins: [ozone.url] }),
  )
  return {
    network,
    alice,
    post,
    ozone,
    moderator,
    labeler,
    target: targets[0] ?? expect.fail(),
    isDown: async ({ uri, cid }) => (await stateOf(ozone, moderator, { uri, cid })).isTakenDown,
    async takeDownByOthers({ uri, cid, blobs }) {
      await ozone.agent(colleague).tools.ozone.moderation.emitEvent({
        event: { $type: 'tools.ozone.moderation.defs#modEventTakedown' },
        subject: { $type: 'com.atproto.repo.strongRef', uri, cid },
        subjectBlobCids: [...blobs],
        createdBy: colleague.did,
      })
    },
    secrets: [data.password, ozone.adminPassword, labeler.privateHex],
  }
}

describe.each<[string, boolean, (stack: AsyncDisposableStack) => Promise<Fixture>]>([
  ['a PDS, by its password', true, (stack) => openPdsFixture(stack, 'password')],
  ['a PDS, by a token of the labeler', true, (stack) => openPdsFixture(stack, 'token')],
  ['an Ozone, as a moderator', postgresUrl !== undefined, (stack) => openOzoneFixture(stack, 'moderator')],
  ['an Ozone, by its password', postgresUrl !== undefined, (stack) => openOzoneFixture(stack, 'admin')],
])('a target that takes down: %s', (_, isPossible, open) => {
  const stack = new AsyncDisposableStack()
  let it_: Fixture

  beforeAll(async () => {
    if (isPossible) it_ = await open(stack)
  }, 120_000)
  afterAll(() => stack.disposeAsync())
  const check = it.skipIf(!isPossible)

  holdsToThePort(isPossible, () => ({
    target: it_.target,
    secrets: it_.secrets,
    ask: async () => actionOf({ kind: 'takedown' }, await it_.post()),
    times: async (action) => ((await it_.isDown(recordOf(action))) ? 1 : 0),
  }))

  check('takes down what it says that it took down, once, and gives it back, once', async () => {
    const subject = await it_.post()
    const takedown = actionOf({ kind: 'takedown' }, subject)
    expect(await it_.isDown(subject)).toBe(false)
    expect(await carryOut(it_.target, takedown)).toMatchObject({ kind: 'done' })
    expect(await it_.isDown(subject)).toBe(true)
    expect(await carryOut(it_.target, takedown, true)).toMatchObject({ kind: 'already' })
    const restore = actionOf({ kind: 'restore' }, subject)
    expect(await carryOut(it_.target, restore)).toMatchObject({ kind: 'done' })
    expect(await it_.isDown(subject)).toBe(false)
    expect(await carryOut(it_.target, restore, true)).toMatchObject({ kind: 'already' })
    expect(await it_.isDown(subject)).toBe(false)
  })

  check('has nothing to give back of what was never taken', async () => {
    const restore = actionOf({ kind: 'restore' }, await it_.post())
    expect(await carryOut(it_.target, restore)).toMatchObject({ kind: 'already' })
  })

  check('takes nothing for itself that others took down, and does not give it back', async () => {
    const subject = { ...(await it_.post()), blobs: [] }
    await it_.takeDownByOthers(subject)
    expect(await carryOut(it_.target, actionOf({ kind: 'takedown' }, subject))).toMatchObject({
      kind: 'already',
    })
    expect(await carryOut(it_.target, actionOf({ kind: 'restore' }, subject))).toMatchObject({
      kind: 'already',
      words: expect.stringContaining('by others') as string,
    })
    expect(await carryOut(it_.target, actionOf({ kind: 'takedown' }, subject))).toMatchObject({
      kind: 'already',
    })
  })
})

describe('a PDS', () => {
  const stack = new AsyncDisposableStack()
  let it_: Fixture
  beforeAll(async () => {
    it_ = await openPdsFixture(stack, 'password')
  }, 120_000)
  afterAll(() => stack.disposeAsync())

  it('is not believed about a blob that it does not have', async () => {
    const { did } = await it_.post()
    const cid = blobCidOf(new Uint8Array(32).fill(7))
    const outcome = await carryOut(it_.target, actionOf({ kind: 'takedown' }, { kind: 'blob', did, cid }))
    expect(outcome).toMatchObject({ kind: 'refused', words: expect.stringContaining('blob 1') as string })
  })

  it('has a blob alone taken down, while its record stays, and given back', async () => {
    const { did, uri, blobs, ...record } = await it_.post()
    const subject = { kind: 'blob', did, uri, recordCid: record.cid, cid: blobs[0] ?? expect.fail() } as const
    expect(await carryOut(it_.target, actionOf({ kind: 'takedown' }, subject))).toMatchObject({
      kind: 'done',
    })
    expect(await isServed(it_.network, did, subject.cid)).toBe(false)
    expect(await isRecordServed(it_.network, { did, uri, blobs, ...record })).toBe(true)
    expect(await carryOut(it_.target, actionOf({ kind: 'restore' }, subject))).toMatchObject({ kind: 'done' })
    expect(await isServed(it_.network, did, subject.cid)).toBe(true)
  })

  it('keeps a record that was written anew since it matched, and loses the picture that did', async () => {
    const subject = await it_.post()
    await writeAnew(it_.alice, subject)
    expect(await carryOut(it_.target, actionOf({ kind: 'takedown' }, subject))).toMatchObject({
      kind: 'refused',
      words: 'not there, or no longer what matched: record; taken down: blob 1',
    })
    expect(await isRecordServed(it_.network, subject)).toBe(true)
    expect(await isServed(it_.network, subject.did, subject.blobs[0] ?? '')).toBe(false)
    expect(await carryOut(it_.target, actionOf({ kind: 'restore' }, subject))).toMatchObject({ kind: 'done' })
    expect(await isServed(it_.network, subject.did, subject.blobs[0] ?? '')).toBe(true)
  })

  it('has an account taken down and given back', async () => {
    const bob = await it_.network.createAccount('bob.test')
    const did = parseDid(bob.did) ?? expect.fail()
    const isActive = async (): Promise<unknown> => {
      const answer = await fetch(`${it_.network.pdsUrl}/xrpc/com.atproto.sync.getRepoStatus?did=${did}`)
      return ((await answer.json()) as { active: unknown }).active
    }
    const subject = { kind: 'account', did } as const
    expect(await carryOut(it_.target, actionOf({ kind: 'takedown' }, subject))).toMatchObject({
      kind: 'done',
    })
    expect(await isActive()).toBe(false)
    expect(await carryOut(it_.target, actionOf({ kind: 'restore' }, subject))).toMatchObject({ kind: 'done' })
    expect(await isActive()).toBe(true)
  })

  it('has failed when nobody can say who hosts the account', async () => {
    await using stack = new AsyncDisposableStack()
    const labeler = await createTestLabeler(it_.network, 'third.test')
    const document = {
      id: 'pds',
      kind: 'pds',
      url: it_.network.pdsUrl,
      adminPassword: it_.network.pdsAdminPassword,
    }
    const lost = { ...it_.network, plcUrl: 'http://localhost:1' }
    const { targets } = stack.use(await openTargets(lost, labeler, [document]))
    const action = actionOf({ kind: 'takedown' }, await it_.post())
    expect(await carryOut(targets[0] ?? expect.fail(), action)).toMatchObject({ kind: 'failed' })
  })

  it('is not asked for accounts of others', async () => {
    const stranger = parseDid('did:plc:aaaaaaaaaaaaaaaaaaaaaaaa') ?? expect.fail()
    const action = actionOf({ kind: 'takedown' }, { kind: 'account', did: stranger })
    expect(await carryOut(it_.target, action)).toMatchObject({ kind: 'not-theirs' })
  })

  it('that does not take the password, or is down, has failed, and says what to do', async () => {
    await using stack = new AsyncDisposableStack()
    const labeler = await createTestLabeler(it_.network, 'second.test')
    const wrong = { id: 'a', kind: 'pds', url: it_.network.pdsUrl, adminPassword: 'wrong-wrong-wrong' }
    const untrusted = { id: 'b', kind: 'pds', url: it_.network.pdsUrl, did: 'did:web:localhost' }
    const down = { id: 'c', kind: 'pds', url: 'http://localhost:1' }
    const { targets } = stack.use(
      await openTargets(it_.network, labeler, [wrong, untrusted, down], { origins: ['http://localhost:1'] }),
    )
    const subject = await it_.post()
    const [a, b, c] = targets
    for (const target of [a, b])
      expect(await carryOut(target ?? expect.fail(), actionOf({ kind: 'takedown' }, subject))).toMatchObject({
        kind: 'failed',
        words: expect.stringContaining('401') as string,
      })
    expect(await it_.isDown(subject)).toBe(false)
    const told = await Promise.all(targets.map((target) => target.check(new AbortController().signal)))
    expect(told.flat()).toEqual([
      expect.stringContaining('PDS_ADMIN_PASSWORD'),
      expect.stringContaining('PDS_MOD_SERVICE_DID'),
      expect.stringContaining('is it up?'),
    ])
    expect(JSON.stringify(told)).not.toContain('wrong-wrong-wrong')
    expect(await carryOut(c ?? expect.fail(), actionOf({ kind: 'takedown' }, subject))).toMatchObject({
      kind: 'not-theirs',
    })
  })
})

describe.skipIf(!postgresUrl)('an Ozone', () => {
  const stack = new AsyncDisposableStack()
  let it_: OzoneFixture
  beforeAll(async () => {
    it_ = await openOzoneFixture(stack, 'moderator')
  }, 120_000)
  afterAll(() => stack.disposeAsync())

  const eventsOf = async ({ uri }: RecordSubject) => {
    const { moderation } = it_.ozone.agent(it_.moderator).tools.ozone
    const { data } = await moderation.queryEvents({ subject: uri, sortDirection: 'asc' })
    return data.events.filter(({ createdBy }) => createdBy === it_.moderator.did)
  }

  it('has one event for each action, with why and by what, however often it is sent', async () => {
    const subject = await it_.post()
    const report = actionOf({ kind: 'report', reasonType: csam }, subject)
    const label = actionOf({ kind: 'label', create: ['known-image'], negate: [] }, subject)
    for (const action of [report, label]) {
      expect(await carryOut(it_.target, action)).toMatchObject({
        kind: 'done',
        reference: expect.any(String) as string,
      })
      expect(await carryOut(it_.target, action, true)).toMatchObject({ kind: 'already' })
    }
    const events = await eventsOf(subject)
    expect(events).toMatchObject([
      {
        event: { reportType: csam, comment: report.because },
        modTool: { name: 'harrier', meta: { batchId: report.externalId, because: report.because } },
      },
      { event: { createLabelVals: ['known-image'] }, modTool: { meta: { batchId: label.externalId } } },
    ])
  })

  it('has a takedown with the blobs, which the PDS then does not serve, and its end', async () => {
    const subject = await it_.post()
    const [blob = expect.fail()] = subject.blobs
    await carryOut(it_.target, actionOf({ kind: 'takedown' }, subject))
    await expect.poll(() => isServed(it_.network, subject.did, blob)).toBe(false)
    expect((await eventsOf(subject)).map(({ subjectBlobCids }) => subjectBlobCids)).toEqual([[blob]])
    await carryOut(it_.target, actionOf({ kind: 'restore' }, subject))
    await expect.poll(() => isServed(it_.network, subject.did, blob)).toBe(true)
  })

  it('does not count what others took down as done when our image is not among it', async () => {
    const subject = await it_.post()
    await it_.takeDownByOthers({ ...subject, blobs: [] })
    expect(await carryOut(it_.target, actionOf({ kind: 'takedown' }, subject))).toMatchObject({
      kind: 'refused',
      words: 'taken down by others, without all of its images',
    })
  })

  it('is not told to take down a record that was written anew since it matched', async () => {
    const subject = await it_.post()
    await writeAnew(it_.alice, subject)
    const outcome = await carryOut(it_.target, actionOf({ kind: 'takedown' }, subject))
    expect(outcome).toMatchObject({
      kind: 'refused',
      words: expect.stringContaining('written anew') as string,
    })
    expect(await eventsOf(subject)).toEqual([])
  })

  it('has one event when its answer was lost, or it was not reached, and no takedown is lost', async () => {
    await using stack = new AsyncDisposableStack()
    const relay = stack.use(await openRelay(it_.ozone.url))
    const { did, adminPassword } = it_.ozone
    const document = { id: 'lossy', kind: 'ozone', did, url: relay.origin, adminPassword }
    const { targets } = stack.use(
      await openTargets(it_.network, it_.labeler, [document], { origins: [relay.origin] }),
    )
    const subject = await it_.post()
    const takedown = actionOf({ kind: 'takedown' }, subject)
    const report = actionOf({ kind: 'report', reasonType: csam }, subject)
    const [target = expect.fail()] = targets
    for (const action of [report, takedown])
      for (const loss of ['request', 'answer'] as const) {
        relay.losses.push(loss)
        expect(await carryOut(target, action)).toMatchObject({ kind: 'failed' })
      }
    for (const action of [report, takedown])
      expect(await carryOut(target, action, true)).toMatchObject({ kind: 'already' })
    expect(await it_.isDown(subject)).toBe(true)
    const { moderation } = it_.ozone.agent(it_.moderator).tools.ozone
    const { data } = await moderation.queryEvents({ subject: subject.uri, modTool: ['harrier'] })
    expect(data.events).toHaveLength(2)
  })

  it('diverts the blobs once, takes the record down, and gives it back', async () => {
    await using stack = new AsyncDisposableStack()
    const sent: (string | undefined)[] = []
    const receiver = stack.use(
      await openLoopbackServer((request, response) => {
        request.resume().on('end', () => {
          sent.push(request.url)
          response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
        })
      }),
    )
    const { url: databaseUrl } = stack.use(await createDatabase())
    const ozone = stack.use(
      await openOzone(it_.network, {
        handle: 'diverter.test',
        databaseUrl,
        moderators: [it_.moderator],
        divert: { url: receiver.origin, password: 'password-of-divert' },
      }),
    )
    const { url, did, adminPassword } = ozone
    const document = { id: 'divert', kind: 'ozone', did, url, adminPassword }
    const { targets } = stack.use(await openTargets(it_.network, it_.labeler, [document], { origins: [url] }))
    const [target = expect.fail()] = targets
    const subject = await it_.post()
    const divert = actionOf({ kind: 'divert' }, subject)
    expect(await carryOut(target, divert)).toMatchObject({ kind: 'done' })
    expect(await carryOut(target, divert, true)).toMatchObject({ kind: 'already' })
    expect(sent).toHaveLength(1)
    const isDown = async (): Promise<boolean> => (await stateOf(ozone, it_.moderator, subject)).isTakenDown
    expect(await isDown()).toBe(true)
    expect(await carryOut(target, actionOf({ kind: 'restore' }, subject))).toMatchObject({ kind: 'done' })
    expect(await isDown()).toBe(false)
  }, 60_000)

  it('that diverts nowhere refuses a divert, and a blob without a record cannot be named to it', async () => {
    const subject = await it_.post()
    expect(await carryOut(it_.target, actionOf({ kind: 'divert' }, subject))).toMatchObject({
      kind: 'refused',
    })
    expect(await eventsOf(subject)).toEqual([])
    const blob = { kind: 'blob', did: subject.did, cid: subject.blobs[0] ?? expect.fail() } as const
    expect(await carryOut(it_.target, actionOf({ kind: 'takedown' }, blob))).toMatchObject({
      kind: 'refused',
    })
  })

  it('in which we are nobody fails, and says what to do', async () => {
    await using stack = new AsyncDisposableStack()
    const acting = { identifier: it_.alice.did, password: it_.alice.password }
    const documents = [
      { id: 'a', kind: 'ozone', did: it_.ozone.did, ...acting },
      { id: 'b', kind: 'ozone', did: it_.ozone.did, ...acting, password: 'wrong-wrong' },
    ]
    const { targets } = stack.use(await openTargets(it_.network, it_.labeler, documents))
    const subject = await it_.post()
    for (const target of targets)
      expect(await carryOut(target, actionOf({ kind: 'takedown' }, subject))).toMatchObject({
        kind: 'failed',
      })
    const told = await Promise.all(targets.map((target) => target.check(new AbortController().signal)))
    expect(told).toEqual([
      [expect.stringContaining('made a moderator')],
      [expect.stringContaining('not signed in')],
    ])
    expect(await it_.isDown(subject)).toBe(false)
  })
})

describe.skipIf(!postgresUrl)('a moderation service that can be asked', () => {
  const stack = new AsyncDisposableStack()
  let it_: OzoneFixture
  beforeAll(async () => {
    it_ = await openOzoneFixture(stack, 'report')
  }, 120_000)
  afterAll(() => stack.disposeAsync())

  const reportsOn = async ({ uri: subject }: RecordSubject) => {
    const { moderation } = it_.ozone.agent(it_.moderator).tools.ozone
    const types = ['tools.ozone.moderation.defs#modEventReport']
    return (await moderation.queryEvents({ subject, types })).data.events
  }

  holdsToThePort(postgresUrl !== undefined, () => ({
    target: it_.target,
    secrets: it_.secrets,
    ask: async () => actionOf({ kind: 'report', reasonType: csam }, await it_.post()),
    times: async (action) => (await reportsOn(recordOf(action))).length,
  }))

  it('has one report, of the account that reports, with why and by what', async () => {
    const subject = await it_.post()
    const report = actionOf({ kind: 'report', reasonType: csam }, subject)
    expect(await carryOut(it_.target, report)).toMatchObject({ kind: 'done' })
    expect(await carryOut(it_.target, report)).toMatchObject({ kind: 'already' })
    expect(await carryOut(it_.target, report, true)).toMatchObject({ kind: 'already' })
    expect(await reportsOn(subject)).toMatchObject([
      {
        createdBy: it_.moderator.did,
        event: { reportType: csam },
        modTool: { name: 'harrier', meta: { batchId: report.externalId } },
      },
    ])
  })

  it('is looked into once more before a report is sent again that was cut off', async () => {
    const report = actionOf({ kind: 'report', reasonType: csam }, await it_.post())
    expect(await carryOut(it_.target, report, true)).toMatchObject({ kind: 'failed', retryAfterMs: 60_000 })
    expect(await carryOut(it_.target, report)).toMatchObject({ kind: 'done' })
  })
})

describe('our own labels', () => {
  const stack = new AsyncDisposableStack()
  let open: Awaited<ReturnType<typeof openTargets>>
  let posting: Awaited<ReturnType<typeof openPosting>>
  let subject: RecordSubject
  beforeAll(async () => {
    posting = await openPosting(stack)
    open = stack.use(await openTargets(posting.network, posting.labeler, []))
    subject = await posting.post()
  }, 120_000)
  afterAll(() => stack.disposeAsync())

  holdsToThePort(true, () => ({
    target: open.labels,
    secrets: [posting.labeler.privateHex],
    ask: async () => actionOf({ kind: 'label', create: ['known-image'], negate: [] }, await posting.post()),
    times: async (action) =>
      (await open.database.labels.page(0, 100)).filter(({ uri }) => uri === recordOf(action).uri).length,
  }))

  const published = () =>
    open.database.labels.query(
      { uriPatterns: [subject.uri], sources: [], limit: 10, after: 0 },
      new Date().toISOString(),
    )
  const labelOf = (create: readonly string[], negate: readonly string[]) =>
    actionOf({ kind: 'label', create, negate }, subject)

  it('are published once, about the version that matched, and withdrawn once', async () => {
    const label = labelOf(['known-image'], [])
    expect(await carryOut(open.labels, label)).toMatchObject({ kind: 'done' })
    expect(await carryOut(open.labels, label, true)).toMatchObject({ kind: 'already' })
    expect(await published()).toMatchObject([{ uri: subject.uri, cid: subject.cid, val: 'known-image' }])
    const withdrawal = labelOf([], ['known-image'])
    expect(await carryOut(open.labels, withdrawal)).toMatchObject({ kind: 'done' })
    const seq = await open.database.labels.lastSeq()
    expect(await carryOut(open.labels, withdrawal, true)).toMatchObject({ kind: 'already' })
    expect(await open.database.labels.lastSeq()).toBe(seq)
  })

  it('of values that are not declared, or about a blob without a record, are refused', async () => {
    expect(await carryOut(open.labels, labelOf(['undeclared'], []))).toMatchObject({ kind: 'refused' })
    const blob = { kind: 'blob', did: subject.did, cid: subject.blobs[0] ?? expect.fail() } as const
    const wish = { kind: 'label', create: ['known-image'], negate: [] } as const
    expect(await carryOut(open.labels, actionOf(wish, blob))).toMatchObject({ kind: 'refused' })
  })
})

describe('a webhook endpoint', () => {
  const stack = new AsyncDisposableStack()
  let receiver: WebhookReceiver
  let target: ActionTarget
  let status = 204
  const labeler = 'did:web:labels.example.com'

  beforeAll(async () => {
    const key = await createLabelKey()
    receiver = stack.use(await openWebhookReceiver(() => ({ status })))
    const nobody = { plcUrl: 'http://localhost:1', pdsUrl: 'http://localhost:1' }
    const { targets } = stack.use(
      await openTargets(nobody, { did: labeler, privateHex: key.privateHex }, [], {
        env: settingsFor(receiver),
      }),
    )
    target = targets[0] ?? expect.fail()
  })
  afterAll(() => stack.disposeAsync())

  const tell = (): TargetAction => {
    const externalId = `msg_${randomUUID()}`
    const event: WebhookPayload = {
      event_type: 'action_taken',
      id: externalId,
      timestamp: new Date().toISOString(),
      labeler,
      content_id: 'content_1',
      did: null,
      record_cid: null,
      blob_cid: null,
      action: 'label',
      label: 'known-image',
      review: null,
      actor: 'harrier',
    }
    // Spaces that a writer of JSON would not put: what is sent is what was kept, byte for byte.
    return { kind: 'tell', externalId, body: JSON.stringify(event, null, 1) }
  }
  const triesOf = ({ externalId }: TargetAction) =>
    receiver.tries.filter(({ headers }) => headers['webhook-id'] === externalId)

  // What a receiver counts are ids: the same again is the same.
  holdsToThePort(true, () => ({
    target,
    secrets: [receiverSecret, receiverSecret.slice('whsec_'.length), 'of-the-address'],
    ask: async () => tell(),
    times: async (action) => new Set(triesOf(action).map(({ body }) => body)).size,
  }))

  it('is told what was kept, byte for byte, and believes it', async () => {
    const action = tell()
    expect(await carryOut(target, action)).toEqual({ kind: 'done', words: 'status 204' })
    expect(triesOf(action).map(({ body }) => body)).toEqual([action.kind === 'tell' && action.body])
    expect(receiver.refused).toEqual([])
  })

  it.each([
    [500, 'failed'],
    [302, 'failed'],
    [410, 'refused'],
  ])('that answers %i has %s', async (answer, kind) => {
    status = answer
    using _ = { [Symbol.dispose]: () => void (status = 204) }
    expect(await carryOut(target, tell())).toMatchObject({ kind, words: `status ${answer}` })
  })

  it('is asked by a signed ping, and what is wrong is told with what to do', async () => {
    const before = receiver.pings.length
    expect(await target.check(new AbortController().signal)).toEqual([])
    expect(receiver.pings.slice(before)).toMatchObject([{ event_type: 'ping', labeler }])
    await using stranger = await openTargets(
      { plcUrl: 'http://localhost:1', pdsUrl: 'http://localhost:1' },
      { did: labeler, privateHex: (await createLabelKey()).privateHex },
      [],
      { env: settingsFor(receiver, { secret: 'a secret that it does not know'.replaceAll(' ', '-') }) },
    )
    expect(await stranger.targets[0]?.check(new AbortController().signal)).toEqual([
      expect.stringMatching(/^Expected 2xx to a signed ping but received status 401: .*secret/),
    ])
  })
})
