import { z } from 'zod'
import { fieldOf } from './fetch-answer.ts'

/** The record `app.bsky.labeler.service`, as far as it is read; what is malformed in it is told apart from what is missing. */
export type LabelerRecord = {
  readonly labelValues: readonly string[]
  readonly definitions: readonly LabelDefinition[]
}

/** One label definition, and what is wrong with its form; clients drop a definition that has a problem. */
export type LabelDefinition = { readonly identifier: string; readonly problems: readonly string[] }

const maxValues = 1_000
const text = z.string().max(2_000)
const locale = z.object({ lang: text, name: z.string().max(640), description: z.string().max(100_000) })
const definition = z.object({
  identifier: z.string().max(100),
  severity: text,
  blurs: text,
  defaultSetting: text.optional(),
  adultOnly: z.boolean().optional(),
  locales: z.array(locale),
})
const record = z.object({
  policies: z.object({
    labelValues: z.array(text).max(maxValues),
    labelValueDefinitions: z.array(z.unknown()).max(maxValues).optional(),
  }),
})
const known = {
  severity: ['inform', 'alert', 'none'],
  blurs: ['content', 'media', 'none'],
  defaultSetting: ['ignore', 'warn', 'hide'],
}

/** Returns the record, or undefined when it has no list of label values: nothing can be made of it then. */
export function parseLabelerRecord(value: unknown): LabelerRecord | undefined {
  const parsed = record.safeParse(value)
  if (!parsed.success) return undefined
  const { labelValues, labelValueDefinitions = [] } = parsed.data.policies
  return { labelValues, definitions: labelValueDefinitions.map(parseDefinition) }
}

/** By the lexicon `com.atproto.label.defs#labelValueDefinition`; an unknown severity or blur is legal and does nothing. */
function parseDefinition(value: unknown): LabelDefinition {
  const named = fieldOf(value, 'identifier')
  const identifier = typeof named === 'string' ? named.slice(0, 128) : ''
  const parsed = definition.safeParse(value)
  if (!parsed.success) {
    const fields = parsed.error.issues.map(({ path }) => path.join('.'))
    return { identifier, problems: [`its ${[...new Set(fields)].join(', ')} must be as the lexicon says`] }
  }
  const problems = Object.entries(known).flatMap(([name, words]) => {
    const word = parsed.data[name as keyof typeof known]
    return word === undefined || words.includes(word) ? [] : [`its ${name} is none of ${words.join(', ')}`]
  })
  if (parsed.data.locales.length === 0) problems.push('it has no locale, so clients show its bare value')
  return { identifier, problems }
}
