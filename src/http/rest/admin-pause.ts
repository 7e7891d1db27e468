import { z } from 'zod'
import type { Pause } from '../../model/brake.ts'
import { defineOperation, type Operation } from './operation.ts'

const path = '/api/v1/admin/pause'

/** Effects held, by what holds them. */
const held = z.strictObject({
  paused: z.int().describe('Until the pause ends'),
  quota: z.int().describe('Until a person has looked: they are beyond the quota of their day'),
  flood: z.int().describe('Until a person has looked at their content, which matches too often'),
})

const answer = z.strictObject({
  is_paused: z.boolean(),
  reason: z.string().nullable().describe('Why, as whoever paused them said'),
  paused_by: z.string().nullable(),
  paused_at: z.string().nullable().describe('ISO 8601'),
  held,
})

type Held = Readonly<Record<'paused' | 'quota' | 'flood', number>>

function shapeOf({ pause, held }: { readonly pause: Pause | undefined; readonly held: Held }) {
  return {
    is_paused: pause !== undefined,
    reason: pause?.reason ?? null,
    paused_by: pause?.actor ?? null,
    paused_at: pause?.begunAt ?? null,
    held,
  }
}

/** `GET /api/v1/admin/pause`: whether effects are paused. */
export const getPauseOperation: Operation = defineOperation({
  method: 'get',
  path,
  id: 'getPause',
  scope: 'admin',
  summary: 'See whether effects are paused, and what is held',
  description: 'Held effects are those that matches called for, or a person ordered, and that wait.',
  answer,
  examples: [{ name: 'the pause', request: {} }],
  errors: [],
  handle: async ({ services }) => shapeOf(await services.pause.load()),
})

/** `POST /api/v1/admin/pause`: stops effects. */
export const pauseOperation: Operation = defineOperation({
  method: 'post',
  path,
  id: 'pause',
  scope: 'admin',
  summary: 'Stop every new effect; scanning goes on',
  description:
    'No label is published, and no takedown or report is started, whoever asks for it; withdrawals and restores go on. Where effects are paused already, that pause stays as it is.',
  json: {
    schema: z.strictObject({
      reason: z.string().trim().min(1).max(500).describe('Why, for whoever resumes'),
    }),
    maxBytes: () => 4_000,
  },
  answer,
  examples: [{ name: 'a reason', request: { json: { reason: 'bank spam matches a popular sticker' } } }],
  errors: [],
  async handle({ services, key, body }) {
    const { reason } = (body as { readonly value: { readonly reason: string } }).value
    await services.pause.begin(key.id, reason)
    return shapeOf(await services.pause.load())
  },
})

/** `POST /api/v1/admin/resume`: lets effects go on. */
export const resumeOperation: Operation = defineOperation({
  method: 'post',
  path: '/api/v1/admin/resume',
  id: 'resume',
  scope: 'admin',
  summary: 'End the pause, and carry out what it held',
  description:
    'What was held is carried out, each effect once, the oldest first, as far as quotas and quarantines let it; held tells what is still to come. Where effects are not paused nothing happens.',
  json: { schema: z.strictObject({}), maxBytes: () => 1_000 },
  answer,
  examples: [{ name: 'the end', request: { json: {} } }],
  errors: [],
  async handle({ services, key }) {
    await services.pause.end(key.id)
    return shapeOf(await services.pause.load())
  },
})
