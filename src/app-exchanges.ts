/**
 * The part of `app.ts` that fetches exchanges: their credentials, and the loop that brings what they share into their banks.
 */
import { join } from 'node:path'
import type { Config } from './config/settings.ts'
import { type Credentials, createCredentials } from './exchange/credentials.ts'
import { implementations } from './exchange/implementations.ts'
import { createExchangeSync, type ExchangeSync } from './exchange/sync.ts'
import type { Log } from './lib/logger.ts'
import type { Database } from './store/database.ts'
import type { World } from './world.ts'

/** What the part is made of. */
export type ExchangePartDeps = {
  readonly config: Config
  readonly database: Database
  readonly logger: Log
  readonly world: World
  /** Resolves when matching has taken in what changed. */
  readonly onBankChange: () => Promise<void>
}

/** Returns the credentials of exchanges and the loop that fetches them; starts nothing. */
export function createExchangePart(deps: ExchangePartDeps): {
  readonly credentials: Credentials
  readonly sync: ExchangeSync
} {
  const { config, database, logger, world, onBankChange: onChange } = deps
  const credentials = createCredentials(join(config.dataDir, 'exchange-credentials.json'))
  const everyMs = config.exchangeSeconds * 1000
  const sync = createExchangeSync({
    database,
    credentials,
    logger,
    implementations,
    everyMs,
    now: world.now,
    onChange,
  })
  return { credentials, sync }
}
