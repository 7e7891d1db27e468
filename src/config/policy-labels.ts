import { isValidNsid } from '@atproto/syntax'
import { z } from 'zod'
import { closestOf } from '../lib/closest.ts'
import { labelValPattern } from '../model/label.ts'
import {
  faultOfStrings,
  isReservedVal,
  type LabelDefinition,
  labelBlurs,
  labelSettings,
  labelSeverities,
  reservedLabelVals,
} from '../model/label-definition.ts'
import { type ReportScope, reportReasons, reportSubjects } from '../model/report-scope.ts'
import { keys, word } from './policy-keys.ts'

const valText = `expected a label value of a-z and -, at most 100 bytes, or one of ${reservedLabelVals.join(', ')}`

/** A label value as the policy file may name it. */
export const labelVal: z.ZodString = z
  .string(valText)
  .regex(new RegExp(`^(?:${reservedLabelVals.join('|')})$|${labelValPattern.source}`), valText)

/** A reason that reports may have. */
export const reportReason: z.ZodType<string> = z.enum(reportReasons as [string, ...string[]], {
  error: ({ input }) => `expected a reason that clients know, such as ${nearestReason(input)}`,
})

/** By its last words before by its spelling: `csam` is no misspelt `spam`. */
function nearestReason(input: unknown): string | undefined {
  if (typeof input !== 'string') return reportReasons[0]
  const words = input
    .replace(/^.*#/, '')
    .replace(/^reason/i, '')
    .toLowerCase()
  const ending = reportReasons.find((reason) => words !== '' && reason.toLowerCase().endsWith(words))
  return ending ?? closestOf(input, reportReasons)
}

const strings = keys({
  lang: z.string().describe('A language tag such as en or pt-BR.'),
  name: z.string().trim().describe('1 to 64 characters.'),
  description: z.string().trim().describe('1 to 10,000 characters.'),
}).superRefine((value, context) => {
  const fault = faultOfStrings(value)
  if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
})

/** A definition in the lexicon's own words, with its defaults. */
const definition = keys({
  identifier: labelVal
    .refine(
      (val) => !isReservedVal(val),
      'expected the value alone, for clients go by their own definition of a reserved value',
    )
    .describe('The value that is published.'),
  severity: word(labelSeverities, 'a severity').describe('How clients show it.'),
  blurs: word(labelBlurs, 'what clients cover').describe('What clients cover.'),
  defaultSetting: word(labelSettings, 'a setting')
    .default('warn')
    .describe('What clients do for users who have not chosen.'),
  adultOnly: z.boolean().default(false).describe('Hides it from users without adult content.'),
  locales: z
    .array(strings)
    .min(1, 'expected at least one language')
    .refine(hasDistinct('lang'), 'expected each language once')
    .describe('What clients call it.'),
}).meta({ id: 'definition' })

/** An entry of the policy file's `labels:`. */
export type DeclaredLabel = string | LabelDefinition

/** The policy file's `labels:`: values alone, or with their definitions. */
export const declaredLabels: z.ZodType<DeclaredLabel[]> = z.array(z.union([labelVal, definition]))

/** Returns an entry of `labels:`, and its definition where it has one. */
export function declaredOfFile(entry: DeclaredLabel): {
  readonly val: string
  readonly definition?: LabelDefinition
} {
  return typeof entry === 'string' ? { val: entry } : { val: entry.identifier, definition: entry }
}

/** The policy file's `reports:`. */
export const reportScope: z.ZodType<ReportScope> = keys({
  reasonTypes: z.array(reportReason).describe('Reasons of the lexicons.').exactOptional(),
  subjectTypes: z
    .array(word(reportSubjects, 'a subject'))
    .describe('What a report may be about.')
    .exactOptional(),
  subjectCollections: z
    .array(z.string().refine(isValidNsid, 'expected an NSID'))
    .describe('Types of records, by their NSIDs.')
    .exactOptional(),
})

function hasDistinct<Key extends string>(key: Key) {
  return (list: readonly { readonly [K in Key]: unknown }[]): boolean =>
    new Set(list.map((item) => item[key])).size === list.length
}
