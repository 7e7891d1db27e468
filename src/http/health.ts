import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Readiness } from '../model/readiness.ts'

/** An answer to a probe. */
type ProbeAnswer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> }

/**
 * Returns the answer to a probe of an orchestrator, or undefined when the request is none. `/health` says that the process
 * answers; `/ready` whether it can do its work, with what it waits for when it cannot (503). Neither asks for a credential,
 * for probes have none, and neither tells anything of what is stored.
 */
export function probeAnswer(
  { method, url = '' }: Pick<IncomingMessage, 'method' | 'url'>,
  readiness: Readiness,
): ProbeAnswer | undefined {
  const [path] = url.split('?', 1)
  if (method !== 'GET' && method !== 'HEAD') return undefined
  if (path === '/health') return { status: 200, body: { status: 'healthy' } }
  if (path !== '/ready') return undefined
  const waiting = readiness()
  if (waiting.length === 0) return { status: 200, body: { status: 'ready' } }
  const reasons = waiting.map((part) => `Expected the ${part} to be ready but it still starts`)
  return { status: 503, body: { status: 'starting', reasons } }
}

/** Returns what answers probes, and hands on every other request. */
export function withProbes(readiness: Readiness, next: RequestListener): RequestListener {
  return (request, response) => {
    const answer = probeAnswer(request, readiness)
    if (answer) sendJson(request, response, answer)
    else next(request, response)
  }
}

/** Tells a caller who comes too early to come again. */
export const refuseEarly: RequestListener = (request, response) => {
  const body = { error: 'NotReady', message: 'Expected to be asked once started; /ready says when' }
  sendJson(request, response, { status: 503, body })
}

function sendJson(
  { method }: IncomingMessage,
  response: ServerResponse,
  { status, body }: ProbeAnswer,
): void {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(status === 503 ? { 'retry-after': '2' } : {}),
  })
  response.end(method === 'HEAD' ? undefined : text)
}
