import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { parseConfig } from '../src/config/config.ts'
import { openResources } from '../src/resources.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { drawLandscape, drawPattern } from './support/images.ts'
import { openNetwork } from './support/network.ts'
import { createServiceFolder, openService, openServiceTools, type ServiceFolder } from './support/service.ts'

const policy = `labels: [known]
banks:
  tried:
    dryRun: true
    tiers:
      - distance: 31
        effects: [label: known, review: escalated]
  live:
    - distance: 31
      uses: [post]
      effects: [block, label: known]
`

async function fill(folder: ServiceFolder, bankName: string, picture: Buffer): Promise<void> {
  await using tools = await openServiceTools(folder)
  const name = { name: bankName, threshold: 31, minQuality: 50, profile: 'reference-512' } as const
  const bank = await tools.banks.create(name)
  const hashed = await tools.hash(picture)
  if (hashed.kind !== 'hashed') throw new Error(hashed.reason)
  await tools.banks.add(bank, hashed.hashes, 'test')
}

it('records the matches of a bank that is only tried, withholds its effects on the record, and does those of others', async () => {
  await using stack = new AsyncDisposableStack()
  const network = stack.use(await openNetwork())
  const alice = await network.createAccount('alice.test')
  const folder = stack.use(createServiceFolder(network))
  writeFileSync(join(folder.path, 'policy.yaml'), policy)
  const [tried, live] = [await drawLandscape(1), await drawPattern(2)]
  await fill(folder, 'tried', tried)
  await fill(folder, 'live', live)
  const bell = Promise.withResolvers<void>()
  let ended = 0
  const done = () => {
    ended += 1
    if (ended === 2) bell.resolve()
  }
  const app = stack.use(await openService(folder, { observer: { done, failed: () => {} } }))
  expect(app.notices.map(({ means }) => means)).toContainEqual(expect.stringContaining('a block of live'))
  const [first, second] = [
    await network.post(alice, 'one', [tried]),
    await network.post(alice, 'two', [live]),
  ]
  await bell.promise

  await using database = await openSqlite({ path: join(folder.path, 'harrier.db') })
  const rowsOf = async (uri: string) =>
    (await database.audit.list(uri, 20)).map(({ action, details }) => [action, details['because']]).reverse()
  expect(await rowsOf(first.uri)).toEqual([
    ['match.found', undefined],
    ['effect.withheld', 'dry-run'],
    ['effect.withheld', 'dry-run'],
  ])
  expect(await rowsOf(second.uri)).toEqual([
    ['match.found', undefined],
    ['effect.label', undefined],
    ['label.published', undefined],
  ])
  expect(await database.matches.ofRecord(first.uri)).toEqual({ isSeen: true, isMatched: true })
  expect(await database.effects.counts()).toMatchObject({ done: 1, held: 0, pending: 0 })
  expect(await database.reviews.counts()).toEqual({ open: 0, escalated: 0, closed: 0 })
})

it('does not start with a policy whose effects go nowhere', async () => {
  await using stack = new AsyncDisposableStack()
  const network = {
    jetstreamUrl: 'ws://127.0.0.1:1',
    plcUrl: 'http://127.0.0.1:1',
    pdsUrl: 'http://127.0.0.1:1',
  }
  const folder = stack.use(createServiceFolder(network))
  const { config, secrets } = parseConfig(folder.env)
  const open = (file: string, isSender = true) => {
    writeFileSync(join(folder.path, 'policy.yaml'), file)
    return openResources(config, secrets, { opener: 'command', now: () => new Date(), isSender })
  }
  const effects = (effect: string) => `otherBanks:\n  - distance: 9\n    effects: [${effect}]\n`
  await expect(open(effects('takedown: { by: nobody, of: record }'))).rejects.toThrow(
    'line 3: otherBanks.0.effects.0: expected the id of a target of HARRIER_TARGETS but received nobody',
  )
  await expect(open(effects('webhook: nobody'))).rejects.toThrow('HARRIER_WEBHOOK_ENDPOINTS')
  stack.use((await open(effects('review'))).database)
  // The gate alone sends nothing, and its machine need not hold what others are signed in to with.
  stack.use((await open(effects('webhook: nobody'), false)).database)
})
