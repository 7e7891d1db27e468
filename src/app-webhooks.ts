/**
 * The part of `app.ts` that tells others what has happened: who is to hear of it, and the sending.
 */
import { randomUUID } from 'node:crypto'
import type { Secrets } from './config/config.ts'
import type { Config } from './config/settings.ts'
import type { Log } from './lib/logger.ts'
import type { Metrics } from './metrics.ts'
import type { Did } from './model/ids.ts'
import { createAnnounce } from './outbox/announce.ts'
import { createOutbox, type Outbox } from './outbox/outbox.ts'
import { openSafeFetch } from './resources.ts'
import type { Announce, Database } from './store/database.ts'
import { userAgent } from './version.ts'
import type { World } from './world.ts'

/** What telling needs. */
export type WebhooksDeps = {
  readonly config: Config
  readonly secrets: Secrets
  /** The labeler. */
  readonly src: Did
  readonly database: Database
  readonly metrics: Metrics
  readonly logger: Log
  readonly world: World
}

/** Returns what puts events into the outbox, and what sends them. It starts nothing. */
export function createWebhooks(deps: WebhooksDeps): { readonly announce: Announce; readonly outbox: Outbox } {
  const { config, secrets, src, database, metrics, logger, world } = deps
  const { webhookEndpoints: endpoints } = secrets
  const outbox = createOutbox(
    {
      database,
      endpoints,
      fetch: openSafeFetch(config, {
        userAgent,
        fetch: world.fetch,
        privateOrigins: config.webhookPrivateOrigins.map((text) => new URL(text).origin),
      }),
      logger,
      onTried: metrics.webhookTried,
      now: world.now,
      random: world.random,
    },
    {
      timeoutMs: config.webhookTimeoutMs,
      atOnce: config.webhooksAtOnce,
      maxAttempts: config.webhookMaxAttempts,
      retryBaseMs: config.webhookRetryBaseMs,
      retryMaxMs: config.webhookRetryMaxMs,
    },
  )
  return { announce: createAnnounceOf(config, secrets, src), outbox }
}

/** Returns what puts events into the outbox; the operator's commands have it too, and the service sends what they put there. */
export function createAnnounceOf(
  config: Config,
  { webhookEndpoints: endpoints }: Secrets,
  src: Did,
): Announce {
  return createAnnounce({
    endpoints,
    labeler: src,
    hasBankNames: config.webhookBankNames,
    newId: randomUUID,
  })
}
