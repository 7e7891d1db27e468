import type { Generated } from 'kysely'
import type { ActingKind, EffectState } from '../model/effect.ts'
import type { ExchangeOpinion } from '../model/opinion.ts'

/** `effects`: what was done, or is held back, because of a match or a person. */
type EffectTable = {
  id: Generated<number>
  kind: ActingKind
  /** The target that carries it out; `labels` and `reviews` are our own. */
  target: string
  /** A record's URI, a DID, or a blob as `<did>/<cid>`. */
  subject: string
  did: string
  /** The record that shows the image; null where no record is meant. */
  uri: string | null
  record_cid: string | null
  blob_cid: string | null
  /** The value of a label, the reason of a report; else empty. */
  detail: string
  /** JSON: `EffectAction`, what carries it out. */
  action: string
  state: EffectState
  /** Why it is held, was undone or dropped. */
  because: string | null
  /** What the target said, in a word or two. */
  outcome: string | null
  actor: string
  job_id: number | null
  review_id: number | null
  bank_id: number | null
  bank: string | null
  content_id: number | null
  distance: number | null
  created_at: string
  settled_at: string | null
  undone_at: string | null
  undone_by: string | null
}

/** `content_verdicts`: what a person here thinks of a content. */
type ContentVerdictTable = {
  content_id: number
  bank_id: number
  verdict: 'confirmed' | 'negative'
  actor: string
  reason: string
  at: string
}

/** `exchange_opinions`: what the members of an exchange think of a content. */
type ExchangeOpinionTable = { content_id: number; opinion: ExchangeOpinion }

/** `reversals`: contents whose effects are to be undone, as far as nothing else calls for them; a finished one has no row. */
type ReversalTable = {
  id: Generated<number>
  content_id: number
  because: string
  actor: string
  requested_at: string
}

/** `pauses`: when effects were stopped, and by whom; at most one has not ended. */
type PauseTable = {
  id: Generated<number>
  reason: string
  actor: string
  begun_at: string
  ended_at: string | null
  ended_by: string | null
}

/** `quota_spent`: how many effects of a kind the machine had on a day (UTC, `2026-01-31`). */
type QuotaSpentTable = { day: string; kind: ActingKind; spent: number }

/** `match_rates`: how often a content matched, by spans of ten minutes since the epoch. */
type MatchRateTable = { content_id: number; bucket: number; matches: number }

/** `quarantines`: contents that matched far above their baseline; at most one of a content has not ended. */
type QuarantineTable = {
  id: Generated<number>
  content_id: number
  bank_id: number
  bank: string
  /** Matches in the hour that began it, and the mean of an hour before. */
  recent: number
  baseline: number
  review_id: number | null
  begun_at: string
  ended_at: string | null
  ended_by: string | null
  decision: 'released' | 'deconfirmed' | null
}

/** `review_decisions`: what was decided about a review, oldest first. */
type ReviewDecisionTable = {
  id: Generated<number>
  review_id: number
  decision: string
  actor: string
  /** JSON. */
  details: string
  at: string
}

/** The tables of acting. */
export type ActingTables = {
  effects: EffectTable
  content_verdicts: ContentVerdictTable
  exchange_opinions: ExchangeOpinionTable
  reversals: ReversalTable
  pauses: PauseTable
  quota_spent: QuotaSpentTable
  match_rates: MatchRateTable
  quarantines: QuarantineTable
  review_decisions: ReviewDecisionTable
}
