import { z } from 'zod'
import { actorOfCaller } from '../../model/api-action.ts'
import { type OutboxMessage, outboxStates } from '../../model/outbox.ts'
import { webhookEventNames } from '../../model/webhook-event.ts'
import { defineOperation, type Operation } from './operation.ts'
import { RestError } from './problem.ts'
import { timestampSchema } from './schemas.ts'

const idText = z.string().regex(/^[1-9]\d{0,14}$/, { error: 'Expected a number, as the list has it' })

const delivery = z.strictObject({
  id: z.int(),
  message_id: z.string().describe('As the endpoint knows it: webhook-id'),
  endpoint: z.string().describe('The endpoint’s id; never its address, which may hold a secret'),
  event_type: z.string(),
  content_id: z.string(),
  state: z.enum(outboxStates).describe('dead ran out of attempts; dropped was given up by a person'),
  attempts: z.int(),
  outcome: z.string().nullable().describe('How the last try ended'),
  next_attempt_at: timestampSchema.nullable().describe('Not before then, while it is pending'),
  created_at: timestampSchema,
  ended_at: timestampSchema.nullable(),
})

const query = z.object({
  state: z.enum(outboxStates).optional(),
  limit: z
    .string()
    .regex(/^\d{1,4}$/, { error: 'Expected a whole number' })
    .transform(Number)
    .pipe(z.number().min(1).max(1000))
    .default(100),
  before: idText.transform(Number).optional(),
})

/** `GET /api/v1/admin/webhooks/deliveries`: what is sent to endpoints, and how that goes. */
export const deliveriesOperation: Operation = defineOperation({
  method: 'get',
  path: '/api/v1/admin/webhooks/deliveries',
  id: 'webhookDeliveries',
  scope: 'admin',
  summary: 'See the events that are sent to webhook endpoints',
  description: `The newest first, ${webhookEventNames.join(', ')}; payloads are not shown. limit is 1 to 1000; before is the number below which the list goes on: the id of the last delivery of the page before.`,
  query,
  answer: z.strictObject({
    deliveries: z.array(delivery),
    count: z.int().describe('Deliveries in this answer'),
    totals: z.record(z.enum(outboxStates), z.int()).describe('Deliveries in each state'),
  }),
  examples: [
    { name: 'the newest', request: {} },
    { name: 'what was not delivered', request: { query: { state: 'dead', limit: '10' } } },
  ],
  errors: [
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'state, limit or before is not what it has to be',
      request: { query: { state: 'lost' } },
    },
  ],
  async handle({ query: { state, limit, before }, services }) {
    const states = state === undefined ? outboxStates : [state]
    const messages = await services.outbox.list({
      states,
      limit,
      ...(before === undefined ? {} : { before }),
    })
    return {
      deliveries: messages.map(deliveryOf),
      count: messages.length,
      totals: await services.outbox.counts(),
    }
  },
})

/** `POST /api/v1/admin/webhooks/deliveries/{id}/redeliver`: has an event sent again. */
export const redeliverOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/admin/webhooks/deliveries/{id}/redeliver',
  id: 'redeliverWebhook',
  scope: 'admin',
  summary: 'Have an event sent again',
  description:
    'It goes out now, under its old message_id, with all its attempts, whatever became of it before. One that has ended does not go back to its place in the order.',
  json: { schema: z.object({}).nullish(), maxBytes: () => 1000 },
  answer: z.strictObject({ success: z.literal(true), id: z.int() }),
  examples: [{ name: 'the first', request: { params: { id: '1' }, json: {} } }],
  errors: [
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'the id is no number',
      request: { params: { id: 'msg_1' }, json: {} },
    },
    {
      status: 404,
      code: 'NotFound',
      when: 'there is no such delivery',
      request: { params: { id: '999999' }, json: {} },
    },
  ],
  async handle({ params, key, services }) {
    const parsed = idText.safeParse(params['id'])
    if (!parsed.success)
      throw new RestError(400, 'InvalidRequest', 'id: Expected a number, as the list has it')
    const id = Number(parsed.data)
    if (!(await services.outbox.retry(id, actorOfCaller(key.id))))
      throw new RestError(404, 'NotFound', 'Expected the number of a delivery but received another')
    return { success: true, id }
  },
})

function deliveryOf(message: OutboxMessage): z.infer<typeof delivery> {
  const { id, messageId, target, event, subject, state, attempts, outcome, runAfter, createdAt, doneAt } =
    message
  return {
    id,
    message_id: messageId,
    endpoint: target,
    event_type: event,
    content_id: subject,
    state,
    attempts,
    outcome: outcome ?? null,
    next_attempt_at: state === 'pending' ? new Date(runAfter).toISOString() : null,
    created_at: createdAt,
    ended_at: doneAt ?? null,
  }
}
