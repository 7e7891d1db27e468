/** The metrics that are read when they are asked for: their names, help texts and labels. See `metrics.ts`. */
import { Gauge, type Registry } from 'prom-client'
import type { EmissionLimits, QueueLength } from './model/emission.ts'
import { addressClasses, type Subscription } from './model/subscription.ts'

/** Values that are read when the metrics are asked for. */
export type Gauges = {
  readonly jobsRunning: () => number
  readonly hashesPending: () => number
  readonly bankHashes: () => number
  readonly jobCounts: () => Promise<Readonly<Record<string, number>>>
  readonly lastSeq: () => Promise<number>
  readonly reviewCounts: () => Promise<Readonly<Record<string, number>>>
  readonly staleLabels: () => Promise<number>
  readonly queue: () => Promise<readonly QueueLength[]>
  readonly budgetLeft: () => Promise<EmissionLimits>
  /** Effects by state. */
  readonly effectCounts: () => Promise<Readonly<Record<string, number>>>
  /** Effects held, by what holds them. */
  readonly heldCounts: () => Promise<Readonly<Record<string, number>>>
  readonly quarantines: () => Promise<number>
  readonly isPaused: () => Promise<boolean>
  /** Effects that the machine may still have today, by kind; nothing for a kind without a quota. */
  readonly quotaLeft: () => Promise<Readonly<Record<string, number>>>
  readonly outboxCounts: () => Promise<Readonly<Record<string, number>>>
  /** When the oldest message in the outbox was added; ISO 8601. */
  readonly oldestOutgoing: () => Promise<string | undefined>
  readonly openCircuits: () => number
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** Registers the values. */
export function watchGauges(registry: Registry, gauges: Gauges): void {
  const read = gaugeReader(registry)
  read('labeler_worker_running_jobs', 'Jobs that run now', gauges.jobsRunning)
  read(
    'labeler_scan_pending_hashes',
    'Images that wait for a hashing process or are in one',
    gauges.hashesPending,
  )
  read('labeler_match_bank_hashes', 'Hashes that searches cover', gauges.bankHashes)
  read('labeler_publish_last_seq', 'The newest seq of the label stream', gauges.lastSeq)
  const readEach = (
    name: string,
    help: string,
    labelName: string,
    values: () => Promise<Readonly<Record<string, number>>>,
  ): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: [labelName],
      registers: [registry],
      async collect() {
        for (const [label, value] of Object.entries(await values())) this.set({ [labelName]: label }, value)
      },
    })
  readEach('labeler_worker_jobs', 'Jobs in the store, by state', 'state', gauges.jobCounts)
  readEach('labeler_review_reviews', 'Reviews in the store, by state', 'state', gauges.reviewCounts)
  read(
    'labeler_publish_stale_labels',
    'Labels that the live key is still to sign, after a change of keys',
    gauges.staleLabels,
  )
  readEach(
    'labeler_publish_queued_labels',
    'Labels that wait for the emission budget, by priority',
    'priority',
    async () => Object.fromEntries((await gauges.queue()).map(({ priority, count }) => [priority, count])),
  )
  read(
    'labeler_publish_oldest_queued_seconds',
    'How long the oldest label in the queue has waited',
    async () => {
      const oldest = (await gauges.queue()).flatMap(({ oldestMs }) => oldestMs ?? [])
      return oldest.length === 0 ? 0 : Math.max(0, gauges.now() - Math.min(...oldest)) / 1000
    },
  )
  readEach(
    'labeler_publish_budget_left_labels',
    'Labels that may still be published, by span of time; nothing without a budget',
    'window',
    gauges.budgetLeft,
  )
  readEach('labeler_act_effects', 'Effects in the store, by state', 'state', gauges.effectCounts)
  readEach('labeler_act_held_effects', 'Effects held, by what holds them', 'because', gauges.heldCounts)
  read('labeler_act_quarantined_contents', 'Contents that match too often', gauges.quarantines)
  read('labeler_act_paused', '1 while no new effect leaves', async () => ((await gauges.isPaused()) ? 1 : 0))
  readEach(
    'labeler_act_quota_left_effects',
    'What is left of the day’s quotas, by kind of effect',
    'kind',
    gauges.quotaLeft,
  )
  readEach('labeler_outbox_messages', 'Messages to others, by state', 'state', gauges.outboxCounts)
  read('labeler_outbox_oldest_seconds', 'How long the oldest message that waits has waited', async () => {
    const oldest = await gauges.oldestOutgoing()
    return oldest === undefined ? 0 : Math.max(0, gauges.now() - Date.parse(oldest)) / 1000
  })
  read(
    'labeler_outbox_open_circuits',
    'Endpoints that are left in peace now, since they fail or asked for it',
    gauges.openCircuits,
  )
}

/** Registers what is known of the subscribers of the labels. */
export function watchSubscriberGauges(
  registry: Registry,
  subscribers: () => readonly Subscription[],
  lastSeq: () => Promise<number>,
): void {
  const read = gaugeReader(registry)
  read(
    'labeler_publish_subscriber_lag_seqs',
    'How far the last subscriber lies behind the newest seq',
    async () => {
      const newest = await lastSeq()
      return subscribers().reduce((most, { position = newest }) => Math.max(most, newest - position), 0)
    },
  )
  read('labeler_publish_subscriber_waiting_bytes', 'What was sent to subscribers and not taken yet', () =>
    subscribers().reduce((sum, { waitingBytes }) => sum + waitingBytes, 0),
  )
  const classes = new Gauge({
    name: 'labeler_publish_subscribers_by_address',
    help: 'Label subscribers connected now, by the class of their address',
    labelNames: ['address'],
    registers: [],
    collect() {
      const all = subscribers()
      for (const address of addressClasses)
        this.set({ address }, all.filter((subscriber) => subscriber.address === address).length)
    },
  })
  registry.registerMetric(classes)
}

/** Returns what registers a gauge whose value is read when the metrics are asked for. */
function gaugeReader(registry: Registry) {
  return (name: string, help: string, value: () => number | Promise<number>): Gauge =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        this.set(await value())
      },
    })
}
