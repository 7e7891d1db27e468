import type { ReasonClass, ReportOutcome } from '../model/report.ts'

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

/** Why a subscription ended: by the peer, by us at shutdown, or because of what the name says. */
export const subscriptionEnds = ['peer', 'shutdown', 'refused', 'too-slow', 'no-pong', 'fault'] as const

/** One member of `subscriptionEnds`. */
export type SubscriptionEnd = (typeof subscriptionEnds)[number]
