import { z } from 'zod'
import { defineOperation, type Operation } from './operation.ts'

/** As clients of the guide's service know it. */
const service = 'AT Protocol HMA Integration'

const component = <Status extends z.ZodType>(of: Status) =>
  z.strictObject({ healthy: z.boolean(), status: of })

/** `GET /api/v1/status`: how the service is. */
export const statusOperation: Operation = defineOperation({
  method: 'get',
  path: '/api/v1/status',
  id: 'status',
  scope: 'read',
  summary: 'See how the service is',
  description:
    'The answer is 200 also when a component is unwell; healthy says whether all of them are well.',
  answer: z.strictObject({
    service: z.string(),
    version: z.string(),
    healthy: z.boolean(),
    response_time_ms: z.number(),
    components: z.strictObject({
      hma: component(
        z.strictObject({
          bank_hashes: z.int().describe('Hashes that searches cover'),
          pending_hashes: z.int().describe('Images that wait to be hashed, or are being hashed'),
        }),
      ),
      atproto: component(
        z.strictObject({ streaming: z.boolean().describe('The event stream is being read') }),
      ),
    }),
    effects_paused: z
      .boolean()
      .describe('Nothing new leaves until somebody resumes: see /api/v1/admin/pause'),
    config: z.strictObject({
      ncmec_reporting_enabled: z.boolean(),
      audit_logging_enabled: z.boolean(),
      metrics_enabled: z.boolean(),
    }),
  }),
  examples: [{ name: 'the status', request: {} }],
  errors: [],
  async handle({ services, version }) {
    const startedAt = performance.now()
    const { bankHashes, pendingHashes, isStreaming } = await services.health()
    const { pause } = await services.pause.load()
    return {
      service,
      version,
      effects_paused: pause !== undefined,
      healthy: isStreaming,
      response_time_ms: Math.round((performance.now() - startedAt) * 100) / 100,
      components: {
        hma: { healthy: true, status: { bank_hashes: bankHashes, pending_hashes: pendingHashes } },
        atproto: { healthy: isStreaming, status: { streaming: isStreaming } },
      },
      config: { ncmec_reporting_enabled: false, audit_logging_enabled: true, metrics_enabled: true },
    }
  },
})

/** `GET /api/v1/status/metrics`: what was done since the start. */
export const statusMetricsOperation: Operation = defineOperation({
  method: 'get',
  path: '/api/v1/status/metrics',
  id: 'statusMetrics',
  scope: 'read',
  summary: 'Count what was done since the service started',
  description: 'A few sums; everything else is in the Prometheus metrics of the operator listener.',
  answer: z.strictObject({
    service: z.string(),
    timestamp: z.number().describe('Seconds since 1970'),
    hma_metrics: z.strictObject({ bank_hashes: z.int(), pending_hashes: z.int() }),
    integration_metrics: z.strictObject({
      requests_processed: z.int().describe('Images and hashes that were asked to be hashed or matched'),
      matches_found: z.int(),
      actions_taken: z.int(),
    }),
  }),
  examples: [{ name: 'the sums', request: {} }],
  errors: [],
  async handle({ services }) {
    const { bankHashes, pendingHashes, totals } = await services.health()
    return {
      service,
      timestamp: Date.now() / 1000,
      hma_metrics: { bank_hashes: bankHashes, pending_hashes: pendingHashes },
      integration_metrics: {
        requests_processed: totals.requests,
        matches_found: totals.matches,
        actions_taken: totals.actions,
      },
    }
  },
})
