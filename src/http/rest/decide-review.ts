import { z } from 'zod'
import { actorOfCaller } from '../../model/api-action.ts'
import { takedownScopes } from '../../model/policy.ts'
import { reviewStates } from '../../model/review.ts'
import { type DecisionRequest, maxReasonChars, suppressedParts } from '../../model/review-decision.ts'
import { defineOperation, type Operation } from './operation.ts'
import { noReview, reviewIdOf } from './reviews.ts'

const shared = {
  reason: z.string().max(maxReasonChars).optional().describe('Why, or the comment; kept with the review'),
  force: z.boolean().optional().describe('Although somebody else has claimed the review; the audit says so'),
  dry_run: z.boolean().optional().describe('Says what would be done, and does nothing'),
}
const withHeld = z.boolean().optional().describe('Carries out what else is held, instead of dropping it')

const decision = z.discriminatedUnion('decision', [
  z.strictObject({
    decision: z.enum(['acknowledge', 'escalate', 'comment', 'apply', 'release', 'deconfirm']),
    ...shared,
  }),
  z.strictObject({ decision: z.literal('label'), val: z.string().max(128), with_held: withHeld, ...shared }),
  z.strictObject({
    decision: z.literal('takedown'),
    target: z.string().max(128),
    of: z.enum(takedownScopes),
    with_held: withHeld,
    ...shared,
  }),
  z.strictObject({
    decision: z.literal('reverse'),
    content_id: z.int().positive().optional().describe('Only what goes back to this content'),
    deconfirm: z.boolean().optional().describe('The content is not what its bank is for, either'),
    suppress: z
      .strictObject({ bank: z.string().max(255), what: z.enum(suppressedParts) })
      .optional()
      .describe('Puts the hashes of the content, or of the image, into a negative bank'),
    ...shared,
  }),
])

/** `POST /api/v1/admin/reviews/{id}/decisions`: a person decides. */
export const decideReviewOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/admin/reviews/{id}/decisions',
  id: 'decideReview',
  scope: 'admin',
  summary: 'Decide about a review',
  description:
    'As harrier review resolve does (docs/OPERATING.md): all of it is done, or nothing. All but escalate and comment close the review. The audit names the key.',
  json: { schema: decision, maxBytes: () => 20_000 },
  answer: z.strictObject({
    review: z.int(),
    decision: z.string(),
    state: z.enum(reviewStates),
    is_dry_run: z.boolean(),
    effects: z.array(
      z.strictObject({
        id: z.int(),
        change: z.enum(['carried-out', 'dropped', 'taken-back', 'added']),
        kind: z.string(),
        subject: z.string(),
        detail: z.string(),
      }),
    ),
    content_id: z.int().nullable(),
  }),
  examples: [
    {
      name: 'a comment',
      request: { params: { id: '1' }, json: { decision: 'comment', reason: 'looked at twice' } },
    },
    {
      name: 'what a reversal would do',
      request: { params: { id: '1' }, json: { decision: 'reverse', dry_run: true } },
    },
  ],
  errors: [
    {
      status: 400,
      code: 'InvalidRequest',
      when: 'the id is no number, or the review does not take such a decision',
      request: { params: { id: '1' }, json: { decision: 'release' } },
    },
    {
      status: 404,
      code: 'NotFound',
      when: 'there is no such review',
      request: { params: { id: '999999' }, json: { decision: 'acknowledge' } },
    },
    {
      status: 409,
      code: 'Conflict',
      when: 'the review is closed, somebody else has it, or there is nothing to decide on',
      request: { params: { id: '1' }, json: { decision: 'apply' } },
    },
  ],
  async handle({ params, body, key, services: { reviews } }) {
    const id = reviewIdOf(params)
    const asked = body.kind === 'json' ? body.value : undefined
    if (asked === undefined || !(await reviews.find(id))) throw noReview()
    const reviewer = { actor: actorOfCaller(key.id), isForced: asked.force === true }
    const isDryRun = asked.dry_run === true
    const decided = await (isDryRun ? reviews.weigh : reviews.decide)(id, requestOf(asked), reviewer)
    return {
      review: id,
      decision: decided.decision,
      state: decided.state,
      is_dry_run: isDryRun,
      effects: decided.effects.map(({ change, effect }) => ({
        id: effect.id,
        change,
        kind: effect.kind,
        subject: effect.subject,
        detail: effect.detail,
      })),
      content_id: decided.content ?? null,
    }
  },
})

function requestOf(asked: z.infer<typeof decision>): DecisionRequest {
  const { reason } = asked
  switch (asked.decision) {
    case 'label':
      return { reason, decision: 'label', val: asked.val, isHeldApplied: asked.with_held === true }
    case 'takedown': {
      const { target, of } = asked
      return { reason, decision: 'takedown', target, of, isHeldApplied: asked.with_held === true }
    }
    case 'reverse': {
      const { content_id: contentId, suppress } = asked
      return { reason, decision: 'reverse', contentId, suppress, isDeconfirmed: asked.deconfirm === true }
    }
    case 'acknowledge':
    case 'escalate':
    case 'comment':
    case 'apply':
    case 'release':
    case 'deconfirm':
    default:
      return { reason, decision: asked.decision }
  }
}
