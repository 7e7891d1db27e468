import { z } from 'zod'
import { defineOperation, type Operation } from './operation.ts'
import type { RestServices } from './rest-services.ts'
import { timestampSchema } from './schemas.ts'

/** The most ids of a batch. */
const maxBatch = 100

const contentId = z
  .string()
  .min(1)
  .max(2048)
  .describe('A blob’s CID, a record’s at-uri, a DID, did/cid, or an id of the caller’s own')

const status = z.strictObject({
  content_id: z.string(),
  isMatched: z.boolean().describe('It has matched a bank, and nobody has withdrawn that'),
  is_matched: z.boolean().describe('isMatched, in the style of the other fields'),
  known: z.boolean().describe('False when the service remembers nothing of that name'),
  action: z.string().nullable().describe('What was done about it last'),
  labels: z.array(z.string()).describe('The labels that hold'),
  checked_at: timestampSchema,
})

const sampleCid = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy'

/** `GET /api/v1/match/status`: whether content has matched, for whoever is to show it. */
export const matchStatusOperation: Operation = defineOperation({
  method: 'get',
  path: '/api/v1/match/status',
  id: 'matchStatus',
  scope: 'match',
  summary: 'Ask whether content has matched',
  description:
    'Nothing is fetched. A blob’s CID is looked up as it is asked for, by the SHA-256 in it and by the hashes that the service has made of it; a record or an account by what was found and labeled. Unknown content is answered with known: false, never with an error.',
  query: z.object({ content_id: contentId }),
  answer: status,
  maxAgeSeconds: 30,
  examples: [
    { name: 'a blob', request: { query: { content_id: sampleCid } } },
    {
      name: 'a record',
      request: {
        query: { content_id: 'at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/3l6oveex3ii2l' },
      },
    },
    { name: 'an id of the caller’s own', request: { query: { content_id: 'content_123' } } },
  ],
  errors: [{ status: 400, code: 'InvalidRequest', when: 'content_id is missing', request: {} }],
  handle: async ({ query, services }) => await statusOf(services, query.content_id),
})

/** `POST /api/v1/match/status/batch`: the same for many. */
export const matchStatusBatchOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/match/status/batch',
  id: 'matchStatusBatch',
  scope: 'match',
  summary: `Ask whether each of up to ${maxBatch} contents has matched`,
  description: 'The answers stand in the order of the questions.',
  json: {
    schema: z.object({ content_ids: z.array(contentId).min(1).max(maxBatch) }),
    maxBytes: () => 400_000,
  },
  answer: z.array(status),
  examples: [{ name: 'two contents', request: { json: { content_ids: [sampleCid, 'content_123'] } } }],
  errors: [
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'there is no id, or too many',
      request: { json: { content_ids: [] } },
    },
  ],
  async handle({ body, services, signal }) {
    const { value } = body as { readonly value: { readonly content_ids: readonly string[] } }
    const answers: unknown[] = []
    for (const id of value.content_ids) {
      signal.throwIfAborted()
      answers.push(await statusOf(services, id))
    }
    return answers
  },
})

async function statusOf(services: RestServices, id: string) {
  const { isKnown, isMatched, action, labels } = await services.contentStatus(id)
  return {
    content_id: id,
    isMatched,
    is_matched: isMatched,
    known: isKnown,
    action: action ?? null,
    labels,
    checked_at: new Date().toISOString(),
  }
}
