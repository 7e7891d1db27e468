/**
 * The front door of what is sent to others: messages that stages put into the outbox, in the transaction that causes them,
 * are sent from here until they are delivered or a person has to look.
 *
 * Owns: what events look like, signing, when a message is tried again, and when an endpoint is left in peace. Leaves to
 * others: what happens (stages call `Announce`), and the addresses (settings). Each kind of message has its own way of being
 * sent; webhooks are the first.
 * Invariants: a message is there exactly when what it tells of is; an attempt is counted before it starts; a message has one
 * id for ever, so that a receiver can tell a repeat; messages to one endpoint about one subject are sent in order, the next
 * when the one before was delivered or given up; what a receiver answers is not read; no line has an address or a payload.
 *
 * announce.ts       events as messages, for every endpoint that wants them
 * send-webhook.ts   one try; sign-webhook.ts its signature
 * outbox-desk.ts    what the operator sees and does
 */
import { backoffMs } from '../lib/backoff.ts'
import { type Circuit, createCircuit } from '../lib/circuit.ts'
import type { Log } from '../lib/logger.ts'
import { createWorkLoop, type WorkLoop } from '../lib/work-loop.ts'
import type { OutboxMessage } from '../model/outbox.ts'
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts'
import type { Database } from '../store/database.ts'
import { type SendWebhookDeps, sendWebhook } from './send-webhook.ts'

/** How a try ended, as it is counted. */
export const deliveryOutcomes = ['delivered', 'retried', 'dead'] as const

/** One member of `deliveryOutcomes`. */
export type DeliveryOutcome = (typeof deliveryOutcomes)[number]

/** What sending needs. */
export type OutboxDeps = Omit<SendWebhookDeps, 'timeoutMs'> & {
  readonly database: Pick<Database, 'outbox'>
  readonly endpoints: readonly WebhookEndpoint[]
  readonly logger: Log
  /** Counts a try. Must not throw. */
  readonly onTried: (outcome: DeliveryOutcome, seconds: number) => void
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
}

/** How messages are sent. Milliseconds. */
export type OutboxOptions = {
  /** The longest that one try may take. */
  readonly timeoutMs: number
  /** Messages that are on their way to one endpoint at once. */
  readonly atOnce: number
  readonly maxAttempts: number
  readonly retryBaseMs: number
  readonly retryMaxMs: number
}

/** The sending. */
export interface Outbox {
  /** Sends until the signal is aborted; what is on its way then is sent again at the next start. */
  run(signal: AbortSignal): Promise<void>
  /** Tells that there may be messages. */
  wake(): void
  /** How many endpoints are left in peace now, because they fail or asked for it. */
  readonly openCircuits: number
}

const pollMs = 1000
/** Failures in a row after which an endpoint is left in peace, first for half a minute, at most for ten. */
const circuitTimes = { failures: 5, baseMs: 30_000, maxMs: 600_000 }

/** Returns the sending; it starts nothing. */
export function createOutbox(deps: OutboxDeps, options: OutboxOptions): Outbox {
  const lines = deps.endpoints.map((endpoint) => createLine(deps, options, endpoint))
  return {
    wake() {
      for (const { loop } of lines) loop.wake()
    },
    get openCircuits() {
      return lines.filter(({ circuit }) => circuit.isOpen).length
    },
    async run(signal) {
      const known = deps.endpoints.map(({ id }) => id)
      const buried = await deps.database.outbox.buryOthers('webhook', known, deps.now().toISOString())
      if (buried > 0) deps.logger.warn({ messages: buried }, 'outbox.no-endpoint')
      await Promise.all(lines.map(({ loop }) => loop.run(signal)))
    },
  }
}

/** The messages to one endpoint. */
function createLine(
  deps: OutboxDeps,
  options: OutboxOptions,
  endpoint: WebhookEndpoint,
): { readonly loop: WorkLoop; readonly circuit: Circuit } {
  const now = () => deps.now().getTime()
  const circuit = createCircuit({ ...circuitTimes, now, random: deps.random })
  const loop = createWorkLoop<OutboxMessage, string>({
    async claim(limit, busy) {
      const room = Math.min(limit, circuit.room(busy.length))
      if (room === 0) return []
      const claim = { kind: 'webhook', target: endpoint.id, now: now(), limit: room, busy } as const
      return await deps.database.outbox.claim(claim)
    },
    keyOf: ({ subject }) => subject,
    work: (message, ending) => attempt({ ...deps, circuit }, options, endpoint, message, ending),
    atOnce: options.atOnce,
    pollMs,
  })
  return { loop, circuit }
}

async function attempt(
  deps: OutboxDeps & { readonly circuit: Circuit },
  options: OutboxOptions,
  endpoint: WebhookEndpoint,
  message: OutboxMessage,
  ending: AbortSignal,
): Promise<void> {
  const startedAt = performance.now()
  const { database, circuit } = deps
  const { id, attempts } = message
  const tell = (outcome: DeliveryOutcome, how: string): void => {
    const durationMs = Math.round(performance.now() - startedAt)
    const fields = {
      message: id,
      endpoint: endpoint.id,
      event: message.event,
      outcome,
      how,
      attempts,
      durationMs,
    }
    if (outcome === 'dead') deps.logger.warn(fields, 'outbox.dead')
    else deps.logger.info(fields, 'outbox.tried')
    deps.onTried(outcome, durationMs / 1000)
  }
  const sent = await trySending(deps, options, endpoint, message, ending)
  if (sent === undefined) return
  const at = deps.now()
  if (sent.kind === 'delivered') {
    circuit.succeeded()
    await database.outbox.end(id, 'done', sent.outcome, at.toISOString())
    return tell('delivered', sent.outcome)
  }
  if (sent.kind === 'gone' || attempts >= options.maxAttempts) {
    circuit.failed()
    await database.outbox.end(id, 'dead', sent.outcome, at.toISOString())
    return tell('dead', sent.outcome)
  }
  const asked = Math.min(sent.retryAfterMs ?? 0, options.retryMaxMs)
  circuit.failed()
  if (asked > 0) circuit.pause(asked)
  const { retryBaseMs: baseMs, retryMaxMs: maxMs } = options
  const waitMs = Math.max(asked, backoffMs(attempts, { baseMs, maxMs }, deps.random()))
  await database.outbox.retry(id, sent.outcome, at.getTime() + waitMs)
  tell('retried', sent.outcome)
}

/** Undefined when the service ends: the message is as it was, but for the attempt, and goes again at the next start. */
async function trySending(
  deps: OutboxDeps,
  { timeoutMs }: OutboxOptions,
  endpoint: WebhookEndpoint,
  message: OutboxMessage,
  ending: AbortSignal,
): Promise<Awaited<ReturnType<typeof sendWebhook>> | undefined> {
  try {
    return await sendWebhook({ ...deps, timeoutMs }, endpoint, message, ending)
  } catch (error) {
    if (ending.aborted) return undefined
    throw error
  }
}
