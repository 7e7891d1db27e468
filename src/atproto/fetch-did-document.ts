import { type DidDocument, DidResolver, PoorlyFormattedDidDocumentError } from '@atproto/identity'
import { type SafeFetch, withMaxBody } from '../lib/safe-fetch.ts'
import type { Did } from '../model/ids.ts'

/** A DID document as it was resolved. */
export type ResolvedDocument = DidDocument

/** What became of a look at a DID document, now and without any cache. */
export type DocumentAnswer =
  | {
      readonly kind: 'found'
      readonly document: ResolvedDocument
      /** The address that it was read from. */
      readonly url: URL
      /** The `Date` that came with it. */
      readonly date: string | null
    }
  /** The directory or the host does not know it (404, or 400 for a DID that cannot be). */
  | { readonly kind: 'not-found'; readonly url: URL }
  /** The account's owner gave it up for good. */
  | { readonly kind: 'tombstone'; readonly url: URL }
  /** Something came that is no document of this DID. */
  | { readonly kind: 'malformed'; readonly url: URL }
  /** The directory or the host answered another status. */
  | { readonly kind: 'unwell'; readonly url: URL; readonly status: number }
  /** Neither `did:plc` nor a `did:web` without a path, which is all that the network has. */
  | { readonly kind: 'unsupported' }

/** The largest document that is read, in bytes. */
const maxDocBytes = 256 * 1024

/**
 * Fetches a DID document. `createIdentityResolver` is for those who want an account's host; this tells why there is none.
 * @throws the errors of `fetch` and of a body that breaks.
 */
export async function fetchDidDocument(
  did: Did,
  { fetch, plcUrl }: { readonly fetch: SafeFetch; readonly plcUrl: string },
  signal: AbortSignal,
): Promise<DocumentAnswer> {
  const url = documentUrl(did, plcUrl)
  if (url === undefined) return { kind: 'unsupported' }
  const response = await withMaxBody(fetch, maxDocBytes)(url, { signal })
  const { status } = response
  if (!response.ok) await response.body?.cancel()
  if (status === 404 || status === 400) return { kind: 'not-found', url }
  if (status === 410) return { kind: 'tombstone', url }
  if (!response.ok) return { kind: 'unwell', url, status }
  const document = validDocument(did, await response.text())
  if (document === undefined) return { kind: 'malformed', url }
  return { kind: 'found', document, url, date: response.headers.get('date') }
}

/** Where the document is: in the PLC directory, or for a `did:web` on its host, plain only on localhost (did:web, 2.5). */
function documentUrl(did: Did, plcUrl: string): URL | undefined {
  if (did.startsWith('did:plc:')) return new URL(`/${encodeURIComponent(did)}`, plcUrl)
  const [, host] = /^did:web:([^:]+)$/.exec(did) ?? []
  if (host === undefined) return undefined
  const origin = URL.parse(`https://${decodeURIComponent(host)}`)
  if (origin === null) return undefined
  if (origin.hostname === 'localhost') origin.protocol = 'http:'
  return new URL('/.well-known/did.json', origin)
}

function validDocument(did: Did, text: string): ResolvedDocument | undefined {
  try {
    return new DidResolver({}).validateDidDoc(did, JSON.parse(text))
  } catch (error) {
    if (error instanceof PoorlyFormattedDidDocumentError || error instanceof SyntaxError) return undefined
    throw error
  }
}
