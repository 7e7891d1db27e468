/**
 * The part of `app.ts` that sends to others: who is to hear of events, where actions are carried out, and the sending.
 */
import { randomUUID } from 'node:crypto'
import { createSettle } from './act/settle.ts'
import { createTargets, type TargetsDeps } from './app-targets.ts'
import type { Secrets } from './config/config.ts'
import type { Config } from './config/settings.ts'
import type { Log } from './lib/logger.ts'
import type { Metrics } from './metrics.ts'
import type { Did } from './model/ids.ts'
import type { TargetFacts } from './model/target.ts'
import { createAnnounce } from './outbox/announce.ts'
import { createOutbox, type Outbox } from './outbox/outbox.ts'
import type { OutboxDeskDeps } from './outbox/outbox-desk.ts'
import type { Announce, Database } from './store/database.ts'

/** What sending needs. */
export type OutboxPartDeps = TargetsDeps & {
  readonly database: Database
  readonly metrics: Metrics
  readonly logger: Log
}

/** Returns what the ends of messages, and sending them again, mean for the effects that they carry out, whoever ends them. */
export function createMessageHooks(
  announce: Announce,
  now: () => Date,
): Pick<OutboxDeskDeps, 'onEnded' | 'onRevived'> {
  const { settle, revive } = createSettle({ announce, now })
  return { onEnded: settle, onRevived: revive }
}

/** Returns where actions are carried out, and what sends what is in the outbox. It starts nothing. */
export function createOutboxPart(deps: OutboxPartDeps): {
  readonly targets: readonly TargetFacts[]
  readonly outbox: Outbox
} {
  const { config, database, metrics, logger, world } = deps
  const targets = createTargets(deps)
  const outbox = createOutbox(
    {
      database,
      targets,
      logger,
      onTried: metrics.outboxTried,
      onEnded: createMessageHooks(deps.announce, world.now).onEnded,
      isPaused: async () => (await database.brakes.pause()) !== undefined,
      now: world.now,
      random: world.random,
    },
    {
      atOnce: config.webhooksAtOnce,
      maxAttempts: config.webhookMaxAttempts,
      retryBaseMs: config.webhookRetryBaseMs,
      retryMaxMs: config.webhookRetryMaxMs,
    },
  )
  return { targets, outbox }
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
