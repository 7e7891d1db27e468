/**
 * The front door of what is sent to others: messages that stages put into the outbox, in the transaction that causes them,
 * are sent from here until they are done or a person has to look.
 *
 * Owns: what events look like, the order of messages, when one is tried again, when a target is left in peace, and the end
 * of each. Leaves to others: what happens (stages call `Announce` or add actions), and how a message is brought to its target
 * (`targets/`).
 * Invariants: a message is there exactly when what it tells of is; an attempt is counted before it starts; a message has one
 * id for ever, so that a receiver can tell a repeat; messages to one target about one subject are sent in order, the next
 * when the one before has ended; the end of an action, its audit row and what it means for its effect are one transaction;
 * what is not known to have arrived is told to its target, and never sent twice by itself where that would double it; while
 * actions are paused, none is started but restores; no line has an address or a payload.
 *
 * announce.ts          events as messages, for every endpoint that wants them
 * carry-out-message.ts one try: what a message asks, of its target
 * end-message.ts       the end of a message, with its audit row
 * outbox-desk.ts       what the operator sees and does; target-desk.ts of targets
 */
import { backoffMs } from '../lib/backoff.ts'
import { type Circuit, createCircuit } from '../lib/circuit.ts'
import type { Log } from '../lib/logger.ts'
import { createWorkLoop, type WorkLoop } from '../lib/work-loop.ts'
import type { ClaimedMessage } from '../model/outbox.ts'
import type { ActionTarget, TargetOutcome } from '../model/target.ts'
import type { Database } from '../store/database.ts'
import { carryOutMessage } from './carry-out-message.ts'
import { createEndMessage, type EndMessage, type EndMessageDeps } from './end-message.ts'

/** How a try ended, as it is counted: the ways in which a target ends it, and `retried` and `dead` for what failed. */
type TryOutcome = 'delivered' | 'retried' | 'dead' | 'not-theirs'

/** What sending needs. */
export type OutboxDeps = Omit<EndMessageDeps, 'database'> & {
  readonly database: Pick<Database, 'outbox' | 'transaction'>
  readonly targets: readonly ActionTarget[]
  readonly logger: Log
  /** Counts a try. Must not throw. */
  readonly onTried: (outcome: TryOutcome, seconds: number) => void
  /** True while no action may be started but a restore; events go on. */
  readonly isPaused: () => Promise<boolean>
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number
}

/** How messages are sent. Milliseconds. */
export type OutboxOptions = {
  /** Messages that are on their way to one target at once. */
  readonly atOnce: number
  readonly maxAttempts: number
  readonly retryBaseMs: number
  readonly retryMaxMs: number
}

/** The sending. */
export interface Outbox {
  /** Sends until the signal is aborted; what is on its way then is sent again, or looked into, at the next start. */
  run(signal: AbortSignal): Promise<void>
  /** Tells that there may be messages. */
  wake(): void
  /** How many targets are left in peace now, because they fail or asked for it. */
  readonly openCircuits: number
}

const pollMs = 1000
/** Failures in a row after which a target is left in peace, first for half a minute, at most for ten. */
const circuitTimes = { failures: 5, baseMs: 30_000, maxMs: 600_000 }
/** So many messages to targets that are no more are ended in one transaction. */
const straysAtOnce = 100

/** Returns the sending; it starts nothing. */
export function createOutbox(deps: OutboxDeps, options: OutboxOptions): Outbox {
  const endMessage = createEndMessage(deps)
  const lines = deps.targets.map((target) => createLine({ ...deps, endMessage }, options, target))
  return {
    wake() {
      for (const { loop } of lines) loop.wake()
    },
    get openCircuits() {
      return lines.filter(({ circuit }) => circuit.isOpen).length
    },
    async run(signal) {
      const buried = await buryStrays(deps, endMessage)
      if (buried > 0) deps.logger.warn({ messages: buried }, 'outbox.no-target')
      await Promise.all(lines.map(({ loop }) => loop.run(signal)))
    },
  }
}

/** Ends what waits for a target that the settings no longer have. Returns how many messages. */
async function buryStrays({ database, targets }: OutboxDeps, endMessage: EndMessage): Promise<number> {
  const known = targets.map(({ kind, id }) => ({ kind, target: id }))
  const end = { state: 'dead', kind: 'refused', words: 'no such target' } as const
  for (let buried = 0; ; ) {
    const strays = await database.outbox.strays(known, straysAtOnce)
    for (const stray of strays) await endMessage(stray, end)
    buried += strays.length
    if (strays.length < straysAtOnce) return buried
  }
}

