/** A time in which no new effect leaves Harrier, whoever asks for it; what lifts an effect does. Times are ISO 8601. */
export type Pause = {
  readonly reason: string
  readonly actor: string
  readonly begunAt: string
  readonly endedAt: string | undefined
  readonly endedBy: string | undefined
}

/** The kinds of effect that have a quota. */
export const quotaKinds = ['label', 'takedown', 'report'] as const

/** The most effects of each kind that the machine has in a day (UTC); what is beyond goes to a person. No limit for what is not named. */
export type Quotas = Readonly<Partial<Record<(typeof quotaKinds)[number], number>>>

/** When a content matches too often to be believed. */
export type FloodLimits = {
  /** Matches in an hour up to which nothing is a flood. */
  readonly least: number
  /** A flood is this many times the mean hour of the week before, and above `least`. */
  readonly factor: number
}

/** What a person decided of a content in quarantine: it may act again, or it is not what its bank is for. */
export type QuarantineDecision = 'released' | 'deconfirmed'

/** A time in which a content calls for nothing, because it matched far above its baseline. */
export type Quarantine = {
  readonly id: number
  readonly contentId: number
  readonly bankId: number
  readonly bank: string
  /** Matches in the hour that began it. */
  readonly recent: number
  /** Matches in the mean hour of the week before. */
  readonly baseline: number
  /** The review that has its sample. */
  readonly reviewId: number | undefined
  readonly begunAt: string
  readonly endedAt: string | undefined
  readonly endedBy: string | undefined
  readonly decision: QuarantineDecision | undefined
}
