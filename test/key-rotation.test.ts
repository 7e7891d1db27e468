import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import { createKeyFolder } from '../src/atproto/key-folder.ts'
import { parseConfig } from '../src/config/config.ts'
import type { AtUri, Did } from '../src/model/ids.ts'
import { createOwnerUpdate, openAccountNetwork } from '../src/owner-update.ts'
import type { OwnerStep } from '../src/setup.ts'
import type { Account } from './support/accounts.ts'
import { resolveLabelKey } from './support/label-key.ts'
import { postUri } from './support/label-rows.ts'
import { type ReceivedLabel, subscribeLabels, verifyLabel } from './support/label-subscriber.ts'
import { type Network, openNetwork } from './support/network.ts'
import { plcTokenIn } from './support/pds.ts'
import {
  createServiceFolder,
  openService,
  openServiceTools,
  type ServiceFolder,
  testLabel,
} from './support/service.ts'

describe('changing the label key of a running labeler on the network', () => {
  const stack = new AsyncDisposableStack()
  let network: Network
  let folder: ServiceFolder
  let app: App
  let did: string
  let account: Account

  beforeAll(async () => {
    network = stack.use(await openNetwork())
    account = await network.createAccount('labeler.test')
    did = account.did
    folder = stack.use(createServiceFolder(network, { HARRIER_LABELER_DID: did }))
    const first = await createKeyFolder(folder.path).openCurrent()
    app = stack.use(await openService(folder))
    const endpoint = 'https://labeler.example.com'
    await network.declareLabeler(account, { labelKeyDidKey: first.did(), endpoint })
  })
  afterAll(() => stack.disposeAsync())

  const resolveKey = () => resolveLabelKey(network.plcUrl, did)

  it('shows subscribers only labels of the key that the PLC document names, and all of them again', async () => {
    await using tools = await openServiceTools(folder)
    const publish = (n: number) => tools.publish({ uri: postUri(n) as AtUri, val: testLabel })
    for (const n of [1, 2, 3]) await publish(n)
    const stop = new AbortController()
    const live: number[] = []
    const watching = watch(stop.signal, live)
    const old = await resolveKey()
    const before = await readAll(3)

    const { config } = parseConfig(folder.env)
    const tokens = ['AAAAA-AAAAA']
    const steps: OwnerStep[] = []
    const update = createOwnerUpdate(
      openAccountNetwork(config, stop.signal),
      did as Did,
      {
        password: async () => account.password,
        factorToken: async () => 'none',
        givenPlcToken: undefined,
        async plcToken() {
          // Between the tokens, a wrong one first, labels are served; what is published meanwhile comes later.
          await publish(4)
          return tokens.pop() ?? plcTokenIn(network.mails, account.email) ?? 'no token was mailed'
        },
        onStep: (step) => steps.push(step),
      },
      stop.signal,
    )
    const { didKey } = await tools.key.rotate({ update, isAgain: false }, stop.signal)
    expect(didKey).not.toBe(old)
    expect(steps).toEqual(['signed-in', 'token-mailed', 'document-updated'])
    expect(await resolveKey()).toBe(didKey)

    const after = await readAll(4)
    for (const [seq, label] of after) expect(await verifyLabel(label, didKey), `seq ${seq}`).toBe(true)
    for (const [seq, label] of before) {
      expect(await verifyLabel(label, old ?? '')).toBe(true)
      expect({ ...after.get(seq), sig: undefined }).toEqual({ ...label, sig: undefined })
    }
    await expect.poll(async () => (await tools.key.list()).stale).toBe(0)
    await expect.poll(() => live.at(-1)).toBe(4)
    stop.abort()
    // Every label that came, at whatever moment, verified with the key that the document named around that moment.
    expect(await watching).toBeGreaterThan(0)
  })

  /** Follows the stream and asks `queryLabels` all the time; returns how many labels were checked. */
  async function watch(signal: AbortSignal, live: number[]): Promise<number> {
    let checked = 0
    const check = async (labels: readonly ReceivedLabel[], keyBefore: string | undefined): Promise<void> => {
      const named = [keyBefore, await resolveKey()].filter((key) => key !== undefined)
      for (const label of labels) {
        const verdicts = await Promise.all(named.map((key) => verifyLabel(label, key)))
        expect(verdicts).toContain(true)
        checked += 1
      }
    }
    const following = (async () => {
      for await (const { seq, labels } of subscribeLabels(app.publicUrl, { cursor: 0, signal })) {
        live.push(seq)
        await check(labels, undefined)
      }
    })()
    while (!signal.aborted) {
      const keyBefore = await resolveKey()
      const url = `${app.publicUrl}/xrpc/com.atproto.label.queryLabels?uriPatterns=*`
      const response = await fetch(url)
      expect([200, 503]).toContain(response.status)
      const body = (await response.json()) as {
        labels?: (Omit<ReceivedLabel, 'sig'> & { sig: { $bytes: string } })[]
      }
      const labels = (body.labels ?? []).map((label) => ({
        ...label,
        sig: Buffer.from(label.sig.$bytes, 'base64'),
      }))
      await check(labels, keyBefore)
    }
    await following
    return checked
  }

  async function readAll(count: number): Promise<Map<number, ReceivedLabel>> {
    const seen = new Map<number, ReceivedLabel>()
    for await (const { seq, labels } of subscribeLabels(app.publicUrl, { cursor: 0 })) {
      seen.set(seq, labels[0] as ReceivedLabel)
      if (seen.size === count) break
    }
    return seen
  }
})
