import {
  type DidDocument,
  DidResolver,
  getPds,
  PoorlyFormattedDidDocumentError,
  PoorlyFormattedDidError,
  UnsupportedDidMethodError,
  UnsupportedDidWebPathError,
} from '@atproto/identity'
import { createCoalescer } from '../lib/coalesce.ts'
import { AppError, shouldRetry } from '../lib/errors.ts'
import { type SafeFetch, withMaxBody } from '../lib/safe-fetch.ts'
import type { Did } from '../model/ids.ts'

/** What the resolver needs of the store: documents by account, with when each was resolved, in epoch milliseconds. */
interface DidDocStore {
  load(did: Did): Promise<{ readonly doc: string; readonly updatedAt: number } | undefined>
  save(did: Did, doc: { readonly doc: string; readonly updatedAt: number }): Promise<void>
  forget(dids: readonly Did[]): Promise<void>
}

/** What the resolver is made of. */
export type IdentityDeps = {
  readonly store: DidDocStore
  readonly fetch: SafeFetch
  /** The PLC directory, such as `https://plc.directory`. */
  readonly plcUrl: string
  /** The longest that one lookup may take, in milliseconds. */
  readonly timeoutMs: number
  /** The clock, epoch milliseconds. */
  readonly now: () => number
}

/** Finds accounts' documents and hosts. Concurrent lookups of one account are one request. */
export interface IdentityResolver {
  /**
   * Returns the account's document, at most an hour old, or up to a day when it cannot be had anew; undefined when the
   * account is unknown or deleted, or its document is not one.
   *
   * @throws RefusedAddressError or TooManyRedirectsError when a `did:web` points where we do not go; an `AppError` that
   * may be retried when the directory or the host is unwell.
   */
  resolveDoc(did: Did, signal: AbortSignal): Promise<DidDocument | undefined>
  /** As `resolveDoc`, with a document at most a minute old where that can be had: for a key that may have changed. */
  refreshDoc(did: Did, signal: AbortSignal): Promise<DidDocument | undefined>
  /** Returns the origin of the account's host, or undefined when there is no document or it names none over http(s). */
  resolvePds(did: Did, signal: AbortSignal): Promise<string | undefined>
}

/** The directory, or the host of a `did:web`, is unwell. */
class DirectoryError extends AppError {
  override readonly name = 'DirectoryError'
}

/** How old a document may be before it is resolved anew, in milliseconds. */
const staleMs = 3_600_000
/** As `staleMs`, for `refreshDoc`: whoever can make us refresh can do so once in this time for each account. */
const refreshMs = 60_000
/** How old a document may be when it cannot be resolved anew, in milliseconds. */
const maxMs = 24 * staleMs
/** The largest document that is read, in bytes. */
const maxDocBytes = 256 * 1024

/** Returns a resolver of `did:plc` and `did:web` that keeps documents in the store. */
export function createIdentityResolver(deps: IdentityDeps): IdentityResolver {
  const { store, now, plcUrl, timeoutMs } = deps
  const resolver = new DidResolver({ plcUrl, timeout: timeoutMs, fetch: directoryFetch(deps) })
  const share = createCoalescer<DidDocument | undefined>()

  return {
    resolveDoc,
    refreshDoc: (did, signal) => share(`${did} anew`, signal, () => loadOrResolve(did, refreshMs)),
    async resolvePds(did, signal) {
      const doc = await resolveDoc(did, signal)
      return doc && originOf(getPds(doc))
    },
  }

  async function resolveDoc(did: Did, signal: AbortSignal): Promise<DidDocument | undefined> {
    return await share(did, signal, async () => await loadOrResolve(did, staleMs))
  }

  async function loadOrResolve(did: Did, oldestMs: number): Promise<DidDocument | undefined> {
    const stored = await store.load(did)
    const age = stored ? now() - stored.updatedAt : Infinity
    if (stored && age < oldestMs) return parseStored(did, stored.doc)
    let doc: DidDocument | undefined
    try {
      doc = await resolveAnew(did)
    } catch (error) {
      if (stored && age < maxMs && shouldRetry(error)) return parseStored(did, stored.doc)
      throw error
    }
    if (doc) await store.save(did, { doc: JSON.stringify(doc), updatedAt: now() })
    else if (stored) await store.forget([did])
    return doc
  }

  async function resolveAnew(did: Did): Promise<DidDocument | undefined> {
    try {
      return (await resolver.resolveNoCache(did)) ?? undefined
    } catch (error) {
      if (isNoDocument(error)) return undefined
      if (error instanceof AppError) throw error
      throw new DirectoryError('upstream', `Could not resolve ${did}`, { cause: error })
    }
  }

  function parseStored(did: Did, doc: string): DidDocument {
    return resolver.validateDidDoc(did, JSON.parse(doc))
  }
}

/**
 * The fetch that the library resolves with. It tells what the library does not: a `did:web` host that is unwell is not
 * an account that is gone, and a tombstone (410) or a malformed DID (400) in the directory is.
 */
function directoryFetch({ fetch, timeoutMs }: IdentityDeps): SafeFetch {
  const bounded = withMaxBody(fetch, maxDocBytes)
  return async (input, init) => {
    const response = await bounded(input, { ...init, timeoutMs })
    const { status } = response
    if (status === 429 || status === 408 || status >= 500) {
      await response.body?.cancel()
      throw new DirectoryError('upstream', `The directory answered ${status}`, { details: { status } })
    }
    if (status !== 410 && status !== 400) return response
    await response.body?.cancel()
    return new Response(undefined, { status: 404 })
  }
}

/** True for what the library throws when there is an answer, and it is not a document of this account. */
function isNoDocument(error: unknown): boolean {
  return (
    error instanceof PoorlyFormattedDidDocumentError ||
    error instanceof PoorlyFormattedDidError ||
    error instanceof UnsupportedDidMethodError ||
    error instanceof UnsupportedDidWebPathError
  )
}

function originOf(endpoint: string | undefined): string | undefined {
  const url = endpoint === undefined ? null : URL.parse(endpoint)
  return url && (url.protocol === 'http:' || url.protocol === 'https:') ? url.origin : undefined
}
