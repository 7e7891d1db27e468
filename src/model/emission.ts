import type { WantedLabel } from './label.ts'

/** How soon a label is to be published, when not all can be at once; the first goes before all others. */
export const priorities = ['urgent', 'normal', 'bulk'] as const

/** One member of `priorities`: what a person asks for, what the stream brings, what an import brings. */
export type Priority = (typeof priorities)[number]

/** The spans of time for which there can be a limit, in milliseconds. */
export const emissionWindows = { second: 1000, hour: 3_600_000, day: 86_400_000 } as const

/** One key of `emissionWindows`. */
export type EmissionWindow = keyof typeof emissionWindows

/** The most labels that may be published in any span of time of each length; no limit for what is not named. */
export type EmissionLimits = Readonly<Partial<Record<EmissionWindow, number>>>

/** What Bluesky takes of one labeler (its documentation of rate limits for labelers). */
export const blueskyLimits: EmissionLimits = { second: 5, hour: 10_000, day: 100_000 }

/**
 * The part of the hour's and the day's limit that each priority may use. What is left is kept for those before it: an
 * import of a million labels must not use up the day in which something urgent is found.
 */
export const emissionShares: Readonly<Record<Priority, number>> = { urgent: 1, normal: 0.9, bulk: 0.75 }

/** A label, or a negation, that is to be published. */
export type Emission = WantedLabel & { readonly priority: Priority }

/** How many labels of a priority wait, and since when the oldest does (epoch milliseconds). */
export type QueueLength = {
  readonly priority: Priority
  readonly count: number
  readonly oldestMs: number | undefined
}
