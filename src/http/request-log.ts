import type { Request, RequestHandler } from 'express'
import type { Log } from '../lib/logger.ts'
import type { HttpMetrics } from './metrics.ts'

/** Routes that machines ask all the time: lines about answers are for debugging only, since metrics count them. */
const polled: ReadonlySet<string> = new Set([
  '/xrpc/_health',
  '/xrpc/com.atproto.label.queryLabels',
  '/metrics',
  '/status',
  '/status/live',
  '/m/lookup',
  '/m/raw_lookup',
  '/xrpc/com.atproto.unspecced.scanBlob',
  '/xrpc/tools.harrier.match.getStatus',
  '/xrpc/tools.harrier.match.getStatuses',
  '/api/v1/match/status',
  '/api/v1/match/status/batch',
  '/api/v1/check-csam',
])

/** Where a request was heard, and where it is told. */
export type RequestLogDeps = {
  readonly listener: 'public' | 'operator'
  readonly logger: Log
  readonly metrics: Pick<HttpMetrics, 'requestDone'>
}

/**
 * Returns middleware that writes one `http.request` line and counts once per request, when the answer has gone or the
 * peer has. The line has neither the query nor the address of the caller. Status 499 is a caller who left.
 */
export function createRequestLog({ listener, logger, metrics }: RequestLogDeps): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now()
    response.once('close', () => {
      const route = routeOf(request)
      const { method } = request
      const status = response.writableFinished ? response.statusCode : 499
      const durationMs = Math.round((performance.now() - startedAt) * 10) / 10
      metrics.requestDone({ listener, method, route, status, durationMs })
      logger[polled.has(route) && status < 400 ? 'debug' : 'info'](
        { listener, method, route, status, durationMs },
        'http.request',
      )
    })
    next()
  }
}

/** The path as it was declared, never as it was asked for: callers choose the latter. */
function routeOf(request: Request): string {
  const path: unknown = (request.route as { readonly path?: unknown } | undefined)?.path
  return typeof path === 'string' ? path : 'none'
}
