import { z } from 'zod'
import { type ApiAction, type ApiActionRequest, apiActionTypes } from '../../model/api-action.ts'
import { defineOperation, type Operation, type RestCall } from './operation.ts'
import { problemOf } from './problem.ts'
import { metadataSchema, timestampSchema } from './schemas.ts'

/** The most actions of a batch. */
const maxBatch = 100

const actionRequest = z.object({
  action_id: z
    .string()
    .min(1)
    .max(200)
    .describe('The caller’s own; the same action again is done once, and answered alike'),
  action_type: z.enum(apiActionTypes),
  content_id: z
    .string()
    .min(1)
    .max(2048)
    .describe(
      'A record’s at-uri or a DID, which can be labeled and reviewed; or any other id, which is remembered',
    ),
  match_info: metadataSchema.describe('The match, as /match answered it; bank_name and distance are kept'),
  metadata: metadataSchema,
  timestamp: z.string().max(40).nullish().describe('Not used: the service has a clock'),
})

const done = z.strictObject({
  action_id: z.string().nullable(),
  result: z.strictObject({
    success: z.boolean(),
    action_type: z.string().nullable(),
    content_id: z.string().nullable(),
    details: z.string(),
    metadata: z
      .strictObject({
        requested: z.literal('cybertip'),
        review: z
          .int()
          .nullable()
          .describe('The number of the review; null for an id that cannot be reviewed'),
        sent: z.literal(false).describe('Nothing was sent to NCMEC'),
      })
      .nullable()
      .describe('For report_ncmec'),
  }),
  timestamp: timestampSchema,
})

const sample = { action_id: '123', action_type: 'takedown', content_id: 'content_123' }
const sampleRecord = 'at://did:plc:z72i7hdynmk6r22z27h6tvur/app.bsky.feed.post/3l6oveex3ii2l'

/** `POST /api/v1/action`: does something about content. */
export const actionOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/action',
  id: 'action',
  scope: 'act',
  summary: 'Do something about content',
  description:
    'log writes to the audit log. review opens a review of a record or an account. takedown publishes the label !takedown on it, where the policy declares that. Of an id that is neither, review, takedown and report_ncmec are remembered, and match/status tells of them. report_ncmec opens a review with the wish for a CyberTip, which a person has to file: nothing is sent to NCMEC.',
  json: { schema: actionRequest, maxBytes: () => 64_000 },
  answer: done,
  examples: [
    {
      name: 'as the guide has it',
      request: { json: { ...sample, match_info: { bank_name: 'NCMEC', distance: 4 } } },
    },
    {
      name: 'a review of a record',
      request: { json: { action_id: 'r-1', action_type: 'review', content_id: sampleRecord } },
    },
    {
      name: 'a wish for a CyberTip',
      request: { json: { action_id: 'n-1', action_type: 'report_ncmec', content_id: sampleRecord } },
    },
    { name: 'a line in the log', request: { json: { ...sample, action_id: 'l-1', action_type: 'log' } } },
  ],
  errors: [
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'the type is unknown',
      request: { json: { ...sample, action_type: 'delete' } },
    },
    {
      status: 409,
      code: 'Conflict',
      when: 'the policy does not declare !takedown, or the action_id was used for another action',
      request: { json: { action_id: 't-1', action_type: 'takedown', content_id: sampleRecord } },
    },
  ],
  async handle(call) {
    const { value } = call.body as { readonly value: z.infer<typeof actionRequest> }
    return answerOf(await call.services.takeAction(call.key.id, requestOf(value)))
  },
})

/** `POST /api/v1/action/batch`: does several things. */
export const actionBatchOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/action/batch',
  id: 'actionBatch',
  scope: 'act',
  summary: `Do something about each of many contents, at most ${maxBatch}`,
  description:
    'In order. What cannot be done has success: false and the reason in its place, and the others are done all the same.',
  json: {
    schema: z.array(z.unknown()).min(1).max(maxBatch),
    documented: z.array(actionRequest).min(1).max(maxBatch),
    maxBytes: () => 2_000_000,
  },
  answer: z.array(done),
  examples: [
    {
      name: 'one of them wrong',
      request: {
        json: [
          { ...sample, action_id: 'b-1' },
          { ...sample, action_type: 'delete' },
        ],
      },
    },
  ],
  errors: [
    { status: 400, code: 'InvalidRequest', when: 'there is no action, or too many', request: { json: [] } },
  ],
  async handle(call) {
    const { value } = call.body as { readonly value: readonly unknown[] }
    const answers: unknown[] = []
    for (const item of value) {
      call.signal.throwIfAborted()
      answers.push(await actOnItem(call, item))
    }
    return answers
  },
})

async function actOnItem({ services, key }: RestCall<unknown, unknown>, item: unknown) {
  const parsed = actionRequest.safeParse(item)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    return failureOf(item, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not what it has to be'}`)
  }
  try {
    return answerOf(await services.takeAction(key.id, requestOf(parsed.data)))
  } catch (error) {
    const { problem, isFault } = problemOf(error, '')
    // What is our own fault is that of every item, and belongs in the log.
    if (isFault) throw error
    return failureOf(item, problem.detail)
  }
}

/** Of an item that is no action, what can be told of it. */
const named = z
  .object({
    action_id: z.string().max(200).nullable().catch(null),
    action_type: z.string().max(40).nullable().catch(null),
    content_id: z.string().max(2048).nullable().catch(null),
  })
  .catch({ action_id: null, action_type: null, content_id: null })

function failureOf(item: unknown, reason: string): z.infer<typeof done> {
  const { action_id, action_type, content_id } = named.parse(item)
  const result = { success: false, action_type, content_id, details: `Error: ${reason}`, metadata: null }
  return { action_id, result, timestamp: new Date().toISOString() }
}

function requestOf(request: z.infer<typeof actionRequest>): ApiActionRequest {
  const { bank_name, distance } = request.match_info ?? {}
  return {
    actionId: request.action_id,
    type: request.action_type,
    contentId: request.content_id,
    match: {
      ...(typeof bank_name === 'string' ? { bank: bank_name.slice(0, 64) } : {}),
      ...(typeof distance === 'number' ? { distance } : {}),
    },
  }
}

function answerOf({ actionId, type, contentId, details, at, review }: ApiAction): z.infer<typeof done> {
  const wish = { requested: 'cybertip', review: review ?? null, sent: false } as const
  const metadata = type === 'report_ncmec' ? wish : null
  const result = { success: true, action_type: type, content_id: contentId, details, metadata }
  return { action_id: actionId, result, timestamp: at }
}
