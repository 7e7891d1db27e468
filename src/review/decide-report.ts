import { classOfReason, type NewReport, type ReportOutcome, takesReason } from '../model/report.ts'
import type { ReportScope } from '../model/report-scope.ts'

/** Why a report is not taken, and what was expected instead. */
export type ReportRefusal = { readonly outcome: ReportOutcome; readonly expected: string }

/** Returns why a report is not taken, or undefined when it is: pure, without store or network. */
export function decideReport(
  scope: ReportScope,
  { reasonType, subject, reportedBy }: NewReport,
): ReportRefusal | undefined {
  if (classOfReason(reasonType) === undefined)
    return { outcome: 'reason-not-taken', expected: 'a reasonType that the network knows' }
  if (!takesReason(scope, reasonType))
    return { outcome: 'reason-not-taken', expected: 'a reasonType that this labeler takes' }
  if (scope.subjectTypes !== undefined && !scope.subjectTypes.includes(subject.kind))
    return { outcome: 'subject-not-taken', expected: `a subject that is no ${subject.kind}` }
  if (subject.kind === 'record' && !takesCollection(scope, subject.uri))
    return { outcome: 'subject-not-taken', expected: 'a record of a collection that this labeler takes' }
  if (classOfReason(reasonType) === 'appeal' && reportedBy !== subject.did)
    return {
      outcome: 'appeal-of-another',
      expected: 'an appeal by the account that the subject is or belongs to',
    }
  return undefined
}

function takesCollection({ subjectCollections }: ReportScope, uri: string): boolean {
  return subjectCollections === undefined || subjectCollections.includes(uri.split('/')[3] ?? '')
}
