import { isValidNsid } from '@atproto/syntax'
import { z } from 'zod'
import { closestOf } from '../lib/closest.ts'
import { isLabelVal } from '../model/label.ts'
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

/** A label value as the policy file may name it. */
export const labelVal: z.ZodString = z
  .string()
  .refine(
    isLabelVal,
    `expected a label value of a-z and -, at most 100 bytes, or one of ${reservedLabelVals.join(', ')}`,
  )

const strings = z
  .strictObject({ lang: z.string(), name: z.string().trim(), description: z.string().trim() })
  .superRefine((value, context) => {
    const fault = faultOfStrings(value)
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
  })

/** A definition in the lexicon's own words, with its defaults. */
const definition = z.strictObject({
  identifier: labelVal.refine(
    (val) => !isReservedVal(val),
    'expected the value alone, for clients go by their own definition of a reserved value',
  ),
  severity: z.enum(labelSeverities),
  blurs: z.enum(labelBlurs),
  defaultSetting: z.enum(labelSettings).default('warn'),
  adultOnly: z.boolean().default(false),
  locales: z.array(strings).min(1).refine(hasDistinct('lang'), 'expected each language once'),
})

type DeclaredLabel = { readonly val: string; readonly definition?: LabelDefinition }

/** The policy file's `labels:`: values alone, or with their definitions. */
export const declaredLabels: z.ZodType<DeclaredLabel[]> = z
  .array(z.unknown().transform(parseLabel))
  .refine(hasDistinct('val'), 'expected each value once')

/** The policy file's `reports:`. */
export const reportScope: z.ZodType<ReportScope> = z.strictObject({
  reasonTypes: z.array(z.string().superRefine(requireReason)).exactOptional(),
  subjectTypes: z.array(z.enum(reportSubjects)).exactOptional(),
  subjectCollections: z.array(z.string().refine(isValidNsid, 'expected an NSID')).exactOptional(),
})

/** Text is a value alone, anything else a definition: a union would hide which part of a definition is wrong. */
function parseLabel(entry: unknown, context: z.RefinementCtx): DeclaredLabel {
  const parsed = typeof entry === 'string' ? labelVal.safeParse(entry) : definition.safeParse(entry)
  if (parsed.success) {
    const { data } = parsed
    return typeof data === 'string' ? { val: data } : { val: data.identifier, definition: data }
  }
  for (const { path, message } of parsed.error.issues)
    context.addIssue({ code: 'custom', path: [...path], message })
  return z.NEVER
}

function requireReason(text: string, context: z.RefinementCtx): void {
  if (reportReasons.includes(text)) return
  const nearest = closestOf(text, reportReasons)
  context.addIssue({ code: 'custom', message: `expected a reason that clients know, such as ${nearest}` })
}

function hasDistinct<Key extends string>(key: Key) {
  return (list: readonly { readonly [K in Key]: unknown }[]): boolean =>
    new Set(list.map((item) => item[key])).size === list.length
}
