/**
 * The names and help texts of every metric, and, with `metrics-gauges.ts` for what is read on demand, the only place that knows the
 * metrics library.
 *
 * Owns: names (`labeler_<stage>_<noun>_<unit or total>`), labels and their closed sets of values. Leaves to others: when
 * something is counted. Each stage declares the narrow interface that it calls; this page implements them all, and is as long
 * as their list: a name that is used twice shows here.
 * The five measures an operator is promised: request volume (`labeler_match_requests_total`), match rate
 * (`labeler_match_blobs_total` over `labeler_scan_blobs_total`), action rate (`labeler_act_effects_total` over
 * `labeler_match_matches_total`), response time (`labeler_stage_duration_seconds`) and error rate
 * (`labeler_stage_errors_total`).
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type Gauges, watchGauges, watchSubscriberGauges } from './metrics-gauges.ts'
import { effectKinds } from './model/effect.ts'
import type { JobOutcome } from './model/job.ts'
import { type ReasonClass, type ReportOutcome, reasonClasses, reportOutcomes } from './model/report.ts'
import { type DropReason, dropReasons } from './model/stream-event.ts'
import { type Subscription, subscriptionEnds } from './model/subscription.ts'

/** The stages of a job whose time is measured; `total`, beside them, runs from the event's arrival to the outcome. */
const stageNames = ['resolve', 'fetch', 'decode', 'hash', 'match', 'sign', 'apply'] as const

/** Where a request to hash or match came from. */
export type RequestSource = 'stream' | 'gate' | 'api'

/** Sums since the start. */
export type Totals = {
  readonly requests: number
  readonly matches: number
  readonly actions: number
  readonly isConnected: boolean
}

/** An answered request; `route` is a path as it was declared. */
export type RequestDone = {
  readonly listener: string
  readonly method: string
  readonly route: string
  readonly status: number
  readonly durationMs: number
}

/** Every measurement. Never throws. */
export interface Metrics {
  readonly registry: Registry
  /**
   * Counts a finished job: its outcome, matches, effects and the time of each stage. `latencySeconds` is the time since its event
   * came; undefined where no event brought it.
   */
  jobDone(outcome: JobOutcome, latencySeconds: number | undefined): void
  /** Counts a failed attempt by the kind of its error. */
  jobFailed(cause: string, willRetry: boolean): void
  /** Counts contents of a bank that a caller of the REST API was told of. */
  apiMatched(bank: string): void
  /** Counts an action that a caller of the REST API had done. */
  apiActed(type: string): void
  /** Returns sums over all sources since the start, and whether the stream is connected. */
  totals(): Promise<Totals>
  /** Counts a request to hash an image or to match a hash. */
  requested(source: RequestSource): void
  received(kind: string): void
  /** Counts an event that came again and was left out. */
  repeated(): void
  dropped(reason: DropReason): void
  /** Counts a batch of events that became durable, and how far its last one lies back. */
  committed(batch: { readonly events: number; readonly jobs: number; readonly lagMs: number }): void
  connected(host: string): void
  disconnected(host: string, reason: string): void
  /** Counts a report by what it is about; `unknown` where that was not read. */
  reportDone(reason: ReasonClass | undefined, outcome: ReportOutcome): void
  requestDone(request: RequestDone): void
  subscribersChanged(count: number): void
  labelsSent(count: number): void
  /** Counts labels that were published from the queue. */
  labelsEmitted(count: number): void
  subscriptionEnded(reason: string): void
  /** Counts a try to deliver an event to an endpoint, and how long it took. */
  outboxTried(outcome: string, seconds: number): void
  /** Registers the values that are read on demand. Call once. */
  watch(gauges: Gauges): void
  /** Registers what is known of the subscribers of the labels. Call once. */
  watchSubscribers(subscribers: () => readonly Subscription[], lastSeq: () => Promise<number>): void
}

const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120]

