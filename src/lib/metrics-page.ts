import type { RequestListener } from 'node:http'

/** Metrics as text, in the Prometheus format. */
export type MetricsText = { readonly contentType: string; text(): Promise<string> }

/** Returns what answers `GET /metrics` in the Prometheus format, and everything else with 404. */
export function createMetricsPage(metrics: MetricsText): RequestListener {
  return (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('Expected /metrics\n')
      return
    }
    metrics.text().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    )
  }
}
