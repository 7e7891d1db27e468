/** Sends requests as they stand, however odd, and looks at the answers. */
import { Agent, request as httpRequest } from 'node:http'
import { marker } from './hostile-json.ts'
import type { HostileRequest } from './target.ts'

/** An answer. */
export type Answer = {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** How long an answer may take before it counts as none, on a machine that is busy. */
const patienceMs = 25_000
const agent = new Agent({ keepAlive: true, maxSockets: 8 })

/** Sends a request and resolves to its answer. Rejects when there is none. */
export function send(origin: string, { method, url, headers, bytes }: HostileRequest): Promise<Answer> {
  const { hostname, port } = new URL(origin)
  return new Promise((resolve, reject) => {
    const hasBody = method !== 'GET' && method !== 'DELETE'
    const outgoing = httpRequest({
      agent,
      hostname,
      port,
      method,
      path: url,
      headers: {
        ...headers,
        ...(hasBody || bytes.length > 0 ? { 'content-length': String(bytes.length) } : {}),
      },
      signal: AbortSignal.timeout(patienceMs),
    })
    // Of a request that is refused before all of it was read, the rest may fail to be sent.
    let isAnswered = false
    outgoing.on('error', (error) => {
      if (!isAnswered)
        reject(new Error(`Expected an answer to ${method} ${url.slice(0, 200)}`, { cause: error }))
    })
    outgoing.on('response', (response) => {
      isAnswered = true
      const pieces: Buffer[] = []
      response.on('data', (piece: Buffer) => void pieces.push(piece))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(pieces).toString(),
        }),
      )
    })
    outgoing.end(hasBody || bytes.length > 0 ? bytes : undefined)
  })
}

/** The one fault that is no fault: what is asked for is not to be had now, and the answer says when or why. */
const unavailable = new Set([501, 503, 504])

/** Returns what is wrong with an answer to a bad request; undefined when nothing is. */
export function faultOf({ status, headers, text }: Answer): string | undefined {
  if (status >= 500 && !unavailable.has(status)) return `status ${status}`
  if (/node_modules|\bat .{1,200}\.[jt]s:\d+/.test(text)) return 'a stack trace'
  if (status < 400) return undefined
  if (text.length > 20_000) return `a refusal of ${text.length} characters`
  if (text.includes(marker.repeat(2))) return 'a refusal that repeats all that was sent'
  if (!/json/.test(String(headers['content-type'])))
    return `a refusal of type ${String(headers['content-type'])}`
  const reason = reasonOf(JSON.parse(text))
  return reason === undefined || reason.trim().length < 3 ? `no reason in ${text.slice(0, 200)}` : undefined
}

/** Where each API says why: problem documents, XRPC and HMA, Eurosky's hepa, and pydantic's list. */
function reasonOf(json: unknown): string | undefined {
  const [body] = Array.isArray(json) ? json : [json]
  if (typeof body !== 'object' || body === null) return undefined
  const { detail, message, error, msg } = body as Record<string, unknown>
  return [detail, message, error, msg].find((text) => typeof text === 'string')
}
