import type { AtUri, Cid, Did } from './ids.ts'
import { type ReportScope, reportReasons } from './report-scope.ts'

/** What kinds of harm reports are about: the categories of `tools.ozone.report.defs`, which its tokens' names begin with. */
export const reasonClasses = [
  'violence',
  'sexual',
  'child-safety',
  'harassment',
  'misleading',
  'rule',
  'self-harm',
  'appeal',
  'other',
] as const

/** One member of `reasonClasses`. */
export type ReasonClass = (typeof reasonClasses)[number]

/** What a report is about: an account, or one version of a record. */
export type ReportSubject =
  | { readonly kind: 'account'; readonly did: Did }
  | { readonly kind: 'record'; readonly did: Did; readonly uri: AtUri; readonly cid: Cid }

/** Which program the report was written in, as it says of itself; never trusted. */
export type ModTool = { readonly name: string; readonly meta?: unknown }

/** A report as a user's client sends it, its form checked. */
export type NewReport = {
  readonly reportedBy: Did
  /** A token, such as `com.atproto.moderation.defs#reasonSpam`. */
  readonly reasonType: string
  /** What the user wrote; never logged. */
  readonly reason: string | undefined
  readonly subject: ReportSubject
  readonly modTool: ModTool | undefined
}

/** A report as it was filed. */
export type Report = NewReport & {
  readonly id: number
  /** The review that it belongs to. */
  readonly reviewId: number
  /** ISO 8601. */
  readonly createdAt: string
}

/** What became of a report, for metrics; `opened` and `joined` tell whether its subject had an open review. */
export const reportOutcomes = [
  'opened',
  'joined',
  'repeated',
  'reason-not-taken',
  'subject-not-taken',
  'appeal-of-another',
  'already-appealed',
  'rate-limited',
  'unauthenticated',
] as const

/** One member of `reportOutcomes`. */
export type ReportOutcome = (typeof reportOutcomes)[number]

const oldTokens = 'com.atproto.moderation.defs#reason'
const newTokens = 'tools.ozone.report.defs#reason'

/**
 * What a token is about: by how its name begins, the first that fits, whether it is a new one or an old one (whose
 * description prefers a new one of that category); and the old token that stands for new ones so named, as Ozone has it.
 */
const names: readonly (readonly [prefix: string, reasonClass: ReasonClass, old: string])[] = [
  ['Violence', 'violence', 'Violation'],
  ['Sexual', 'sexual', 'Sexual'],
  ['ChildSafety', 'child-safety', 'Violation'],
  ['Harassment', 'harassment', 'Rude'],
  ['Rude', 'harassment', 'Rude'],
  ['MisleadingSpam', 'misleading', 'Spam'],
  ['Spam', 'misleading', 'Spam'],
  ['Misleading', 'misleading', 'Misleading'],
  ['Rule', 'rule', 'Violation'],
  ['Violation', 'rule', 'Violation'],
  ['SelfHarm', 'self-harm', 'Violation'],
  ['Appeal', 'appeal', 'Appeal'],
  ['Other', 'other', 'Other'],
]

const reasons = new Map(
  reportReasons.flatMap((token) => {
    const name = token.slice((token.startsWith(oldTokens) ? oldTokens : newTokens).length)
    const found = names.find(([prefix]) => name.startsWith(prefix))
    return found ? [[token, { reasonClass: found[1], old: oldTokens + found[2] }] as const] : []
  }),
)

/** Returns what a reason type is about, or undefined when it is none that the network knows. */
export function classOfReason(reasonType: string): ReasonClass | undefined {
  return reasons.get(reasonType)?.reasonClass
}

/**
 * Tells whether a labeler of this scope takes this reason type. Old and new stand for one another, since clients of
 * either age ask labelers of either: a new type is taken where its old one is listed, and an old one where any of its new
 * ones is.
 */
export function takesReason({ reasonTypes: listed }: ReportScope, reasonType: string): boolean {
  const reason = reasons.get(reasonType)
  if (!reason) return false
  if (listed === undefined || listed.includes(reasonType) || listed.includes(reason.old)) return true
  return reason.old === reasonType && listed.some((other) => reasons.get(other)?.old === reasonType)
}
