import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../test/support/accounts.ts'
import { createLabelKey } from '../../test/support/label-key.ts'
import { type Network, openNetwork } from '../../test/support/network.ts'
import { plcTokenIn } from '../../test/support/pds.ts'
import { type AccountSession, createAccountHost } from '../atproto/account-session.ts'
import { createPlcDirectory, type PlcDirectory } from '../atproto/plc-directory.ts'
import { createSafeFetch, type SafeFetch } from '../lib/safe-fetch.ts'
import type { Did } from '../model/ids.ts'
import { planPlcUpdate, updatePlc } from './update-plc.ts'

const never = new AbortController().signal
const service = { type: 'AtprotoLabeler', endpoint: 'https://labels.example.com' }

describe('updatePlc', () => {
  let network: Network
  let labeler: Account
  let did: Did
  let fetch: SafeFetch
  let session: AccountSession
  let directory: PlcDirectory

  beforeAll(async () => {
    network = await openNetwork()
    labeler = await network.createAccount('labeler.test')
    did = labeler.did as Did
    fetch = createSafeFetch({
      timeoutMs: 10_000,
      maxRedirects: 0,
      allowedPrivateOrigins: [network.plcUrl, network.pdsUrl],
      userAgent: 'test',
    })
    directory = createPlcDirectory({ plcUrl: network.plcUrl, fetch })
    session = await createAccountHost(network.pdsUrl, fetch, never).signIn({
      identifier: did,
      password: labeler.password,
    })
  })
  afterAll(async () => {
    await session[Symbol.asyncDispose]()
    await network[Symbol.asyncDispose]()
  })

  const mailedToken = async (): Promise<string> => {
    await session.requestPlcToken()
    return plcTokenIn(network.mails, labeler.email) ?? 'no token was mailed'
  }

  it('adds the entries that are named with a mailed token, and leaves all others as they are', async () => {
    const before = await directory.lastOperation(did, never)
    const key = (await createLabelKey()).didKey
    const plan = planPlcUpdate(before, {
      verificationMethods: { atproto_label: key },
      services: { atproto_labeler: service },
    })
    expect(plan.differences).toEqual([
      { path: ['verificationMethods', 'atproto_label'], before: undefined, after: key },
      { path: ['services', 'atproto_labeler'], before: undefined, after: service },
    ])
    const after = await updatePlc({ session, directory }, plan, await mailedToken(), never)
    const { state } = before
    expect(after.prev).toBe(before.cid)
    expect(after.state).toEqual({
      ...state,
      verificationMethods: { ...state.verificationMethods, atproto_label: key },
      services: { ...state.services, atproto_labeler: service },
    })
    expect(await directory.lastOperation(did, never)).toEqual(after)
  })

  it('changes one entry and keeps what somebody else has added', async () => {
    const foreign = { type: 'SomethingElse', endpoint: 'https://else.example.com' }
    const first = planPlcUpdate(await directory.lastOperation(did, never), { services: { else: foreign } })
    const current = await updatePlc({ session, directory }, first, await mailedToken(), never)
    const key = (await createLabelKey()).didKey
    const second = planPlcUpdate(current, { verificationMethods: { atproto_label: key } })
    expect(second.differences).toHaveLength(1)
    const { state } = await updatePlc({ session, directory }, second, await mailedToken(), never)
    expect(state.verificationMethods['atproto_label']).toBe(key)
    expect(state.services).toMatchObject({ else: foreign, atproto_labeler: service })
  })

  it('plans nothing when the entries are there already', async () => {
    const current = await directory.lastOperation(did, never)
    expect(planPlcUpdate(current, { services: { atproto_labeler: service } }).differences).toEqual([])
  })

  it('says of a token that it is wrong, and changes nothing', async () => {
    const current = await directory.lastOperation(did, never)
    const plan = planPlcUpdate(current, { verificationMethods: { atproto_label: await newKey() } })
    await expect(updatePlc({ session, directory }, plan, 'AAAAA-AAAAA', never)).rejects.toMatchObject({
      name: 'PdsError',
      isTokenWrong: true,
    })
    expect(await directory.lastOperation(did, never)).toEqual(current)
  })

  it('submits nothing when the account was changed after the plan was made', async () => {
    const stale = planPlcUpdate(await directory.lastOperation(did, never), {
      verificationMethods: { atproto_label: await newKey() },
    })
    const other = planPlcUpdate(stale.current, { verificationMethods: { other: await newKey() } })
    const current = await updatePlc({ session, directory }, other, await mailedToken(), never)
    await expect(updatePlc({ session, directory }, stale, await mailedToken(), never)).rejects.toMatchObject({
      name: 'UnexpectedOperationError',
      kind: 'conflict',
    })
    expect(await directory.lastOperation(did, never)).toEqual(current)
  })

  it('submits nothing when the host signs more than it was asked to', async () => {
    const current = await directory.lastOperation(did, never)
    const plan = planPlcUpdate(current, { verificationMethods: { atproto_label: await newKey() } })
    const greedy = await newKey()
    const host: typeof session = {
      ...session,
      signPlcOperation: (token, maps) =>
        session.signPlcOperation(token, {
          ...maps,
          verificationMethods: { ...maps.verificationMethods, greedy },
        }),
    }
    await expect(updatePlc({ session: host, directory }, plan, await mailedToken(), never)).rejects.toThrow(
      'verificationMethods.greedy',
    )
    expect(await directory.lastOperation(did, never)).toEqual(current)
  })

  it('tells an app password that it may not, and the main password that it is wrong', async () => {
    const host = createAccountHost(network.pdsUrl, fetch, never)
    const { data } = await labeler.agent.com.atproto.server.createAppPassword({ name: 'setup' })
    await using limited = await host.signIn({ identifier: did, password: data.password })
    await expect(limited.requestPlcToken()).rejects.toThrow('main password')
    const wrong = 'not-the-password'
    const error: unknown = await host.signIn({ identifier: did, password: wrong }).catch((cause) => cause)
    expect(error).toMatchObject({ name: 'PdsError', kind: 'unauthenticated' })
    expect(String(error)).not.toContain(wrong)
  })
})

async function newKey(): Promise<string> {
  return (await createLabelKey()).didKey
}
