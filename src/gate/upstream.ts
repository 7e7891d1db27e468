import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { request as httpsRequest, Agent as TlsAgent } from 'node:https'
import { pipeline } from 'node:stream'
import { isRefusedExpectation } from './answer.ts'
import { copyHeaders, endToEndHeaders } from './headers.ts'

/** The PDS behind the gate. Disposal closes the connections that rest. */
export interface Upstream extends Disposable {
  /** Returns a request like the caller's, for the PDS; nothing is sent before it is flushed, written to or ended. */
  open(request: IncomingMessage, extra?: Readonly<Record<string, string>>): ClientRequest
}

/** Returns the PDS at an origin. Connections are kept and used again. */
export function createUpstream(origin: string): Upstream {
  const { protocol, hostname, port } = new URL(origin)
  const isTls = protocol === 'https:'
  const agent = isTls ? new TlsAgent({ keepAlive: true }) : new Agent({ keepAlive: true })
  const send = isTls ? httpsRequest : httpRequest
  return {
    open(request, extra = {}) {
      const upstream = send({
        protocol,
        // An IPv6 address stands in brackets in a URL, and without them everywhere else.
        hostname: hostname.replace(/^\[|\]$/g, ''),
        port,
        method: request.method,
        path: originForm(request.url ?? '/'),
        agent,
        setHost: false,
      })
      copyHeaders(request, upstream)
      for (const [name, value] of Object.entries(extra)) upstream.setHeader(name, value)
      return upstream
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}

/** A target may come with its host (RFC 9112, 3.2.2); the PDS gets the path and query. */
function originForm(target: string): string {
  if (target.startsWith('/') || target === '*') return target
  const url = URL.parse(target)
  return url ? `${url.pathname}${url.search}` : `/${target}`
}

/** Hands the PDS's answer to the caller as it came; an answer that breaks off breaks off for the caller too. */
export function relayAnswer(answer: IncomingMessage, response: ServerResponse): void {
  response.sendDate = false
  if (isRefusedExpectation(response)) response.shouldKeepAlive = false
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', endToEndHeaders(answer))
  pipeline(answer, response, (error) => {
    if (error) response.destroy()
  })
}
