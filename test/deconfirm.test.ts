import { writeFileSync } from 'node:fs'
import { AtpAgent } from '@atproto/api'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { App } from '../src/app.ts'
import type { Tools } from '../src/tools.ts'
import { drawLandscape, recompress } from './support/images.ts'
import { openNetwork } from './support/network.ts'
import { bankPicture, createServiceFolder, openService, openServiceTools } from './support/service.ts'

const policy = `labels: [known-image]
banks:
  known:
    - distance: 31
      effects: [block, label: known-image]
`

const stack = new AsyncDisposableStack()
let app: App
let tools: Tools
let agent: AtpAgent
let key: string
let picture: Buffer
let copy: Buffer

beforeAll(async () => {
  const network = stack.use(await openNetwork())
  const folder = stack.use(
    createServiceFolder(network, {
      HARRIER_GATE_PDS: network.pdsUrl,
      HARRIER_GATE_PORT: '0',
      HARRIER_GATE_METRICS_PORT: '0',
      HARRIER_GATE_IN_SERVICE: 'true',
    }),
  )
  writeFileSync(folder.env['HARRIER_POLICY_FILE'] as string, policy)
  picture = await recompress(await drawLandscape(21), 90)
  copy = await recompress(picture, 60)
  await bankPicture(folder, picture)
  app = stack.use(await openService(folder))
  tools = stack.use(await openServiceTools(folder))
  key = (await tools.apiKeys.create({ name: 'app', scopes: ['match', 'hash'], requestsPerMinute: 1000 }))
    .secret
  const { handle, password } = await network.createAccount('alice.test')
  agent = new AtpAgent({ service: app.gateUrl ?? '' })
  await agent.login({ identifier: handle, password })
  agent.sessionManager.pdsUrl = new URL(app.gateUrl ?? '')
})
afterAll(() => stack.disposeAsync())

/** How many doors the picture, or its hash, is known at: the gate, REST, and the API of Hasher-Matcher-Actioner. */
async function knownAt(): Promise<Record<string, boolean>> {
  const upload = agent.uploadBlob(copy, { encoding: 'image/jpeg' }).then(
    () => false,
    () => true,
  )
  const form = new FormData()
  form.set('file', new Blob([new Uint8Array(copy)]), 'picture.jpg')
  const headers = { authorization: `Bearer ${key}` }
  const rest = await fetch(`${app.publicUrl}/api/v1/match`, { method: 'POST', headers, body: form })
  const { match_count: count } = (await rest.json()) as { match_count: number }
  const hashed = await tools.hash(copy)
  const pdq = hashed.kind === 'hashed' ? hashed.hashes.find(({ type }) => type === 'pdq')?.value : ''
  const hma = await fetch(`${app.operatorUrl}/m/lookup?signal_type=pdq&signal=${pdq}`)
  const found = (await hma.json()) as Record<string, unknown[]>
  return { gate: await upload, rest: count > 0, hma: Object.values(found).flat().length > 0 }
}

it('a deconfirmed content acts nowhere, from the moment that this is acknowledged, and again when that is taken back', async () => {
  const all = { gate: true, rest: true, hma: true }
  expect(await knownAt()).toEqual(all)
  const bank = (await tools.banks.find('known')) ?? expect.fail()
  const [content] = await tools.banks.contents(bank, 0, 1)
  const judged = { bankId: bank.id, bank: 'known', contentId: content?.id ?? 0 }
  await tools.acting(true).orders.deconfirm(judged, 'only tried')
  expect(await knownAt()).toEqual(all)
  await tools.acting().orders.deconfirm(judged, 'a landscape')
  expect(await knownAt()).toEqual({ gate: false, rest: false, hma: false })
  await tools.acting().orders.forgetVerdict(judged)
  expect(await knownAt()).toEqual(all)
})
