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

/** Some records of a collection as their host has them now, or why the host does not give them. */
export type ListedRecords =
  | {
      readonly kind: 'records'
      readonly records: readonly ListedRecord[]
      /** Entries that are not what their CID says, and so no records. */
      readonly refused: number
      /** Where the next page begins; undefined when the host has no more. */
      readonly cursor: string | undefined
    }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason }

/** Which page of a collection is wanted: up to `limit` records, 1 to 100, from `cursor`, or from the newest on. */
export type WantedPage = { readonly limit: number; readonly cursor?: string | undefined }

/** The most that a host gives at once. */
export const maxRecordsAtOnce = 100
const maxAnswerBytes = 16_000_000
const maxCursorChars = 2048

/**
 * Returns a reader of `com.atproto.repo.listRecords` at the account's own host: a page of a collection, newest first. Rejects
 * with errors that may be retried, or with the signal's reason.
 */
export function createListRecords(
  { resolvePds, fetch }: FetchRecordDeps,
  options: AskOptions,
): (did: Did, collection: string, page: WantedPage, signal: AbortSignal) => Promise<ListedRecords> {
  return async (did, collection, page, signal) => {
    try {
      const pds = await resolvePds(did, signal)
      if (pds === undefined) return unavailable('no-account')
      const url = new URL('/xrpc/com.atproto.repo.listRecords', pds)
      url.search = new URLSearchParams({
        repo: did,
        collection,
        limit: String(page.limit),
        ...(page.cursor !== undefined && { cursor: page.cursor }),
      }).toString()
      return await askHost(fetch, url, options, signal, (response) =>
        readAnswer(response, `at://${did}/${collection}/`, page, options),
      )
    } catch (error) {
      if (error instanceof RefusedAddressError) return unavailable('refused-address')
      if (error instanceof TooManyRedirectsError) return unavailable('too-many-redirects')
      throw error
    }
  }
}

async function readAnswer(
  response: Response,
  place: string,
  { limit }: WantedPage,
  { idleTimeoutMs }: AskOptions,
): Promise<ListedRecords> {
  if (response.status !== 200) return unavailable(await readRefusal(response, idleTimeoutMs))
  const body = await readBody(response, { maxBytes: maxAnswerBytes, idleTimeoutMs })
  if (!body.isWhole) return unavailable('too-large')
  const answer = parseAnswer(body.bytes)
  if (!answer || answer.entries.length > limit) return unavailable('bad-response')
  const records: ListedRecord[] = []
  for (const { uri: address, cid, value } of answer.entries) {
    const uri = parseAtUri(address)
    if (!uri?.startsWith(place) || typeof value !== 'object' || value === null) continue
    const made = await cidOfRecord(value)
    if (made !== undefined && made === cid) records.push({ uri, cid: made, record: value })
  }
  return {
    kind: 'records',
    records,
    refused: answer.entries.length - records.length,
    cursor: answer.cursor,
  }
}

type Entry = { readonly uri?: JsonValue; readonly cid?: JsonValue; readonly value?: JsonValue }

type Answer = { readonly entries: readonly Entry[]; readonly cursor: string | undefined }

function parseAnswer(bytes: Uint8Array): Answer | undefined {
  try {
    const { records, cursor } = Object(JSON.parse(Buffer.from(bytes).toString('utf8'))) as {
      records?: unknown
      cursor?: unknown
    }
    if (!Array.isArray(records) || !isCursor(cursor)) return undefined
    // Some hosts say with an empty cursor, others with null, that there is no more.
    return { entries: records.map((entry) => Object(entry) as Entry), cursor: cursor || undefined }
  } catch {
    // Not JSON: the host does not answer as the method does.
    return undefined
  }
}

function isCursor(cursor: unknown): cursor is string | null | undefined {
  return (
    cursor === undefined || cursor === null || (typeof cursor === 'string' && cursor.length <= maxCursorChars)
  )
}

function unavailable(reason: UnavailableReason): ListedRecords {
  return { kind: 'unavailable', reason }
}
