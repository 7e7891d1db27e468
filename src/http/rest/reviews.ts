import { z } from 'zod'
import { type ReviewDetails, type ReviewSummary, reviewStates } from '../../model/review.ts'
import { defineOperation, type Operation } from './operation.ts'
import { RestError } from './problem.ts'
import { timestampSchema } from './schemas.ts'

const review = z.strictObject({
  id: z.int(),
  subject: z
    .string()
    .describe('A record’s at-uri, a DID, or content:<number> for a content that matches too often'),
  did: z.string(),
  state: z.enum(reviewStates),
  created_at: timestampSchema,
  updated_at: timestampSchema,
  closed_at: timestampSchema.nullable(),
  reports: z.int(),
  matches: z.int().describe('That are not suppressed'),
  nearest: z.int().nullable().describe('Bits, of those matches'),
  banks: z.array(z.string()).describe('Of those matches'),
  held: z.int().describe('Effects that wait for a decision'),
  claimed_by: z.string().nullable(),
  claimed_until: timestampSchema.nullable(),
})

const details = z.strictObject({
  review,
  evidence: z.array(
    z.strictObject({
      uri: z.string(),
      blob_cid: z.string(),
      bank: z.string(),
      content_id: z.int(),
      hash_type: z.string(),
      distance: z.int(),
      suppressed_by: z
        .int()
        .nullable()
        .describe('The content of a negative bank because of which it counts as none'),
    }),
  ),
  effects: z.array(
    z.strictObject({
      id: z.int(),
      kind: z.string(),
      target: z.string(),
      subject: z.string(),
      detail: z.string().describe('The value of a label, the reason of a report'),
      state: z.string(),
      because: z.string().nullable(),
      content_id: z.int().nullable().describe('The content that called for it'),
    }),
  ),
  decisions: z.array(
    z.strictObject({
      decision: z.string(),
      actor: z.string(),
      reason: z.string().nullable(),
      at: timestampSchema,
    }),
  ),
})

const idText = z.string().regex(/^[1-9]\d{0,14}$/, { error: 'Expected a number, as the list has it' })

/** Returns the number in the path. @throws {RestError} for other text. */
export function reviewIdOf(params: Readonly<Record<string, string>>): number {
  const parsed = idText.safeParse(params['id'])
  if (parsed.success) return Number(parsed.data)
  throw new RestError(400, 'InvalidRequest', 'id: Expected a number, as the list has it')
}

/** Returns the refusal for a review that there is not. */
export function noReview(): RestError {
  return new RestError(404, 'NotFound', 'Expected the number of a review but received another')
}

/** `GET /api/v1/admin/reviews`: what waits for a person. */
export const listReviewsOperation: Operation = defineOperation({
  method: 'get',
  path: '/api/v1/admin/reviews',
  id: 'listReviews',
  scope: 'admin',
  summary: 'See what waits for a person',
  description:
    'Those with matches first, nearest first; then the oldest. Without state, all that are not closed. limit is 1 to 1000.',
  query: z.object({
    state: z.enum(reviewStates).optional(),
    bank: z.string().max(255).optional(),
    limit: z
      .string()
      .regex(/^\d{1,4}$/, { error: 'Expected a whole number' })
      .transform(Number)
      .pipe(z.number().min(1).max(1000))
      .default(100),
  }),
  answer: z.strictObject({ reviews: z.array(review), count: z.int() }),
  examples: [
    { name: 'all that are not closed', request: {} },
    { name: 'those of a bank', request: { query: { state: 'open', bank: 'known', limit: '10' } } },
  ],
  errors: [
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'state, bank or limit is not what it has to be',
      request: { query: { state: 'lost' } },
    },
  ],
  async handle({ query: { state, bank, limit }, services }) {
    const states = state === undefined ? (['open', 'escalated'] as const) : [state]
    const reviews = await services.reviews.list({ states, bank, limit })
    return { reviews: reviews.map(reviewOf), count: reviews.length }
  },
})

/** `GET /api/v1/admin/reviews/{id}`: one review with what speaks for it. */
export const getReviewOperation: Operation = defineOperation({
  method: 'get',
  path: '/api/v1/admin/reviews/{id}',
  id: 'getReview',
  scope: 'admin',
  summary: 'See a review with its evidence',
  description: 'Matches nearest first; effects and decisions oldest first. No image and no hash is told.',
  answer: details,
  examples: [{ name: 'the first', request: { params: { id: '1' } } }],
  errors: [
    { status: 400, code: 'InvalidRequest', when: 'the id is no number', request: { params: { id: 'x' } } },
    { status: 404, code: 'NotFound', when: 'there is no such review', request: { params: { id: '999999' } } },
  ],
  async handle({ params, services, key }) {
    const found = await services.reviews.view(reviewIdOf(params), key.id)
    if (!found) throw noReview()
    return detailsOf(found)
  },
})

function reviewOf(summary: ReviewSummary): z.infer<typeof review> {
  const { id, subject, did, state, createdAt, updatedAt, closedAt, nearest, banks, claim } = summary
  return {
    id,
    subject,
    did,
    state,
    created_at: createdAt,
    updated_at: updatedAt,
    closed_at: closedAt ?? null,
    reports: summary.reportCount,
    matches: summary.matchCount,
    nearest: nearest ?? null,
    banks: [...banks],
    held: summary.heldCount,
    claimed_by: claim?.by ?? null,
    claimed_until: claim?.until ?? null,
  }
}

function detailsOf({
  review: summary,
  evidence,
  effects,
  decisions,
}: ReviewDetails): z.infer<typeof details> {
  return {
    review: reviewOf(summary),
    evidence: evidence.map(({ uri, cid, match, suppressedBy }) => ({
      uri,
      blob_cid: cid,
      bank: match.bank,
      content_id: match.contentId,
      hash_type: match.hashType,
      distance: match.distance,
      suppressed_by: suppressedBy?.contentId ?? null,
    })),
    effects: effects.map(({ id, kind, target, subject, detail, state, because, cause }) => ({
      id,
      kind,
      target,
      subject,
      detail,
      state,
      because: because ?? null,
      content_id: cause?.contentId ?? null,
    })),
    decisions: decisions.map(({ decision, actor, details: { reason }, at }) => ({
      decision,
      actor,
      reason: reason ?? null,
      at,
    })),
  }
}
