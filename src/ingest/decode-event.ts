import { isValidNsid, isValidRecordKey } from '@atproto/syntax'
import { type AtUri, type Did, parseAtUri, parseCid, parseDid } from '../model/ids.ts'
import type { DropReason, StreamCursor, StreamEvent } from '../model/stream-event.ts'

/** A Jetstream message, judged: an event, or the reason why there is none. */
export type DecodedEvent =
  | {
      readonly kind: 'event'
      readonly event: StreamEvent
      /** The same for the same event on every host; at most 10,000 characters. */
      readonly key: string
    }
  | { readonly kind: 'drop'; readonly reason: DropReason }

type Fields = Readonly<Record<string, unknown>>

const maxTextChars = 64

/**
 * Returns the event that a host's JSON message stands for, in the v1 form of `GET /subscribe`, or why there is none.
 * Every field that is kept has been validated; the record is any JSON. Takes any value and never throws.
 */
export function decodeEvent(message: unknown, host: string): DecodedEvent {
  if (!isFields(message)) return drop('malformed-event')
  const cursor = cursorOf(message, host)
  if (!cursor) return drop('malformed-event')
  const did = parseDid(message['did'])
  if (!did) return drop('bad-did')
  switch (message['kind']) {
    case 'commit':
      return decodeCommit(message['commit'], did, cursor)
    case 'identity':
      return decodeIdentity(message['identity'], did, cursor)
    case 'account':
      return decodeAccount(message['account'], did, cursor)
    default:
      return drop(typeof message['kind'] === 'string' ? 'unknown-kind' : 'malformed-event')
  }
}

function decodeCommit(commit: unknown, did: Did, cursor: StreamCursor): DecodedEvent {
  if (!isFields(commit) || !isShortText(commit['rev'])) return drop('malformed-event')
  const { operation } = commit
  const isRemoval = operation === 'delete'
  if (!isRemoval && operation !== 'create' && operation !== 'update') return drop('malformed-event')
  const uri = uriOf(did, commit['collection'], commit['rkey'])
  if (!uri) return drop('bad-record-key')
  const key = `${operation} ${uri} ${commit['rev']}`
  if (isRemoval) return { kind: 'event', key, event: { kind: 'commit', operation, did, cursor, uri } }
  const recordCid = parseCid(commit['cid'])
  if (!recordCid) return drop('bad-record-cid')
  const { record } = commit
  if (record === undefined) return drop('malformed-event')
  return { kind: 'event', key, event: { kind: 'commit', operation, did, cursor, uri, recordCid, record } }
}

function decodeIdentity(identity: unknown, did: Did, cursor: StreamCursor): DecodedEvent {
  if (!isFields(identity)) return drop('malformed-event')
  return {
    kind: 'event',
    key: keyOf('identity', identity, did, cursor),
    event: { kind: 'identity', did, cursor },
  }
}

function decodeAccount(account: unknown, did: Did, cursor: StreamCursor): DecodedEvent {
  if (!isFields(account)) return drop('malformed-event')
  const isActive = account['active']
  if (typeof isActive !== 'boolean') return drop('malformed-event')
  const key = keyOf(`account ${isActive}`, account, did, cursor)
  return { kind: 'event', key, event: { kind: 'account', did, cursor, isActive } }
}

/** The relay's own number and time are the same on every host; a host that leaves both out gets a key of its own. */
function keyOf(kind: string, { seq, time }: Fields, did: Did, { host, timeUs }: StreamCursor): string {
  const number = isCount(seq) ? String(seq) : ''
  const moment = isShortText(time) ? time : ''
  return `${kind} ${did} ${number || moment ? `${number} ${moment}` : `${host} ${timeUs}`}`
}

function cursorOf({ time_us: timeUs, cursor: seq }: Fields, host: string): StreamCursor | undefined {
  if (!isCount(timeUs) || (seq !== undefined && !isCount(seq))) return undefined
  return { host, timeUs, seq }
}

function uriOf(did: Did, collection: unknown, rkey: unknown): AtUri | undefined {
  if (typeof collection !== 'string' || typeof rkey !== 'string') return undefined
  if (!isValidNsid(collection) || !isValidRecordKey(rkey)) return undefined
  return parseAtUri(`at://${did}/${collection}/${rkey}`)
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxTextChars
}

function drop(reason: DropReason): DecodedEvent {
  return { kind: 'drop', reason }
}
