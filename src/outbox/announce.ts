import { parseAtUri, parseDid } from '../model/ids.ts'
import type { Match } from '../model/match.ts'
import type { NewOutboxMessage } from '../model/outbox.ts'
import type { WebhookEndpoint } from '../model/webhook-endpoint.ts'
import {
  type FoundPayload,
  maxEventMatches,
  type WebhookEvent,
  type WebhookPayload,
} from '../model/webhook-event.ts'
import type { Announce } from '../store/database.ts'

/** What telling of events needs. */
export type AnnounceDeps = {
  readonly endpoints: readonly WebhookEndpoint[]
  /** The DID of the labeler. */
  readonly labeler: string
  /** False keeps the names of banks to ourselves. */
  readonly hasBankNames: boolean
  /** Returns a new id, unique for ever. */
  readonly newId: () => string
}

/** Returns the function that puts events into the outbox, a message for each endpoint that wants them. */
export function createAnnounce(deps: AnnounceDeps): Announce {
  return async ({ outbox }, events, at, only) => {
    let messages = 0
    for (const event of events) {
      const wanting = deps.endpoints.filter(({ id, events: wanted }) =>
        only === undefined ? wanted.includes(event.type) : id === only && !wanted.includes(event.type),
      )
      if (wanting.length > 0) await outbox.add(messagesOf(deps, event, wanting, at))
      messages += wanting.length
    }
    return messages
  }
}

function messagesOf(
  deps: AnnounceDeps,
  event: WebhookEvent,
  endpoints: readonly WebhookEndpoint[],
  at: string,
): NewOutboxMessage[] {
  const messageId = `msg_${deps.newId()}`
  const payload = JSON.stringify(payloadOf(deps, event, messageId, at))
  return endpoints.map(({ id }) => ({
    kind: 'webhook',
    target: id,
    messageId,
    event: event.type,
    subject: event.contentId,
    payload,
    createdAt: at,
  }))
}

/** Returns an event as it is sent. */
function payloadOf(
  { labeler, hasBankNames }: AnnounceDeps,
  event: WebhookEvent,
  id: string,
  timestamp: string,
): WebhookPayload {
  const { contentId, recordCid = null, blobCid = null } = event
  const did = parseDid(parseAtUri(contentId)?.split('/')[2] ?? /^did:[^/]+/.exec(contentId)?.[0]) ?? null
  const shared = {
    id,
    timestamp,
    labeler,
    content_id: contentId,
    did,
    record_cid: recordCid,
    blob_cid: blobCid,
  }
  if (event.type === 'match_found') {
    const matches = nearestOfEachBank(event.matches).map((match) => foundOf(match, hasBankNames))
    return { event_type: event.type, ...shared, match_info: matches[0] as FoundPayload, matches }
  }
  const { label = null, actor } = event
  if (event.type === 'review_decided') {
    const { type, decision, action = null, review = null } = event
    return { event_type: type, ...shared, decision, action, label, review, actor }
  }
  const { type, action, review = null } = event
  return { event_type: type, ...shared, action, label, review, actor }
}

function nearestOfEachBank(matches: readonly Match[]): readonly Match[] {
  const seen = new Set<number>()
  return matches.filter(({ bankId }) => !seen.has(bankId) && seen.add(bankId)).slice(0, maxEventMatches)
}

function foundOf({ bank, hashType, distance }: Match, hasBankNames: boolean): FoundPayload {
  return { bank_name: hasBankNames ? bank : null, hash_type: hashType, distance }
}
