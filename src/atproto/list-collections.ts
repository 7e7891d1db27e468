import { isValidNsid } from '@atproto/syntax'
import { readBody } from '../lib/read-body.ts'
import { RefusedAddressError, TooManyRedirectsError } from '../lib/safe-fetch.ts'
import type { Did } from '../model/ids.ts'
import type { UnavailableReason } from '../model/scan.ts'
import type { FetchRecordDeps } from './fetch-record.ts'
import { type AskOptions, askHost, readRefusal } from './host-answer.ts'

/** The collections that an account has records in, or why the host does not say so. */
export type ListedCollections =
  | { readonly kind: 'collections'; readonly host: string; readonly collections: readonly string[] }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason }

/** Enough for a thousand collections of the longest names, and the DID document that comes with them. */
const maxAnswerBytes = 1_000_000
const maxCollections = 1000

/**
 * Returns a reader of `com.atproto.repo.describeRepo` at the account's own host: the NSIDs of its collections, each once, by
 * name. Rejects with errors that may be retried, or with the signal's reason.
 */
export function createListCollections(
  { resolvePds, fetch }: FetchRecordDeps,
  options: AskOptions,
): (did: Did, signal: AbortSignal) => Promise<ListedCollections> {
  return async (did, signal) => {
    try {
      const pds = await resolvePds(did, signal)
      if (pds === undefined) return unavailable('no-account')
      const url = new URL('/xrpc/com.atproto.repo.describeRepo', pds)
      url.search = new URLSearchParams({ repo: did }).toString()
      return await askHost(fetch, url, options, signal, (response) => readAnswer(response, did, pds, options))
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
  host: string,
  { idleTimeoutMs }: AskOptions,
): Promise<ListedCollections> {
  if (response.status !== 200) return unavailable(await readRefusal(response, idleTimeoutMs))
  const body = await readBody(response, { maxBytes: maxAnswerBytes, idleTimeoutMs })
  if (!body.isWhole) return unavailable('too-large')
  const collections = parseAnswer(body.bytes, did)
  return collections ? { kind: 'collections', host, collections } : unavailable('bad-response')
}

function parseAnswer(bytes: Uint8Array, did: Did): readonly string[] | undefined {
  try {
    const answer = Object(JSON.parse(Buffer.from(bytes).toString('utf8'))) as Record<string, unknown>
    const { collections } = answer
    if (answer['did'] !== did || !Array.isArray(collections) || collections.length > maxCollections)
      return undefined
    if (!collections.every((name) => typeof name === 'string' && isValidNsid(name))) return undefined
    return [...new Set(collections as string[])].sort()
  } catch {
    // Not JSON: the host does not answer as the method does.
    return undefined
  }
}

function unavailable(reason: UnavailableReason): ListedCollections {
  return { kind: 'unavailable', reason }
}
