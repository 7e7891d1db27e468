import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createCredentials } from '../src/exchange/credentials.ts'
import type { ExchangePage, ExchangeUpdate, HashExchange } from '../src/exchange/exchange.ts'
import { createExchanges, type Exchanges } from '../src/exchange/exchanges.ts'
import { fetchExchange } from '../src/exchange/fetch-exchange.ts'
import { implementations } from '../src/exchange/implementations.ts'
import { createExchangeSync } from '../src/exchange/sync.ts'
import type { ContentHash } from '../src/model/bank.ts'
import type { Exchange } from '../src/model/exchange.ts'
import type { Database } from '../src/store/database.ts'
import { openSqlite } from '../src/store/sqlite.ts'

let database: Database
let exchanges: Exchanges
let exchange: Exchange
const now = () => new Date('2026-01-02T03:04:05.000Z')
const signal = new AbortController().signal
beforeEach(async () => {
  database = await openSqlite({ path: ':memory:' })
  exchanges = createExchanges({
    database,
    credentials: createCredentials('/nonexistent/credentials.json'),
    removeBank: ({ id }) => database.transaction(({ banks }) => banks.remove(id)),
    actor: 'test',
    now,
    onChange: async () => {},
    onDue: () => {},
  })
  await exchanges.create('SHARED', exchanges.apis[0]!, {})
  exchange = (await exchanges.find('SHARED'))!
})
afterEach(() => database[Symbol.asyncDispose]())

/** A record with hashes, each a digit that is repeated. */
const put = (key: string, ...digits: string[]): ExchangeUpdate => ({ key, record: { digits } })
const gone = (key: string): ExchangeUpdate => ({ key })
const hashOf = (digit: string): ContentHash => ({ type: 'pdq', value: digit.repeat(64), quality: 100 })
const page = (at: number, ...updates: ExchangeUpdate[]): ExchangePage => ({
  updates,
  checkpoint: { state: { at }, progressAt: at },
})

/** An exchange that yields these pages, whatever it is asked. */
function scripted(...pages: (ExchangePage | Error)[]): HashExchange & { readonly asked: unknown[] } {
  const asked: unknown[] = []
  return {
    asked,
    async *pages({ checkpoint }) {
      asked.push(checkpoint?.state['at'])
      for (const next of pages) {
        if (next instanceof Error) throw next
        yield next
      }
    },
    isStale: ({ state }) => state['at'] === 13,
    hashesOf: ({ digits }) => (digits as string[]).filter((digit) => digit !== '?').map(hashOf),
  }
}
const fetchFrom = (api: HashExchange, onChange = async () => {}) =>
  fetchExchange({ database, now, onChange }, exchange, { api, credentials: undefined }, signal)

/** What the bank holds: the digit of each hash with the keys of the records behind it. */
async function held(): Promise<Record<string, readonly string[]>> {
  const { contents } = await database.curation.search(exchange.bankId, {
    afterId: 0,
    limit: 1_000,
    nowSeconds: 0,
  })
  return Object.fromEntries(
    contents
      .map(({ hashes, sharedBy }) => [hashes[0]!.value[0]!, sharedBy] as const)
      .sort(([a], [b]) => a.localeCompare(b)),
  )
}
const records = async () => (await exchanges.status(exchange))?.records

