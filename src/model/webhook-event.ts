import { z } from 'zod'
import type { Cid } from './ids.ts'
import type { Match } from './match.ts'

/** The kinds of event that are sent to webhook endpoints, each with when it is sent. */
export const webhookEventTypes = {
  match_found: 'An image of a record, or of content that an app announced, matches a bank',
  action_taken: 'A label was published, or content was put before a person or recorded as taken down',
  review_decided: 'A person decided about a review, withdrew a label, or judged a match to be none',
} as const

/** One key of `webhookEventTypes`. */
export type WebhookEventType = keyof typeof webhookEventTypes

/** Every kind, in the order of the documentation. */
export const webhookEventNames = Object.keys(webhookEventTypes) as readonly WebhookEventType[]

/** What was done, in `action_taken`. */
export const webhookActions = ['label', 'report', 'review', 'takedown', 'report_ncmec'] as const

/** What was decided, in `review_decided`. */
export const webhookDecisions = [
  'reversed',
  'acknowledged',
  'escalated',
  'applied',
  'labeled',
  'taken_down',
] as const

/** What an event is about. */
type About = {
  /** A record's URI, a DID, or an id of the app's own. Events about one content are sent in order. */
  readonly contentId: string
  /** The version of the record, where one is meant. */
  readonly recordCid?: Cid | undefined
  /** The image, where one is meant. */
  readonly blobCid?: Cid | undefined
}

/** Something that endpoints are to hear of, in model words. */
export type WebhookEvent = About &
  (
    | { readonly type: 'match_found' /** At least one, nearest first. */; readonly matches: readonly Match[] }
    | {
        readonly type: 'action_taken'
        readonly action: (typeof webhookActions)[number]
        readonly label?: string
        readonly review?: number | undefined
        /** As the audit names who did it. */
        readonly actor: string
      }
    | {
        readonly type: 'review_decided'
        readonly decision: (typeof webhookDecisions)[number]
        /** What was reversed, where it was no label. */
        readonly action?: (typeof webhookActions)[number]
        readonly label?: string
        readonly review?: number
        readonly actor: string
      }
  )

const shared = {
  id: z.string().describe('As in webhook-id: the same on every try, and for every endpoint'),
  timestamp: z.iso.datetime().describe('When it happened, UTC'),
  labeler: z.string().describe('The DID of this labeler'),
  content_id: z.string().describe('A record’s at-uri, a DID, or an id of the app’s own'),
  did: z.string().nullable().describe('The account, where it is about one or its record'),
  record_cid: z.string().nullable().describe('The version of the record'),
  blob_cid: z.string().nullable().describe('The image'),
}

const found = z.strictObject({
  bank_name: z.string().nullable().describe('null where HARRIER_WEBHOOK_BANK_NAMES is false'),
  hash_type: z.enum(['pdq', 'md5', 'sha1', 'sha256']),
  distance: z.int().describe('Bits that differ, 0 to 256; 0 for a digest'),
})

const actor = z.string().describe('harrier, cli, cli:<name>, webhook, api-key:<number>, …')
const label = z.string().nullable().describe('The value of the label, where it is about one')

/** The most matches that one event has: the nearest of each bank. */
export const maxEventMatches = 20

/**
 * The JSON of every event, as endpoints receive it. It holds no image, no hash and nothing that a user wrote. Fields may be
 * added; none is taken away or given another meaning.
 */
export const webhookPayload: z.ZodType<WebhookPayload> = z.discriminatedUnion('event_type', [
  z.strictObject({
    event_type: z.literal('match_found'),
    ...shared,
    match_info: found.describe('The nearest match'),
    matches: z.array(found).min(1).max(maxEventMatches).describe('The nearest of each bank, nearest first'),
  }),
  z.strictObject({
    event_type: z.literal('action_taken'),
    ...shared,
    action: z.enum(webhookActions),
    label,
    review: z.int().nullable().describe('The number of the review, where one was opened or joined'),
    actor,
  }),
  z.strictObject({
    event_type: z.literal('review_decided'),
    ...shared,
    decision: z.enum(webhookDecisions).describe('More values may come'),
    action: z.enum(webhookActions).nullable().describe('What was reversed, where it was no label'),
    label,
    review: z.int().nullable().describe('The number of the review that was decided about'),
    actor,
  }),
])

/**
 * The JSON by which `harrier target check` finds out whether an endpoint is reached and believes us: nothing has happened, and it is
 * sent whatever events the endpoint asks for.
 */
export const webhookPing: z.ZodType<WebhookPing> = z.strictObject({
  event_type: z.literal('ping'),
  id: shared.id,
  timestamp: shared.timestamp.describe('When it was sent, UTC'),
  labeler: shared.labeler,
})

/** A ping as it is sent. */
export type WebhookPing = {
  readonly event_type: 'ping'
  readonly id: string
  readonly timestamp: string
  readonly labeler: string
}

type Shared = {
  readonly id: string
  readonly timestamp: string
  readonly labeler: string
  readonly content_id: string
  readonly did: string | null
  readonly record_cid: string | null
  readonly blob_cid: string | null
}

/** A match as events tell it. */
export type FoundPayload = {
  readonly bank_name: string | null
  readonly hash_type: Match['hashType']
  readonly distance: number
}

/** An event as it is sent. */
export type WebhookPayload = Shared &
  (
    | {
        readonly event_type: 'match_found'
        readonly match_info: FoundPayload
        readonly matches: readonly FoundPayload[]
      }
    | {
        readonly event_type: 'action_taken'
        readonly action: (typeof webhookActions)[number]
        readonly label: string | null
        readonly review: number | null
        readonly actor: string
      }
    | {
        readonly event_type: 'review_decided'
        readonly decision: (typeof webhookDecisions)[number]
        readonly action: (typeof webhookActions)[number] | null
        readonly label: string | null
        readonly review: number | null
        readonly actor: string
      }
  )
