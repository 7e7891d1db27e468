import type { JsonValue } from '@atproto/lex-json'
import { readBody } from '../lib/read-body.ts'
import { RefusedAddressError, TooManyRedirectsError } from '../lib/safe-fetch.ts'
import { type AtUri, type Cid, type Did, parseAtUri } from '../model/ids.ts'
import type { UnavailableReason } from '../model/scan.ts'
import type { FetchRecordDeps } from './fetch-record.ts'
import { type AskOptions, askHost, readRefusal } from './host-answer.ts'
import { cidOfRecord } from './record-cid.ts'

/** A record of a list, its CID checked. */
export type ListedRecord = { readonly uri: AtUri; readonly cid: Cid; readonly record: JsonValue }

/** The newest records of a collection as their host has them now, or why the host does not give them. */
export type ListedRecords =
  | { readonly kind: 'records'; readonly records: readonly ListedRecord[] }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason }

/** The most that a host gives at once. */
const limit = '100'
const maxAnswerBytes = 16_000_000

/**
 * Returns a reader of `com.atproto.repo.listRecords` at the account's own host: its newest hundred of a collection, newest first.
 * Entries that are not what their CID says are left out. Rejects with errors that may be retried, or with the signal's reason.
 */
export function createListRecords(
  { resolvePds, fetch }: FetchRecordDeps,
  options: AskOptions,
): (did: Did, collection: string, signal: AbortSignal) => Promise<ListedRecords> {
  return async (did, collection, signal) => {
    try {
      const pds = await resolvePds(did, signal)
      if (pds === undefined) return unavailable('no-account')
      const url = new URL('/xrpc/com.atproto.repo.listRecords', pds)
      url.search = new URLSearchParams({ repo: did, collection, limit }).toString()
      return await askHost(fetch, url, options, signal, (response) => readAnswer(response, did, options))
    } catch (error) {
      if (error instanceof RefusedAddressError) return unavailable('refused-address')
      if (error instanceof TooManyRedirectsError) return unavailable('too-many-redirects')
      throw error
    }
  }
}

async function readAnswer(
  response: Response,
  did: Did,
  { idleTimeoutMs }: AskOptions,
): Promise<ListedRecords> {
  if (response.status !== 200) return unavailable(await readRefusal(response, idleTimeoutMs))
  const body = await readBody(response, { maxBytes: maxAnswerBytes, idleTimeoutMs })
  if (!body.isWhole) return unavailable('too-large')
  const entries = parseAnswer(body.bytes)
  if (!entries) return unavailable('bad-response')
  const records: ListedRecord[] = []
  for (const { uri, cid, value } of entries) {
    const place = parseAtUri(uri)
    if (!place?.startsWith(`at://${did}/`) || typeof value !== 'object' || value === null) continue
    const made = await cidOfRecord(value)
    if (made !== undefined && made === cid) records.push({ uri: place, cid: made, record: value })
  }
  return { kind: 'records', records }
}

type Entry = { readonly uri?: JsonValue; readonly cid?: JsonValue; readonly value?: JsonValue }

function parseAnswer(bytes: Uint8Array): readonly Entry[] | undefined {
  try {
    const { records } = Object(JSON.parse(Buffer.from(bytes).toString('utf8'))) as { records?: unknown }
    return Array.isArray(records) ? records.map((entry) => Object(entry) as Entry) : undefined
  } catch {
    // Not JSON: the host does not answer as the method does.
    return undefined
  }
}

function unavailable(reason: UnavailableReason): ListedRecords {
  return { kind: 'unavailable', reason }
}
