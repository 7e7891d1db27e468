import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AppBskyLabelerService } from '@atproto/api'
import { DidResolver } from '@atproto/identity'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createDidDocument } from '../src/atproto/did-document.ts'
import { importSigningKey } from '../src/atproto/signing-key.ts'
import type { Env } from '../src/config/env.ts'
import type { SetupRequest } from '../src/setup.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { realWorld } from '../src/world.ts'
import { createLabelKey, resolveLabelKey } from './support/label-key.ts'
import { openLoopbackServer } from './support/listen.ts'
import { type Network, openNetwork } from './support/network.ts'
import { Owner, ownerEndpoint } from './support/owner.ts'
import { createWebAccount } from './support/web-account.ts'

let network: Network
beforeAll(async () => {
  network = await openNetwork()
})
afterAll(() => network[Symbol.asyncDispose]())

let owners = 0
async function createOwner(): Promise<Owner> {
  owners += 1
  return new Owner(network, await network.createAccount(`labeler${owners}.test`))
}

describe('setup', () => {
  it('makes an account a labeler: two entries in its document, a record, and nothing else', async () => {
    using owner = await createOwner()
    const [before] = await owner.plcLog()
    const setup = await owner.open()
    expect([setup.labelKey, setup.isDone]).toEqual([undefined, false])
    const labelKey = await owner.setUp()
    expect(owner.steps).toEqual(['signed-in', 'token-mailed', 'document-updated', 'record-published'])

    const { verificationMethods, services, rotationKeys, alsoKnownAs } = before ?? {}
    expect((await owner.plcLog()).at(-1)).toMatchObject({
      rotationKeys,
      alsoKnownAs,
      verificationMethods: { ...verificationMethods, atproto_label: labelKey },
      services: { ...services, atproto_labeler: { type: 'AtprotoLabeler', endpoint: ownerEndpoint } },
    })
    expect(await resolveLabelKey(network.plcUrl, owner.account.did)).toBe(labelKey)
    const document = await new DidResolver({ plcUrl: network.plcUrl, fetch }).ensureResolve(owner.account.did)
    expect(document.service).toHaveLength(2)

    const record = await owner.record()
    expect(AppBskyLabelerService.validateRecord(record).success).toBe(true)
    expect(record).toMatchObject({
      policies: {
        labelValues: ['spam', '!hide', 'porn', 'known-image'],
        labelValueDefinitions: [
          { identifier: 'spam', severity: 'alert', blurs: 'media', defaultSetting: 'warn', adultOnly: false },
          { identifier: 'known-image', blurs: 'content', defaultSetting: 'hide' },
        ],
      },
      subjectTypes: ['record'],
    })
    expect(record).not.toHaveProperty('reasonTypes')

    const keyFile = join(owner.folder, 'data/signing-key.hex')
    expect(statSync(keyFile).mode & 0o777).toBe(0o600)
    await using database = await openSqlite({ path: join(owner.folder, 'data/harrier.db') })
    expect(await database.transaction(({ audit }) => audit.list(owner.account.did, 9))).toMatchObject([
      {
        actor: 'cli',
        action: 'labeler.declared',
        details: { labelKey, made: ['document-updated', 'record-published'] },
      },
    ])
  })

  it('has nothing to do a second time, and makes no second key', async () => {
    using owner = await createOwner()
    const labelKey = await owner.setUp()
    const [mails, log] = [network.mails.length, await owner.plcLog()]
    const again = await owner.open()
    expect([again.isDone, again.labelKey]).toEqual([true, labelKey])
    expect(again.plan).toMatchObject({ documentDifferences: [], plc: undefined, conflicts: [] })
    // Applied all the same, it writes nothing.
    owner.steps.length = 0
    expect(await owner.setUp()).toBe(labelKey)
    expect(owner.steps).toEqual(['signed-in'])
    expect([network.mails.length, await owner.plcLog()]).toEqual([mails, log])
  })

  it('goes on after a run that ended between the document and the record', async () => {
    using owner = await createOwner()
    let isBroken = true
    owner.world = {
      ...realWorld,
      fetch: (input, init) => {
        const url = input instanceof Request ? input.url : String(input)
        if (isBroken && url.includes('putRecord')) return Promise.reject(new TypeError('fetch failed'))
        return realWorld.fetch(input, init)
      },
    }
    await expect(owner.setUp()).rejects.toThrow('Could not read from')
    expect(owner.steps.at(-1)).toBe('document-updated')
    isBroken = false
    const [mails, log] = [network.mails.length, await owner.plcLog()]
    const rest = await owner.open()
    expect([rest.plan.plc, rest.isDone]).toEqual([undefined, false])
    await owner.setUp()
    expect(owner.steps.slice(-2)).toEqual(['signed-in', 'record-published'])
    expect([network.mails.length, await owner.plcLog()]).toEqual([mails, log])
    expect((await owner.open()).isDone).toBe(true)
  })

  it('asks again for a token that is wrong, and uses one that was brought along without a new mail', async () => {
    using owner = await createOwner()
    const given: string[] = ['AAAAA-AAAAA']
    await owner.setUp({ plcToken: async () => given.pop() ?? owner.mailedToken })
    expect(owner.steps).toEqual(['signed-in', 'token-mailed', 'document-updated', 'record-published'])

    using other = await createOwner()
    const interrupted = other.setUp({ plcToken: () => Promise.reject(new Error('interrupted')) })
    await expect(interrupted).rejects.toThrow('interrupted')
    const mails = network.mails.length
    await expect(other.setUp({ givenPlcToken: 'AAAAA-AAAAA' })).rejects.toThrow('token that was mailed last')
    await other.setUp({ givenPlcToken: other.mailedToken })
    expect(network.mails.length).toBe(mails)
    expect((await other.open()).isDone).toBe(true)
  })

  it('publishes a changed policy with an app password, and keeps what else the record has', async () => {
    using owner = await createOwner()
    await owner.setUp()
    const { agent, did } = owner.account
    const place = { repo: did, collection: 'app.bsky.labeler.service', rkey: 'self' }
    const before = (await owner.record()) as { policies: Record<string, unknown[]> }
    const old = {
      identifier: 'old-value',
      severity: 'inform',
      blurs: 'none',
      locales: [{ lang: 'en', name: 'Old', description: 'By hand.' }],
    }
    const spam = { ...old, identifier: 'spam' }
    const byHand = {
      ...before,
      labels: { $type: 'com.atproto.label.defs#selfLabels', values: [{ val: 'bot' }] },
      custom: { by: 'another tool' },
      policies: {
        ...before.policies,
        labelValues: ['old-value', ...(before.policies['labelValues'] as string[])],
        labelValueDefinitions: [old, spam],
      },
    }
    await agent.com.atproto.repo.putRecord({ ...place, record: byHand })

    owner.writePolicy('labels: [spam, new-value]\n')
    const setup = await owner.open()
    expect(setup.plan.record?.kept).toEqual(['old-value', '!hide', 'porn', 'known-image'])
    const { data } = await agent.com.atproto.server.createAppPassword({ name: 'setup' })
    await owner.setUp({ password: async () => data.password })
    const { policies, ...rest } = (await owner.record()) as typeof byHand & { subjectTypes: string[] }
    expect(rest).toMatchObject({ custom: byHand.custom, labels: byHand.labels, subjectTypes: ['record'] })
    expect(policies.labelValues).toEqual(['spam', 'new-value', 'old-value', '!hide', 'porn', 'known-image'])
    expect(policies.labelValueDefinitions).toMatchObject([
      spam,
      { identifier: 'new-value', blurs: 'media' },
      old,
    ])

    await owner.setUp({}, { isPruned: true })
    const pruned = (await owner.record()) as typeof byHand
    expect(pruned.policies.labelValues).toEqual(['spam', 'new-value'])
    expect(pruned.policies.labelValueDefinitions).toHaveLength(2)
  })

  it('names what it would replace: a key that is not there is not made anew', async () => {
    using owner = await createOwner()
    const { didKey } = await createLabelKey()
    await network.declareLabeler(owner.account, {
      labelKeyDidKey: didKey,
      endpoint: 'https://old.example.com',
    })
    const setup = await owner.open()
    expect(setup.plan.conflicts.map(({ path, before }) => [path.slice(1).join('.'), before])).toEqual([
      ['atproto_label', didKey],
      ['atproto_labeler.endpoint', 'https://old.example.com'],
    ])
    await expect(owner.setUp()).rejects.toThrow('would be replaced')
    expect(existsSync(join(owner.folder, 'data'))).toBe(false)
  })

  it('signs in with a second factor', async () => {
    using owner = await createOwner()
    // The reference PDS has no second factor: the entryway of bsky.social answers like this.
    const answer = {
      error: 'AuthFactorTokenRequired',
      message: 'A sign in code has been sent to your email address',
    }
    const codes: unknown[] = []
    owner.world = {
      ...realWorld,
      fetch: async (input, init) => {
        const request = new Request(input, init)
        if (!request.url.endsWith('createSession')) return await realWorld.fetch(request)
        const { authFactorToken, ...login } = (await request.json()) as Record<string, unknown>
        codes.push(authFactorToken)
        if (authFactorToken !== 'AB-12') return Response.json(answer, { status: 401 })
        return await realWorld.fetch(request.url, {
          method: 'POST',
          headers: request.headers,
          body: JSON.stringify(login),
        })
      },
    }
    await owner.setUp({ factorToken: async () => 'AB-12' })
    expect(codes).toEqual([undefined, 'AB-12'])
    expect((await owner.open()).isDone).toBe(true)
  })

  it('takes a handle that its host knows, and refuses what it cannot work with', async () => {
    using owner = await createOwner()
    const setup = await owner.open({ account: `@${owner.account.handle}`, pdsUrl: network.pdsUrl })
    expect(setup.did).toBe(owner.account.did)
    const cases: [Partial<SetupRequest>, Env, RegExp][] = [
      [{ account: 'nobody.test', pdsUrl: network.pdsUrl }, {}, /handle that resolves/],
      [{ account: 'no handle' }, {}, /handle or a DID/],
      [{ account: undefined }, {}, /handle or the DID of the labeler/],
      [{ account: 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa' }, {}, /no such account/],
      [{}, { HARRIER_LABELER_DID: 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa' }, /HARRIER_LABELER_DID/],
      [{}, { HARRIER_PUBLIC_URL: '' }, /HARRIER_PUBLIC_URL/],
      [{}, { HARRIER_POLICY_FILE: '' }, /HARRIER_POLICY_FILE/],
      [{ url: 'http://labels.example.com' }, {}, /over http/],
      [{ url: 'https://192.0.2.1' }, {}, /IP address/],
      [{ url: 'https://labels.example.com/path' }, {}, /more than scheme/],
      [{}, { HARRIER_ALLOW_PRIVATE_ORIGINS: '' }, /HARRIER_ALLOW_PRIVATE_ORIGINS/],
    ]
    for (const [request, env, told] of cases) await expect(owner.open(request, env)).rejects.toThrow(told)
    expect(existsSync(join(owner.folder, 'data'))).toBe(false)
  })
})

describe('setup of a did:web', () => {
  it('checks the document, says what it has to contain, and publishes the record', async () => {
    using account = await createWebAccount(network, 'webby.test')
    using owner = new Owner(network, account)
    const allowed = `${owner.env['HARRIER_ALLOW_PRIVATE_ORIGINS']},${account.origin}`
    const env = { HARRIER_ALLOW_PRIVATE_ORIGINS: allowed, HARRIER_SIGNING_KEY: '11'.repeat(32) }
    const setup = await owner.open({}, env)
    expect(setup.plan.documentDifferences.map(({ path }) => path.join('.'))).toEqual([
      'verificationMethods.atproto_label',
      'services.atproto_labeler',
    ])
    const request = { account: account.handle, pdsUrl: network.pdsUrl }
    await expect(owner.setUp({}, request, env)).rejects.toThrow('only who serves it')
    const { verificationMethod, service } = setup.webDocument ?? { verificationMethod: [], service: [] }
    account.declare({ verificationMethod: [...verificationMethod], service: [...service] })
    await owner.setUp({}, request, env)
    expect(owner.steps).toEqual(['signed-in', 'record-published'])
    expect(await owner.record()).toMatchObject({
      policies: { labelValues: ['spam', '!hide', 'porn', 'known-image'] },
    })
    expect((await owner.open({}, env)).isDone).toBe(true)
  })

  it('has nothing to do where the service serves the document, which names no host for a record', async () => {
    using owner = new Owner(network, await network.createAccount('unused.test'))
    const [account, signingKey] = ['did:web:localhost%3A', '11'.repeat(32)]
    const key = await importSigningKey(signingKey)
    let document: object | undefined
    using server = await openLoopbackServer((_, response) => {
      response.statusCode = document ? 200 : 404
      response.end(JSON.stringify(document))
    })
    const { port } = new URL(server.origin)
    const did = `${account}${port}`
    const env = {
      HARRIER_SIGNING_KEY: signingKey,
      HARRIER_ALLOW_PRIVATE_ORIGINS: `http://localhost:${port}`,
    }
    await expect(owner.open({ account: did }, env)).rejects.toThrow(/it has none; start .*harrier serve/)
    await expect(owner.open({ account: did })).rejects.toThrow('HARRIER_ALLOW_PRIVATE_ORIGINS')
    document = createDidDocument({
      did,
      publicKeyMultibase: key.publicKeyMultibase(),
      endpoint: ownerEndpoint,
    })
    const setup = await owner.open({ account: did }, env)
    expect([setup.isDone, setup.plan.record, setup.labelKey]).toEqual([true, undefined, key.did()])
  })
})
