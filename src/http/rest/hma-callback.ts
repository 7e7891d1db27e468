import { z } from 'zod'
import { defineOperation, type Operation } from './operation.ts'
import { RestError } from './problem.ts'
import { metadataSchema } from './schemas.ts'

const event = z.object({
  event_type: z
    .string()
    .min(1)
    .max(64)
    .describe('match_found is acted on; index_updated, error and others are logged'),
  content_id: z.string().min(1).max(2048).nullish().describe('What has matched: needed for match_found'),
  match_info: metadataSchema.describe('severity: high has it taken down, anything else put before a person'),
  error_info: metadataSchema.describe('It is not stored'),
})

const sample = { event_type: 'match_found', content_id: 'content_9', match_info: { severity: 'high' } }

/** `POST /api/v1/webhook/hma-callback`: what a Hasher-Matcher-Actioner has found, signed. */
export const hmaCallbackOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/webhook/hma-callback',
  id: 'hmaCallback',
  scope: 'webhook',
  summary: 'Take what a Hasher-Matcher-Actioner has found',
  description:
    'Signed, not keyed: X-HMA-Signature (or X-Signature, or X-Hub-Signature-256) is the HMAC-SHA256 of the body in lower-case hex, with or without sha256= before it. With X-Timestamp (seconds since 1970, at most five minutes off) it is that of the timestamp, a dot and the body. The same delivery is processed once.',
  json: { schema: event, maxBytes: () => 64_000 },
  answer: z.strictObject({ status: z.literal('success'), message: z.string() }),
  examples: [
    { name: 'a match', request: { json: sample } },
    { name: 'an event to log', request: { json: { event_type: 'index_updated' } } },
  ],
  errors: [
    {
      status: 400,
      code: 'MissingContentId',
      when: 'a match has no content_id',
      request: { json: { event_type: 'match_found' } },
    },
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'there is no event_type',
      request: { json: { content_id: 'content_9' } },
    },
  ],
  async handle({ body, services, deliveryId }) {
    const { value } = body as { readonly value: z.infer<typeof event> }
    const { event_type: type, content_id: contentId, match_info: info } = value
    if (type === 'match_found' && (contentId === undefined || contentId === null))
      throw new RestError(400, 'MissingContentId', 'Missing content_id in payload')
    const isSevere = info?.['severity'] === 'high'
    await services.handleHmaEvent({ deliveryId, type, contentId: contentId ?? undefined, isSevere })
    return { status: 'success', message: `Processed ${/^\w+$/.test(type) ? type : 'unknown'} event` }
  },
})
