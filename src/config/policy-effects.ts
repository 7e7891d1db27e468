import { z } from 'zod'
import { parseDuration } from '../lib/duration.ts'
import { priorities } from '../model/emission.ts'
import {
  type LabelEffect,
  type ReportEffect,
  type TakedownEffect,
  type TierEffect,
  takedownScopes,
} from '../model/policy.ts'
import { keys, whenKnown, word } from './policy-keys.ts'
import { labelVal, reportReason } from './policy-labels.ts'

const duration = z
  .string('expected a duration such as 12h or 30d')
  .regex(/^\d{1,9}[smhd]$/, 'expected a duration such as 12h or 30d')
  .refine((text) => parseDuration(text) !== undefined, 'expected a duration above 0 and at most 36500d')

/** What targets and endpoints may be called. */
const destination = z
  .string('expected the id of a target or an endpoint')
  .regex(/^[\w.-]{1,64}$/, 'expected 1 to 64 letters, digits, - _ .')

const account = z
  .literal('account', 'expected account, or nothing for the record')
  .describe('The account of the image instead of the record.')

const label = z
  .union([
    labelVal,
    keys({
      val: labelVal.describe('A value that labels: declares.'),
      on: account.exactOptional(),
      expiresAfter: duration
        .describe(
          'How long the label holds, in seconds `s`, minutes `m`, hours `h` or days `d`, such as 30d.',
        )
        .exactOptional(),
      priority: word(priorities, 'a priority')
        .describe('Its place where there is an emission budget; normal without.')
        .exactOptional(),
    }),
  ])
  .describe('Publishes a label: a value that labels: declares, or more about it.')

const report = keys({
  to: destination.describe('The id of the target that is to have it (HARRIER_TARGETS).'),
  reasonType: reportReason.describe('A reason of the lexicons.'),
  on: account.exactOptional(),
}).describe('Files a report with a target.')

const takedown = keys({
  by: destination.describe('The id of the target that is to do it (HARRIER_TARGETS).'),
  of: word(takedownScopes, 'what is taken down').describe(
    'The blob alone, the record with its blobs, or the account.',
  ),
}).describe('Has a target take something down.')

const review = z
  .literal('escalated', 'expected escalated, or review alone without a colon')
  .describe('Opens a review for a person that is escalated from the start.')

const webhook = destination.describe(
  'Tells the endpoint of this id (HARRIER_WEBHOOK_ENDPOINTS) of the match, whatever events it asks for.',
)

const oneEffect =
  'expected one effect in each item of the list: log, block, review, label:, report:, takedown:, review: escalated or webhook:'

/** A label as the policy file has it. */
type FileLabel =
  | string
  | (Omit<LabelEffect, 'kind' | 'expiresAfterMs'> & {
      /** As `parseDuration` reads it. */
      readonly expiresAfter?: string
    })

/** An effect as the policy file has it: a word alone, or one key with what it needs. */
export type FileEffect =
  | 'log'
  | 'block'
  | 'review'
  | {
      readonly label?: FileLabel
      readonly report?: Omit<ReportEffect, 'kind'>
      readonly takedown?: Omit<TakedownEffect, 'kind'>
      readonly review?: 'escalated'
      readonly webhook?: string
    }

/** The form of an effect in the policy file. */
export const fileEffect: z.ZodType<FileEffect> = z
  .union([
    word(['log', 'block', 'review'], 'an effect').describe(
      'log: nothing but the record of the match. block: the upload gate refuses the picture. review: opens a review for a person.',
    ),
    keys({
      label: label.exactOptional(),
      report: report.exactOptional(),
      takedown: takedown.exactOptional(),
      review: review.exactOptional(),
      webhook: webhook.exactOptional(),
    })
      .refine((effect) => Object.keys(effect).length === 1, { error: oneEffect, when: whenKnown })
      .meta({ minProperties: 1, maxProperties: 1 }),
  ])
  .meta({ id: 'effect' })

/** Returns the effect that an item of the file stands for. */
export function effectOfFile(effect: FileEffect): TierEffect {
  if (typeof effect === 'string') return { kind: effect }
  if (effect.label !== undefined) return labelOfFile(effect.label)
  if (effect.report !== undefined) return { kind: 'report', ...effect.report }
  if (effect.review !== undefined) return { kind: 'review', isEscalated: true }
  if (effect.webhook !== undefined) return { kind: 'webhook', to: effect.webhook }
  return { kind: 'takedown', ...(effect.takedown as Omit<TakedownEffect, 'kind'>) }
}

function labelOfFile(value: FileLabel): TierEffect {
  if (typeof value === 'string') return { kind: 'label', val: value }
  const { expiresAfter, ...rest } = value
  const expiresAfterMs = expiresAfter === undefined ? undefined : parseDuration(expiresAfter)
  return { kind: 'label', ...rest, ...(expiresAfterMs === undefined ? {} : { expiresAfterMs }) }
}
