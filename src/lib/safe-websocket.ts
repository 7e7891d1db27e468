import { isUnicastIpHostname, unicastLookup } from '@atproto-labs/fetch-node'
import { WebSocket } from 'ws'
import { RefusedAddressError } from './safe-fetch.ts'

/** Limits of WebSockets to addresses that strangers choose. */
export type SafeWebSocketOptions = {
  /** Origins such as `http://localhost:2583` that may be plain or private; the same setting as for fetching. */
  readonly allowedPrivateOrigins: readonly string[]
  readonly userAgent: string
  /** The longest that connecting and the upgrade may take, in milliseconds. */
  readonly handshakeTimeoutMs: number
  /** The longest message that is taken; a longer one ends the connection (close code 1009). */
  readonly maxMessageBytes: number
}

/**
 * Opens a WebSocket that no stranger can point at a private address: public wss only, no redirects, no compression.
 * It is connecting when it is returned; an address that resolves to a private one ends it by its `error` event.
 *
 * @throws {RefusedAddressError} for a URL that is not wss, or whose host is a private address.
 */
export type OpenWebSocket = (url: URL) => WebSocket

/** Returns an opener that refuses what is not public wss, private origins that are named excepted. */
export function createSafeWebSocket(options: SafeWebSocketOptions): OpenWebSocket {
  const privateOrigins: ReadonlySet<string> = new Set(options.allowedPrivateOrigins)
  const shared = {
    headers: { 'user-agent': options.userAgent },
    handshakeTimeout: options.handshakeTimeoutMs,
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: false,
    followRedirects: false,
  } as const

  return (url) => {
    if (privateOrigins.has(httpOriginOf(url))) return new WebSocket(url, shared)
    if (url.protocol !== 'wss:' || isUnicastIpHostname(url.hostname) === false) {
      throw new RefusedAddressError('forbidden', `Refused to connect to ${url.origin}`, {
        details: { origin: url.origin },
      })
    }
    // `ws` hands its options on to `net.connect` and `tls.connect`, which resolve names by this function.
    return new WebSocket(url, { ...shared, lookup: unicastLookup })
  }
}

/** The origin as the settings name it: `ws://localhost:1` is `http://localhost:1`. */
function httpOriginOf({ protocol, host }: URL): string {
  return `${protocol === 'wss:' ? 'https:' : 'http:'}//${host}`
}