describe('fetching an exchange', () => {
  it('brings adds, changes and removals in, and leaves exactly what is there', async () => {
    expect(await fetchFrom(scripted(page(1, put('k1', 'a', 'b'), put('k2', 'b'), put('k3', 'c'))))).toBe(true)
    expect([await held(), await records()]).toEqual([{ a: ['k1'], b: ['k1', 'k2'], c: ['k3'] }, 3])
    await fetchFrom(scripted(page(2, gone('never'), gone('k1')), page(3, put('k3', 'd'))))
    expect([await held(), await records()]).toEqual([{ b: ['k2'], d: ['k3'] }, 2])
    await fetchFrom(scripted(page(4, gone('k2'), put('k1', 'a'), gone('k1'), put('k1', 'e'))))
    expect([await held(), await records()]).toEqual([{ d: ['k3'], e: ['k1'] }, 2])
  })

  it('leaves an audit row of each commit that changes the bank, with how much, and none of one that does not', async () => {
    await fetchFrom(scripted(page(1, put('k1', 'a', 'b'), put('k2', 'b')), page(2, put('k1', 'c')), page(3)))
    await fetchFrom(scripted(page(4, put('k1', 'c'), gone('k9'))))
    await fetchFrom(scripted(page(5, gone('k1'), gone('k2'))))
    const rows = (await database.audit.list('SHARED', 10)).toReversed()
    const changes = rows.filter(({ action }) => action === 'exchange.contents-changed')
    expect(changes.map(({ actor, details }) => [actor, details])).toEqual([
      ['harrier', { added: 2, removed: 0 }],
      ['harrier', { added: 1, removed: 1 }],
      ['harrier', { added: 0, removed: 2 }],
    ])
  })

  it('keeps no record of which nothing can be matched, nor what it was before', async () => {
    await fetchFrom(scripted(page(1, put('k1', 'a'), put('k2', '?'))))
    expect([await held(), await records()]).toEqual([{ a: ['k1'] }, 1])
    await fetchFrom(scripted(page(2, put('k1', '?'))))
    expect([await held(), await records()]).toEqual([{}, 0])
  })

  it('goes on where it stood, and keeps what was committed before a failure', async () => {
    const first = scripted(page(1, put('k1', 'a')), new Error('the line broke'))
    await expect(fetchFrom(first)).rejects.toThrow('the line broke')
    const second = scripted(page(2, put('k2', 'b')))
    await fetchFrom(second)
    expect([first.asked, second.asked]).toEqual([[undefined], [1]])
    expect(await held()).toEqual({ a: ['k1'], b: ['k2'] })
  })

  it('of an old checkpoint begins anew, with the bank full until the end, and drops what did not come again', async () => {
    await fetchFrom(scripted(page(13, put('k1', 'a'), put('k2', 'b'))))
    const seen: string[][] = []
    const again = scripted(page(20, put('k2', 'b')), page(21, put('k3', 'c')))
    await fetchFrom(again, async () => void seen.push(Object.keys(await held())))
    expect(again.asked).toEqual([undefined])
    expect(seen).toEqual([
      ['a', 'b'],
      ['a', 'b', 'c'],
      ['b', 'c'],
    ])
    expect([await held(), await records()]).toEqual([{ b: ['k2'], c: ['k3'] }, 2])
  })

  it('that finds nothing at all leaves what is there', async () => {
    await fetchFrom(scripted(page(13, put('k1', 'a'))))
    await fetchFrom(scripted())
    expect(await held()).toEqual({ a: ['k1'] })
  })

  it('is refused where its place was moved on meanwhile, where it goes back in time, and where it was switched off', async () => {
    await fetchFrom(scripted(page(5, put('k1', 'a'))))
    let isFirst = true
    const overtaken = fetchFrom(scripted(page(6, put('k2', 'b')), page(7, put('k3', 'c'))), async () => {
      if (isFirst) await fetchFrom(scripted(page(8, put('k4', 'd')))).finally(() => (isFirst = false))
      isFirst = false
    })
    await expect(overtaken).rejects.toThrow(/moved on/)
    expect(Object.keys(await held())).toEqual(['a', 'b', 'd'])
    await expect(fetchFrom(scripted(page(3, put('k9', 'f'))))).rejects.toThrow(/went back/)
    await exchanges.setEnabled(exchange, false)
    await expect(fetchFrom(scripted(page(9, put('k9', 'f'))))).rejects.toThrow(/switched off/)
    expect(Object.keys(await held())).toEqual(['a', 'b', 'd'])
  })

  it('takes pages of any length in pieces', async () => {
    const many = Array.from({ length: 2_500 }, (_, i) => ({ key: `k${i}`, record: { value: i } }))
    const api: HashExchange = {
      ...scripted(page(1, ...many)),
      hashesOf: ({ value }) => [
        { type: 'md5', value: (value as number).toString(16).padStart(32, '0'), quality: 100 },
      ],
    }
    let commits = 0
    await fetchFrom(api, async () => void commits++)
    expect([await records(), commits]).toEqual([2_500, 3])
  })

  it('leaves a content that the operator had before, and takes none that he added twice', async () => {
    const content = { hashes: [hashOf('a')], label: '', note: 'mine', sourceId: '' }
    await database.transaction(({ banks }) => banks.addContent(exchange.bankId, content, now().toISOString()))
    await fetchFrom(scripted(page(1, put('k1', 'a', 'b'))))
    expect(await held()).toEqual({ a: ['k1'], b: ['k1'] })
    await fetchFrom(scripted(page(2, gone('k1'))))
    expect(await held()).toEqual({ a: [] })
  })

  it('ends with its bank, records and all', async () => {
    await fetchFrom(scripted(page(1, put('k1', 'a'))))
    await exchanges.remove(exchange)
    expect([await exchanges.find('SHARED'), await exchanges.status(exchange), await held()]).toEqual([
      undefined,
      undefined,
      {},
    ])
    await exchanges.create('SHARED', exchanges.apis[0]!, {})
    exchange = (await exchanges.find('SHARED'))!
    expect(await records()).toBe(0)
  })
})

