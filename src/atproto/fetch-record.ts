import type { JsonValue } from '@atproto/lex-json'
import { readBody } from '../lib/read-body.ts'
import { RefusedAddressError, type SafeFetch, TooManyRedirectsError } from '../lib/safe-fetch.ts'
import { type AtUri, type Cid, type Did, parseDid } from '../model/ids.ts'
import type { UnavailableReason } from '../model/scan.ts'
import { type AskOptions, askHost, readRefusal } from './host-answer.ts'
import { cidOfRecord } from './record-cid.ts'

/** What fetching a record needs. */
export type FetchRecordDeps = {
  readonly resolvePds: (did: Did, signal: AbortSignal) => Promise<string | undefined>
  readonly fetch: SafeFetch
}

/** A record as its host has it now, its CID checked; or why the host does not give it. */
export type FetchedRecord =
  | { readonly kind: 'record'; readonly cid: Cid; readonly record: JsonValue }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason }

/** Fetches the current version of a record. Rejects with errors that may be retried, or with the signal's reason. */
export type FetchRecord = (uri: AtUri, signal: AbortSignal) => Promise<FetchedRecord>

/** The most bytes of an answer; the network's records have at most 1 MB, which JSON makes longer. */
const maxAnswerBytes = 4_000_000

/** Returns a reader of `com.atproto.repo.getRecord` at the account's own host. */
export function createFetchRecord({ resolvePds, fetch }: FetchRecordDeps, options: AskOptions): FetchRecord {
  return async (uri, signal) => {
    const [repo = '', collection = '', rkey = ''] = uri.slice('at://'.length).split('/')
    try {
      const pds = await resolvePds(parseDid(repo) as Did, signal)
      if (pds === undefined) return unavailable('no-account')
      const url = new URL('/xrpc/com.atproto.repo.getRecord', pds)
      url.search = new URLSearchParams({ repo, collection, rkey }).toString()
      return await askHost(fetch, url, options, signal, (response) => readAnswer(response, options))
    } catch (error) {
      if (error instanceof RefusedAddressError) return unavailable('refused-address')
      if (error instanceof TooManyRedirectsError) return unavailable('too-many-redirects')
      throw error
    }
  }
}

async function readAnswer(response: Response, { idleTimeoutMs }: AskOptions): Promise<FetchedRecord> {
  if (response.status !== 200) return unavailable(await readRefusal(response, idleTimeoutMs))
  const body = await readBody(response, { maxBytes: maxAnswerBytes, idleTimeoutMs })
  if (!body.isWhole) return unavailable('too-large')
  const answer = parseAnswer(body.bytes)
  if (!answer) return unavailable('bad-response')
  const cid = await cidOfRecord(answer.record)
  return cid !== undefined && cid === answer.cid
    ? { kind: 'record', cid, record: answer.record }
    : unavailable('cid-mismatch')
}

function parseAnswer(bytes: Uint8Array): { readonly cid: string; readonly record: JsonValue } | undefined {
  try {
    const { cid, value } = Object(JSON.parse(Buffer.from(bytes).toString('utf8'))) as Record<
      string,
      JsonValue
    >
    return typeof cid === 'string' && typeof value === 'object' && value !== null
      ? { cid, record: value }
      : undefined
  } catch {
    return undefined
  }
}

function unavailable(reason: UnavailableReason): FetchedRecord {
  return { kind: 'unavailable', reason }
}
