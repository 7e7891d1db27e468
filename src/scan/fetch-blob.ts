import { askHost, readRefusal } from '../atproto/host-answer.ts'
import { readBody } from '../lib/read-body.ts'
import type { SafeFetch } from '../lib/safe-fetch.ts'
import { type Cid, type Did, sha256OfBlobCid } from '../model/ids.ts'
import type { UnavailableReason } from '../model/scan.ts'
import { createHostLimit } from './host-limit.ts'

/** Limits of one download. */
export type FetchBlobOptions = {
  readonly maxBlobBytes: number
  /** The longest that a download may take, redirects included, in milliseconds. */
  readonly timeoutMs: number
  /** The longest silence between two pieces, in milliseconds. */
  readonly idleTimeoutMs: number
  /** How many downloads from one host run at the same time; the others wait. */
  readonly maxPerHost: number
}

/** Where a blob is to be had. */
type BlobAddress = { readonly pds: string; readonly did: Did; readonly cid: Cid }

/** The bytes, verified to be those that the CID stands for, or why this host does not give them. */
type FetchedBlob =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'unavailable'; readonly reason: UnavailableReason }

/**
 * Downloads one blob. Rejects with an `AppError` that may be retried when the host or the network is unwell, with
 * `RefusedAddressError` or `TooManyRedirectsError` when the way leads where we do not go, and with the signal's reason.
 */
export type FetchBlob = (address: BlobAddress, signal: AbortSignal) => Promise<FetchedBlob>

/** Returns a downloader of `com.atproto.sync.getBlob`, fair between hosts. */
export function createFetchBlob(safeFetch: SafeFetch, options: FetchBlobOptions): FetchBlob {
  const withinHost = createHostLimit(options.maxPerHost)

  return async (address, signal) => {
    const url = new URL('/xrpc/com.atproto.sync.getBlob', address.pds)
    url.searchParams.set('did', address.did)
    url.searchParams.set('cid', address.cid)
    const read = (response: Response): Promise<FetchedBlob> => readAnswer(response, address.cid, options)
    return await withinHost(url.host, signal, () => askHost(safeFetch, url, options, signal, read))
  }
}

async function readAnswer(response: Response, cid: Cid, options: FetchBlobOptions): Promise<FetchedBlob> {
  const { maxBlobBytes, idleTimeoutMs } = options
  if (response.status !== 200) return unavailable(await readRefusal(response, idleTimeoutMs))
  if (Number(response.headers.get('content-length')) > maxBlobBytes) return unavailable('too-large')
  const body = await readBody(response, { maxBytes: maxBlobBytes, idleTimeoutMs })
  if (!body.isWhole) return unavailable('too-large')
  return body.sha256 === sha256OfBlobCid(cid)
    ? { kind: 'bytes', bytes: body.bytes }
    : unavailable('cid-mismatch')
}

function unavailable(reason: UnavailableReason): FetchedBlob {
  return { kind: 'unavailable', reason }
}
