import { createDeadline } from '../lib/deadline.ts'
import { firstOf } from '../lib/first-of.ts'
import type { Log } from '../lib/logger.ts'
import type { Exchange } from '../model/exchange.ts'
import type { Database } from '../store/database.ts'
import type { Credentials } from './credentials.ts'
import type { HashExchange } from './exchange.ts'
import { type FetchDeps, fetchExchange } from './fetch-exchange.ts'

/** Fetching exchanges in turn, for as long as the service runs. */
export interface ExchangeSync {
  /** Fetches every enabled exchange, one after the other, then again after a while, until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>
  /** Has them fetched now. */
  wake(): void
}

/** What fetching needs. */
export type ExchangeSyncDeps = FetchDeps & {
  readonly database: Pick<Database, 'transaction' | 'exchanges'>
  readonly credentials: Pick<Credentials, 'find'>
  readonly logger: Log
  /** How each kind that is fetched is fetched. */
  readonly implementations: ReadonlyMap<string, HashExchange>
  /** Milliseconds between two rounds. */
  readonly everyMs: number
}

/** Milliseconds after which a fetch is given up: more than it may go on for, with its last page. */
const maxFetchMs = 300_000

/** Returns the loop; starts nothing. A fetch that fails is told in its status and a log line, and costs no other one. */
export function createExchangeSync(deps: ExchangeSyncDeps): ExchangeSync {
  const { database, credentials, logger, implementations, now, everyMs } = deps
  let bell = Promise.withResolvers<void>()

  async function fetchOne(exchange: Exchange, api: HashExchange, ending: AbortSignal): Promise<void> {
    const { bankId, name } = exchange
    await database.exchanges.beginFetch(bankId, now().getTime())
    const line = { exchange: name, api: exchange.api }
    try {
      const parts = { api, credentials: credentials.find(exchange.api) }
      const isUpToDate = await fetchExchange(deps, exchange, parts, createDeadline(maxFetchMs, ending))
      await database.exchanges.endFetch(bankId, { at: now().getTime(), hasSucceeded: true, isUpToDate })
      logger.info({ ...line, isUpToDate }, 'exchange.synced')
    } catch (error) {
      if (ending.aborted) return
      await database.exchanges.endFetch(bankId, {
        at: now().getTime(),
        hasSucceeded: false,
        isUpToDate: false,
      })
      logger.warn({ ...line, err: error }, 'exchange.failed')
    }
  }

  return {
    wake: () => bell.resolve(),
    async run(signal) {
      signal.addEventListener('abort', () => bell.resolve(), { once: true })
      await database.exchanges.forgetFetches()
      while (!signal.aborted) {
        bell = Promise.withResolvers<void>()
        for (const exchange of await database.exchanges.list()) {
          const api = implementations.get(exchange.api)
          if (signal.aborted) return
          if (api && exchange.isEnabled) await fetchOne(exchange, api, signal)
        }
        await firstOf(bell.promise, everyMs)
      }
    },
  }
}
