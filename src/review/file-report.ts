/**
 * Review's front door for reports: a user's report becomes, or joins, a review.
 *
 * Owns: which reports are taken, that one is filed once, and how often. Leaves to others: who reports (the listener has
 * checked that), looking at the subject's images (`fetch-subjects.ts` finds them, the pipeline looks), and the judgement.
 * Invariants: a report, its place in a review, the fetch of its subject and the audit rows become durable together; the
 * same report again within the repeat time is answered with the first; a user's words are stored and never logged.
 *
 * `decide-report.ts` holds the rules.
 */
import { AppError } from '../lib/errors.ts'
import { RateLimitExceededError, type RateLimiter, type RateLimitStatus } from '../lib/rate-limit.ts'
import { type AtUri, type Cid, parseAtUri, type SubjectUri } from '../model/ids.ts'
import {
  classOfReason,
  type NewReport,
  type ReasonClass,
  type Report,
  type ReportOutcome,
  type ReportSubject,
} from '../model/report.ts'
import { type ReportScope, reportReasons } from '../model/report-scope.ts'
import type { AuditEntry } from '../store/audit-store.ts'
import type { Database, Stores } from '../store/database.ts'
import { decideReport } from './decide-report.ts'

/** What filing counts. `reason` is undefined where it is not one that the network knows. Must not throw. */
export interface ReportMetrics {
  reportDone(reason: ReasonClass | undefined, outcome: ReportOutcome): void
}

/** How many reports are taken. An account's calls are counted before it gets here; its own appeals are not counted here. */
export type ReportLimits = { readonly byAccount: RateLimiter; readonly bySubject: RateLimiter }

/** What filing a report needs. */
export type FileReportDeps = {
  readonly database: Pick<Database, 'transaction'>
  readonly scope: ReportScope
  readonly limits: ReportLimits
  readonly metrics: ReportMetrics
  readonly now: () => Date
  /** Called after a report was filed; must not throw. */
  readonly onReport: () => void
}

/** A report that was filed, now or before, and where its reporter and its subject stand. */
export type FiledReport = { readonly report: Report; readonly limits: readonly RateLimitStatus[] }

/** The labeler does not take such a report. */
export class ReportNotTakenError extends AppError {
  override readonly name = 'ReportNotTakenError'
}

/** The account's appeal of this subject waits already (as Ozone names it). */
export class AlreadyAppealedError extends AppError {
  override readonly name = 'AlreadyAppealedError'
  constructor() {
    super('invalid', 'Expected one appeal at a time; the earlier one is still open')
  }
}

/** Files a report once. @throws {ReportNotTakenError} {AlreadyAppealedError} {RateLimitExceededError} */
export type FileReport = (report: NewReport) => Promise<FiledReport>

/** How long the same report counts as a client's retry, in milliseconds. */
const repeatMs = 600_000
const appealTypes = reportReasons.filter((reasonType) => classOfReason(reasonType) === 'appeal')

/** Returns the function that files reports; each call is counted by its reason and outcome. */
export function createFileReport(deps: FileReportDeps): FileReport {
  const { metrics, scope, database, limits, now, onReport } = deps

  return async (report) => {
    const reasonClass = classOfReason(report.reasonType)
    const refusal = decideReport(scope, report)
    if (refusal) {
      metrics.reportDone(reasonClass, refusal.outcome)
      const kind = refusal.outcome === 'appeal-of-another' ? 'forbidden' : 'invalid'
      throw new ReportNotTakenError(kind, `Expected ${refusal.expected} but received another`)
    }
    try {
      const filed = await database.transaction((stores) => write(stores, deps, report, now()))
      metrics.reportDone(reasonClass, filed.outcome)
      if (filed.outcome !== 'repeated') onReport()
      return { report: filed.report, limits: [limits.byAccount.statusOf(report.reportedBy), filed.limit] }
    } catch (error) {
      if (error instanceof RateLimitExceededError) metrics.reportDone(reasonClass, 'rate-limited')
      if (error instanceof AlreadyAppealedError) metrics.reportDone(reasonClass, 'already-appealed')
      throw error
    }
  }
}

type Written = { readonly report: Report; readonly outcome: ReportOutcome; readonly limit: RateLimitStatus }

async function write(
  stores: Stores,
  { limits: { bySubject } }: FileReportDeps,
  report: NewReport,
  now: Date,
): Promise<Written> {
  const { subject, reportedBy } = report
  const uri = uriOf(subject)
  const same = await stores.reviews.findSame(report, new Date(now.getTime() - repeatMs).toISOString())
  if (same) return { report: same, outcome: 'repeated', limit: bySubject.statusOf(uri) }
  const isAppeal = classOfReason(report.reasonType) === 'appeal'
  if (isAppeal && (await stores.reviews.hasReport(uri, reportedBy, appealTypes)))
    throw new AlreadyAppealedError()
  // Only the account itself can appeal, and others must not be able to use up its chance.
  const status = isAppeal ? bySubject.statusOf(uri) : bySubject.take(uri)
  const at = now.toISOString()
  const { id, isNew } = await stores.reviews.open(uri, subject.did, at)
  const filed = await stores.reviews.addReport(id, report, at)
  if (isNew) await stores.evidence.adopt(id)
  const shown = recordOf(subject)
  await stores.subjectFetches.add(id, shown.uri, shown.cid, now.getTime())
  await stores.audit.append(auditOf(filed, uri, isNew))
  return { report: filed, outcome: isNew ? 'opened' : 'joined', limit: status }
}

/** What the review is of. */
function uriOf(subject: ReportSubject): SubjectUri {
  return subject.kind === 'account' ? subject.did : subject.uri
}

/** The record whose images show the subject: for an account its profile, with the avatar and the banner. */
function recordOf(subject: ReportSubject): { readonly uri: AtUri; readonly cid: Cid | undefined } {
  if (subject.kind === 'record') return subject
  const profile = parseAtUri(`at://${subject.did}/app.bsky.actor.profile/self`)
  if (profile === undefined) throw new AppError('internal', 'Expected the address of a profile')
  return { uri: profile, cid: undefined }
}

function auditOf(report: Report, subject: SubjectUri, isNew: boolean): AuditEntry[] {
  const { id, reviewId, reportedBy, reasonType, createdAt: at } = report
  const cid = report.subject.kind === 'record' ? { cid: report.subject.cid } : {}
  const opened = { at, actor: 'harrier', action: 'review.opened', subject, details: { review: reviewId } }
  const details = { report: id, review: reviewId, reasonType, ...cid }
  const filed = { at, actor: reportedBy, action: 'report.filed', subject, details }
  return isNew ? [opened, filed] : [filed]
}
