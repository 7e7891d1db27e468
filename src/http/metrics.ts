import type { ReasonClass, ReportOutcome } from '../model/report.ts'
import type { SubscriptionEnd } from '../model/subscription.ts'

/** What the listeners count. Implemented where metrics are named; every label here has a closed set of values. */
export interface HttpMetrics {
  /** A request was answered. `route` is a path as it was declared, or `none`. */
  requestDone(request: {
    readonly listener: 'public' | 'operator'
    readonly method: string
    readonly route: string
    readonly status: number
    readonly durationMs: number
  }): void
  /** The number of label subscribers is now this. */
  subscribersChanged(count: number): void
  /** Labels were handed to one subscriber's socket. */
  labelsSent(count: number): void
  /** A report was refused before it was read: its sender was not known, or reports too often. */
  reportDone(reason: ReasonClass | undefined, outcome: ReportOutcome): void
  /** A subscription ended. */
  subscriptionEnded(reason: SubscriptionEnd): void
}
