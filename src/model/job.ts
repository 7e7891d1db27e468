import type { Effect } from './effect.ts'
import type { ImageRef } from './image.ts'
import type { SequencedLabel } from './label.ts'
import type { Match } from './match.ts'
import type { ScanResult, ScanTimings } from './scan.ts'

/** One image that waits to be looked at, durable since its event was acknowledged. */
export type ScanJob = {
  readonly id: number
  readonly image: ImageRef
  /** How often the job has been started, this time included; at least 1. */
  readonly attempts: number
  /** When the event reached us; ISO 8601. */
  readonly seenAt: string
  /** True for an image that is looked at again because a person asked for it, behind the stream's. */
  readonly isRescan: boolean
}

/** What a decision turned into in the store. */
export type Applied = {
  /** The labels that were published, in seq order; empty when a repeat found them published already. */
  readonly labels: readonly SequencedLabel[]
  /** How many labels wait now for the emission budget because of it. */
  readonly queued: number
  /** How many messages were put into the outbox. */
  readonly messages: number
  /** False when the job was cancelled while it ran; then nothing was written. */
  readonly isApplied: boolean
}

/** How long each step of a job took, in milliseconds. */
export type JobTimings = ScanTimings & {
  readonly matchMs: number
  readonly signMs: number
  readonly applyMs: number
}

/** The whole story of one finished job. */
export type JobOutcome = Applied & {
  readonly scan: ScanResult
  readonly matches: readonly Match[]
  readonly effects: readonly Effect[]
  readonly timings: JobTimings
}

/** Why a job was cancelled before it ran. */
export const cancelReasons = ['record-deleted', 'record-updated', 'account-inactive'] as const

/** One member of `cancelReasons`. */
export type CancelReason = (typeof cancelReasons)[number]
