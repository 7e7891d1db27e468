/**
 * Publishing what waits in the queue, as the budget lets it.
 *
 * Owns: which label is next and when, and that a label gets its `cts`, its signature and its seq when it is published and
 * not before; that nothing but withdrawals is published while effects are paused. Leaves to others: what is put into the queue (`act/apply.ts`, the commands), its order and what cancels what
 * (`store/emission-store.ts`), and how much may be published (`emission-budget.ts`).
 * Invariants: a label leaves the queue in the transaction that publishes it; what was published is counted from the
 * labels themselves, so a restart changes nothing, and what other processes publish counts too.
 */
import { firstOf } from '../lib/first-of.ts'
import { pause } from '../lib/pause.ts'
import type { EmissionLimits } from '../model/emission.ts'
import type { SequencedLabel } from '../model/label.ts'
import type { AuditEntry } from '../store/audit-store.ts'
import type { Announce, Database, Stores } from '../store/database.ts'
import type { QueuedEmission } from '../store/emission-store.ts'
import type { EmissionBudget } from './emission-budget.ts'
import { eventsOfLabels } from './label-events.ts'
import { negationsOf } from './negations-of.ts'
import { createBudgetReader } from './read-budget.ts'
import { createSignLabel, type LabelDraft, type SignLabelsDeps } from './sign-labels.ts'

/** What emission needs. */
export type EmitterDeps = SignLabelsDeps & {
  readonly database: Pick<Database, 'emissions' | 'labels' | 'transaction'>
  /** No limit for what is not named. */
  readonly limits: EmissionLimits
  /** Told of labels that were published, after they are durable. */
  readonly onEmitted: (labels: readonly SequencedLabel[]) => void
  /** Tells those who are to hear of labels, in the transaction that publishes them. */
  readonly announce: Announce
}

/** The emission of the labels that wait. */
export interface Emitter {
  /**
   * Publishes what may be published now, and returns when there will be more to do, in epoch milliseconds; undefined when
   * nothing waits.
   */
  step(): Promise<number | undefined>
  /** Takes steps until the signal is aborted. */
  run(signal: AbortSignal): Promise<void>
  /** Tells that something may wait. */
  wake(): void
  /** Returns the budget, with all counted that was published by now. */
  budget(): Promise<EmissionBudget>
}

/** So many labels are published in one transaction at most. */
const batchSize = 200
/** Between two steps, in milliseconds: what comes in between is published together. */
const leastRestMs = 10
/** The longest rest, in milliseconds: the queue may be filled by a process that rings no bell. */
const longestRestMs = 60_000

/** Returns the emission; it starts nothing. */
export function createEmitter(deps: EmitterDeps): Emitter {
  const { database, now, src } = deps
  const sign = createSignLabel(deps)
  const loadBudget = createBudgetReader(database.labels, deps.limits, now)
  let bell = Promise.withResolvers<void>()

  async function step(): Promise<number | undefined> {
    // The write lock is taken only where there is something to write.
    if ((await database.emissions.due(src, 1)).length === 0) return undefined
    const budget = await loadBudget()
    const nowMs = now().getTime()
    const room = Math.min(budget.left(nowMs, 'urgent'), batchSize)
    if (room === 0) return budget.readyAt(nowMs, 'urgent')
    const { published, blocked } = await database.transaction(async (stores) => {
      const isPaused = (await stores.brakes.pause()) !== undefined
      const queue = await stores.emissions.due(src, room + 1, isPaused)
      return emitAll(stores, queue, (row, done) =>
        Math.min(budget.left(nowMs, row.priority) - done, room - done),
      )
    })
    if (published.length > 0) deps.onEmitted(published)
    return blocked && (await loadBudget()).readyAt(now().getTime(), blocked.priority)
  }

  /** Publishes the rows in order, until there is no room for the next one. */
  async function emitAll(
    stores: Stores,
    queue: readonly QueuedEmission[],
    roomFor: (row: QueuedEmission, done: number) => number,
  ): Promise<{ published: SequencedLabel[]; blocked: QueuedEmission | undefined }> {
    const published: SequencedLabel[] = []
    for (const row of queue) {
      const room = roomFor(row, published.length)
      if (room <= 0) return { published, blocked: row }
      const { labels, isComplete } = await emitOne(stores, row, room)
      published.push(...labels)
      if (!isComplete) return { published, blocked: row }
    }
    return { published, blocked: undefined }
  }

  /** Publishes one row, as far as there is room: a withdrawal that takes several negations goes on at the next step. */
  async function emitOne(stores: Stores, row: QueuedEmission, room: number) {
    const { drafts, because } = await draftsOf(stores, row)
    const labels: SequencedLabel[] = []
    for (const draft of drafts.slice(0, room)) {
      const after = labels.at(-1)?.cts ?? draft.after
      labels.push(...(await stores.labels.append([await sign({ ...draft, after })])))
    }
    const isComplete = drafts.length <= room
    if (isComplete) await stores.emissions.settle(row.id)
    await stores.audit.append(auditOf(row, labels, because))
    await deps.announce(stores, eventsOfLabels(labels, row.actor), now().toISOString())
    return { labels, isComplete }
  }

  /** The labels that a row still takes; none when it has become void meanwhile, with the reason. */
  async function draftsOf(
    stores: Stores,
    row: QueuedEmission,
  ): Promise<{ drafts: LabelDraft[]; because?: string }> {
    const { uri, val, cid, neg, exp } = row
    const at = now().toISOString()
    if (exp !== undefined && exp <= at) return { drafts: [], because: 'it expired before its turn' }
    if (!neg && !deps.declaredVals.has(val)) return { drafts: [], because: 'its value is no longer declared' }
    const state = (await stores.labels.states(src, [uri])).find((known) => known.val === val)
    const wanted = { uri, val, ...(cid === undefined ? {} : { cid }), ...(exp === undefined ? {} : { exp }) }
    const standing = neg ? await stores.labels.standingVersions(src, uri, val) : []
    const drafts = neg ? negationsOf(wanted, standing) : [wanted]
    return { drafts: drafts.map((draft) => ({ ...draft, after: state?.cts })) }
  }

  function auditOf(
    row: QueuedEmission,
    labels: readonly SequencedLabel[],
    because: string | undefined,
  ): AuditEntry[] {
    const { actor, jobId: job, uri, val, priority, atMs } = row
    const at = now().toISOString()
    const shared = { at, actor, subject: uri }
    if (because !== undefined)
      return [{ ...shared, action: 'label.void', details: { val, priority, job, because } }]
    const waitedMs = Date.parse(at) - atMs
    return labels.map(({ seq, cts, cid, neg }) => ({
      ...shared,
      action: neg ? 'label.withdrawn' : 'label.published',
      details: { seq, val, cts, cid, job, priority, waitedMs },
    }))
  }

  return {
    step,
    budget: loadBudget,
    wake: () => bell.resolve(),
    async run(signal) {
      signal.addEventListener('abort', () => bell.resolve(), { once: true })
      while (!signal.aborted) {
        bell = Promise.withResolvers<void>()
        const nextMs = await step()
        const restMs = nextMs === undefined ? longestRestMs : nextMs - now().getTime()
        await pause(leastRestMs, signal)
        await firstOf(bell.promise, Math.min(Math.max(restMs - leastRestMs, 0), longestRestMs))
      }
    },
  }
}