describe('the sync of exchanges', () => {
  it('fetches each that is on, tells how it went, and goes on after a failure', async () => {
    await exchanges.create('BROKEN', exchanges.apis.find(({ name }) => name === 'ncmec')!, {
      environment: 'https://report.cybertip.org/hashsharing',
    })
    await exchanges.create('UNKNOWN', exchanges.apis.find(({ name }) => name === 'tat')!, {})
    const lines: unknown[][] = []
    const log = (...line: unknown[]) => void lines.push(line)
    const stopping = new AbortController()
    const sync = createExchangeSync({
      database,
      now,
      logger: { debug: log, info: log, warn: log, error: log },
      credentials: { find: () => undefined },
      implementations: new Map([...implementations, ['ncmec', scripted(new Error('no route'))]]),
      everyMs: 600_000,
      onChange: async () => {},
    })
    const running = sync.run(stopping.signal)
    await expect.poll(() => exchanges.status(exchange)).toMatchObject({ hasSucceeded: true })
    stopping.abort()
    await running
    const at = now().getTime()
    const untouched = { checkpointAt: undefined, fetchStartedAt: undefined }
    expect(await exchanges.status(exchange)).toEqual({
      ...untouched,
      records: 18,
      fetchEndedAt: at,
      hasSucceeded: true,
      isUpToDate: true,
    })
    const statusOf = async (name: string) => exchanges.status((await exchanges.find(name))!)
    const empty = { ...untouched, records: 0, isUpToDate: false }
    expect(await statusOf('BROKEN')).toEqual({ ...empty, fetchEndedAt: at, hasSucceeded: false })
    expect(await statusOf('UNKNOWN')).toEqual({ ...empty, fetchEndedAt: undefined, hasSucceeded: undefined })
    expect(lines.map(([, message]) => message)).toEqual(['exchange.failed', 'exchange.synced'])
  })

  it('forgets a fetch that was cut off with its process', async () => {
    await database.exchanges.beginFetch(exchange.bankId, 5)
    expect(await exchanges.status(exchange)).toMatchObject({ fetchStartedAt: 5 })
    await database.exchanges.forgetFetches()
    expect(await exchanges.status(exchange)).toMatchObject({ fetchStartedAt: undefined })
  })
})

describe('the kinds of exchange', () => {
  it('are fetched where they say so, and only there', () => {
    const fetched = exchanges.apis.filter(({ isFetched }) => isFetched).map(({ name }) => name)
    expect(fetched).toEqual([...implementations.keys()])
  })
})