type LineDeps = OutboxDeps & { readonly endMessage: EndMessage }

/** The messages to one target. */
function createLine(
  deps: LineDeps,
  options: OutboxOptions,
  target: ActionTarget,
): { readonly loop: WorkLoop; readonly circuit: Circuit } {
  const now = () => deps.now().getTime()
  const circuit = createCircuit({ ...circuitTimes, now, random: deps.random })
  const { kind, id } = target
  const loop = createWorkLoop<ClaimedMessage, string>({
    async claim(limit, busy) {
      const room = Math.min(limit, circuit.room(busy.length))
      if (room === 0) return []
      const only = kind !== 'webhook' && (await deps.isPaused()) ? 'restore' : undefined
      return await deps.database.outbox.claim({ kind, target: id, now: now(), limit: room, busy, only })
    },
    keyOf: ({ subject }) => subject,
    work: (message, ending) => attempt({ ...deps, circuit, target }, options, message, ending),
    atOnce: options.atOnce,
    pollMs,
  })
  return { loop, circuit }
}

type AttemptDeps = LineDeps & { readonly circuit: Circuit; readonly target: ActionTarget }

async function attempt(
  deps: AttemptDeps,
  options: OutboxOptions,
  message: ClaimedMessage,
  ending: AbortSignal,
): Promise<void> {
  const startedAt = performance.now()
  const outcome = await tryDelivering(deps, message, ending)
  if (outcome === undefined) return
  tellCircuit(deps.circuit, outcome, options)
  const tried = await settle(deps, options, message, outcome)
  const { id, kind, target, event, attempts } = message
  const durationMs = Math.round(performance.now() - startedAt)
  const fields = {
    message: id,
    kind,
    target,
    event,
    outcome: tried,
    how: outcome.words,
    attempts,
    durationMs,
  }
  if (tried === 'dead') deps.logger.warn(fields, 'outbox.dead')
  else deps.logger.info(fields, 'outbox.tried')
  deps.onTried(tried, durationMs / 1000)
}

/** Undefined when the service ends: the message is as it was, but for the attempt, and is looked into at the next start. */
async function tryDelivering(
  { target }: AttemptDeps,
  message: ClaimedMessage,
  ending: AbortSignal,
): Promise<TargetOutcome | undefined> {
  try {
    return await carryOutMessage(target, message, ending)
  } catch (error) {
    if (ending.aborted) return undefined
    throw error
  }
}

/** What a target refuses or does not host says nothing of how well it is. */
function tellCircuit(circuit: Circuit, outcome: TargetOutcome, { retryMaxMs }: OutboxOptions): void {
  if (outcome.kind === 'failed' || outcome.kind === 'unknown') circuit.failed()
  if (outcome.kind === 'done' || outcome.kind === 'already') circuit.succeeded()
  if (outcome.kind === 'failed' && outcome.retryAfterMs)
    circuit.pause(Math.min(outcome.retryAfterMs, retryMaxMs))
}

/** Ends the message or puts it back. */
async function settle(
  { endMessage, database, now, random }: AttemptDeps,
  { maxAttempts, retryBaseMs: baseMs, retryMaxMs: maxMs }: OutboxOptions,
  message: ClaimedMessage,
  outcome: TargetOutcome,
): Promise<TryOutcome> {
  const { id, attempts } = message
  if (outcome.kind !== 'failed' || attempts >= maxAttempts) {
    const state = endStates[outcome.kind]
    const { kind, words } = outcome
    await endMessage(message, {
      state,
      kind,
      words,
      reference: 'reference' in outcome ? outcome.reference : undefined,
    })
    return tryOutcomes[state]
  }
  const asked = Math.min(outcome.retryAfterMs ?? 0, maxMs)
  const waitMs = Math.max(asked, backoffMs(attempts, { baseMs, maxMs }, random()))
  await database.outbox.retry(id, outcome.words, now().getTime() + waitMs)
  return 'retried'
}

/** The state in which a message ends, by its last outcome. */
const endStates = {
  done: 'done',
  already: 'done',
  'not-theirs': 'dropped',
  refused: 'dead',
  unknown: 'dead',
  failed: 'dead',
} as const

const tryOutcomes = { done: 'delivered', dropped: 'not-theirs', dead: 'dead' } as const
