import { z } from 'zod'
import { parseDid } from '../../model/ids.ts'
import { defineOperation, type Operation } from './operation.ts'

const text = (max: number) =>
  z
    .union([z.string().max(max), z.boolean(), z.number()])
    .nullish()
    .transform((value) => (value === null || value === undefined || value === '' ? undefined : String(value)))

const result = z.object({
  photo_id: z.string().min(1).max(2048).describe('What the result is about'),
  author_did: z
    .string()
    .max(2048)
    .nullish()
    .refine((did) => did === null || did === undefined || parseDid(did) !== undefined, {
      error: 'Expected a DID',
    }),
  match_result: text(200).describe('The bank, or whether there was a match, in the sender’s words'),
  match_type: text(64),
  match_score: z.number().nullish(),
  action: text(64).describe('What the sender did about it'),
})

/** `POST /api/v1/webhook/callback`: a result of another matching service, as that of the Flask era sends it, signed. */
export const resultCallbackOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/webhook/callback',
  id: 'resultCallback',
  scope: 'webhook',
  summary: 'Take a result of another matching service into the log',
  description:
    'Signed as hma-callback is. Nothing is done about it: /api/v1/logs/{photo_id} has it, as webhook.result.',
  json: { schema: result, maxBytes: () => 16_000 },
  answer: z.strictObject({ success: z.literal(true), message: z.string() }),
  examples: [
    {
      name: 'a match',
      request: {
        json: {
          photo_id: 'photo_1',
          author_did: 'did:plc:z72i7hdynmk6r22z27h6tvur',
          match_result: 'known',
          match_type: 'pdq',
          match_score: 4,
          action: 'review',
        },
      },
    },
    { name: 'no match', request: { json: { photo_id: 'photo_2', match_result: false } } },
  ],
  errors: [
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'there is no photo_id, or author_did is no DID',
      request: { json: { photo_id: 'photo_1', author_did: 'alice' } },
    },
  ],
  async handle({ body, services, deliveryId }) {
    const { value } = body as { readonly value: z.infer<typeof result> }
    await services.handleAppEvent({
      deliveryId,
      kind: 'result',
      contentId: value.photo_id,
      result: {
        author: value.author_did ?? undefined,
        bank: value.match_result,
        hashType: value.match_type,
        distance: value.match_score ?? undefined,
        taken: value.action,
      },
    })
    return { success: true, message: 'Stored in the log' }
  },
})
