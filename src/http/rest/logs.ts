import { z } from 'zod'
import type { AuditRow } from '../../model/api.ts'
import { defineOperation, type Operation } from './operation.ts'
import { numberText } from './schemas.ts'

const page = z.object({ limit: numberText(1, 1000, 100), offset: numberText(0, 1_000_000, 0) })

const entry = z.strictObject({
  id: z.int(),
  photo_id: z.string().describe('What it is about: a record, an account, a bank, a key'),
  author_did: z.string().nullable().describe('The account, where it is about one'),
  match_result: z.string().nullable().describe('The banks that matched, separated by commas'),
  match_type: z.string().nullable(),
  match_score: z.number().nullable().describe('The distance of the nearest match, in bits'),
  action_taken: z.string().describe('Dotted, such as label.published'),
  created_at: z.string(),
  actor: z.string().describe('Who did it: harrier for the service, cli for the operator'),
  details: z.record(z.string(), z.unknown()),
})

const answer = z.strictObject({
  logs: z.array(entry).describe('Newest first'),
  count: z.int().describe('Entries in this answer'),
  total: z.int().describe('Entries in all'),
  limit: z.int(),
  offset: z.int(),
})

const errors = [
  {
    status: 400,
    code: 'InvalidRequest',
    when: 'limit or offset is out of bounds',
    request: { query: { limit: '0' }, params: { photo_id: 'content_123' } },
  },
]

/** `GET /api/v1/logs`: the audit log. */
export const logsOperation: Operation = defineOperation({
  method: 'get',
  path: '/api/v1/logs',
  id: 'logs',
  scope: 'read',
  summary: 'Read the audit log',
  description:
    'Everything that was decided or changed, newest first. limit is 1 to 1000, offset up to 1000000.',
  query: page,
  answer,
  examples: [
    { name: 'the newest', request: {} },
    { name: 'a page', request: { query: { limit: '10', offset: '10' } } },
  ],
  errors,
  async handle({ query, services }) {
    const { rows, total } = await services.audit(query)
    return { logs: rows.map(entryOf), count: rows.length, total, ...query }
  },
})

/** `GET /api/v1/logs/{photo_id}`: the audit log of one subject. */
export const subjectLogsOperation: Operation = defineOperation({
  method: 'get',
  path: '/api/v1/logs/{photo_id}',
  id: 'subjectLogs',
  scope: 'read',
  summary: 'Read the audit log of one subject',
  description: 'As /api/v1/logs, of what is about this subject alone.',
  query: page,
  answer,
  examples: [{ name: 'one subject', request: { params: { photo_id: 'content_123' } } }],
  errors,
  async handle({ query, params, services }) {
    const { rows, total } = await services.audit({ ...query, subject: params['photo_id'] ?? '' })
    return { logs: rows.map(entryOf), count: rows.length, total, ...query }
  },
})

function entryOf({ id, at, actor, action, subject, details }: AuditRow): z.infer<typeof entry> {
  const { bank, distance, hashType, author } = details
  return {
    id,
    photo_id: subject,
    author_did: /^(?:at:\/\/)?(did:[^/]+)/.exec(subject)?.[1] ?? (typeof author === 'string' ? author : null),
    match_result: typeof bank === 'string' ? bank : null,
    match_type: typeof hashType === 'string' ? hashType : null,
    match_score: typeof distance === 'number' ? distance : null,
    action_taken: action,
    created_at: at,
    actor,
    details,
  }
}