/** Returns fresh metrics in a registry of their own, every counter of a closed set at zero. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers })
  const histogram = <L extends string>(name: string, help: string, ...labelNames: L[]): Histogram<L> =>
    new Histogram({ name, help, labelNames, buckets, registers })

  const events = counter('labeler_ingest_events_total', 'Events received from the stream', 'kind')
  const drops = counter('labeler_ingest_drops_total', 'Parts of the stream that were refused', 'reason')
  const repeats = counter('labeler_ingest_repeats_total', 'Events that came again and were left out')
  const queued = counter('labeler_ingest_jobs_total', 'Images found in the stream and queued')
  const disconnects = counter(
    'labeler_ingest_disconnects_total',
    'Connections to the stream that ended',
    'reason',
  )
  const lag = gauge('labeler_ingest_lag_seconds', 'Age of the newest event that was ingested')
  const link = gauge('labeler_ingest_connected', '1 while the stream is connected')
  const requests = counter(
    'labeler_match_requests_total',
    'Images and hashes asked to be hashed or matched',
    'source',
  )
  const blobs = counter('labeler_scan_blobs_total', 'Images looked at, by outcome', 'outcome')
  const matchedBlobs = counter('labeler_match_blobs_total', 'Images that matched anything')
  const matches = counter('labeler_match_matches_total', 'Matches, by bank', 'bank')
  const apiMatches = counter('labeler_api_matches_total', 'Matches told to callers of the REST API', 'bank')
  const apiActions = counter('labeler_api_actions_total', 'Actions by callers of the REST API', 'type')
  const effects = counter('labeler_act_effects_total', 'Effects decided, by kind', 'kind')
  const labels = counter(
    'labeler_publish_labels_total',
    'Labels published by the service, at once or from the queue',
  )
  const reports = counter(
    'labeler_review_reports_total',
    'Reports by users, by what they are about and what became of them',
    'reason',
    'outcome',
  )
  const stages = histogram('labeler_stage_duration_seconds', 'Time of each stage of a job', 'stage')
  const errors = counter(
    'labeler_stage_errors_total',
    'Attempts that failed, by cause and whether they are retried',
    'cause',
    'retried',
  )
  const http = histogram(
    'labeler_http_request_duration_seconds',
    'Time to answer a request',
    'listener',
    'method',
    'route',
    'status',
  )
  const subscribers = gauge('labeler_publish_subscribers', 'Label subscribers connected now')
  const sent = counter('labeler_publish_sent_labels_total', 'Labels handed to subscribers')
  const ends = counter(
    'labeler_publish_subscription_ends_total',
    'Subscriptions that ended, by reason',
    'reason',
  )
  const tries = histogram(
    'labeler_outbox_try_duration_seconds',
    'Time of each try to send a message, by how it ended',
    'outcome',
  )
  for (const reason of Object.keys(dropReasons)) drops.inc({ reason }, 0)
  for (const reason of subscriptionEnds) ends.inc({ reason }, 0)
  for (const kind of effectKinds) effects.inc({ kind }, 0)
  for (const reason of [...reasonClasses, 'unknown'])
    for (const outcome of reportOutcomes) reports.inc({ reason, outcome }, 0)

  return {
    registry,
    jobDone({ scan, matches: found, effects: decided, labels: published, timings }, latencySeconds) {
      blobs.inc({ outcome: 'reason' in scan ? scan.reason : scan.kind })
      if (found.length > 0) matchedBlobs.inc()
      for (const { bank } of found) matches.inc({ bank })
      for (const { kind } of decided) effects.inc({ kind })
      labels.inc(published.length)
      if (latencySeconds !== undefined) stages.observe({ stage: 'total' }, latencySeconds)
      for (const stage of stageNames) {
        stages.observe({ stage }, timings[`${stage}Ms`] / 1000)
      }
    },
    apiMatched: (bank) => apiMatches.inc({ bank }),
    apiActed: (type) => apiActions.inc({ type }),
    totals: async () => ({
      requests: await sumOf(requests),
      matches: (await sumOf(matches)) + (await sumOf(apiMatches)),
      actions: (await sumOf(effects)) + (await sumOf(apiActions)),
      isConnected: (await sumOf(link)) > 0,
    }),
    jobFailed: (cause, willRetry) => errors.inc({ cause, retried: String(willRetry) }),
    requested: (source) => requests.inc({ source }),
    received: (kind) => events.inc({ kind }),
    repeated: () => repeats.inc(),
    dropped: (reason) => drops.inc({ reason }),
    committed({ jobs, lagMs }) {
      queued.inc(jobs)
      lag.set(lagMs / 1000)
    },
    connected: () => link.set(1),
    disconnected(_, reason) {
      link.set(0)
      disconnects.inc({ reason })
    },
    reportDone: (reason, outcome) => reports.inc({ reason: reason ?? 'unknown', outcome }),
    requestDone: ({ listener, method, route, status, durationMs }) =>
      http.observe({ listener, method, route, status }, durationMs / 1000),
    subscribersChanged: (count) => subscribers.set(count),
    labelsSent: (count) => sent.inc(count),
    labelsEmitted: (count) => labels.inc(count),
    subscriptionEnded: (reason) => ends.inc({ reason }),
    outboxTried: (outcome, seconds) => tries.observe({ outcome }, seconds),
    watch: (gauges) => watchGauges(registry, gauges),
    watchSubscribers: (subscribers, lastSeq) => watchSubscriberGauges(registry, subscribers, lastSeq),
  }
}

async function sumOf(metric: Pick<Gauge | Counter, 'get'>): Promise<number> {
  return (await metric.get()).values.reduce((sum, { value }) => sum + value, 0)
}
