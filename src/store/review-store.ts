import { type Kysely, type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
import type { AtUri, Cid, Did, SubjectUri } from '../model/ids.ts'
import type { ModTool, NewReport, Report, ReportSubject } from '../model/report.ts'
import type {
  ReviewRequest,
  ReviewState,
  ReviewSubject,
  ReviewSummary,
  ReviewsWanted,
} from '../model/review.ts'
import type { NewRow, Row, Schema } from './schema.ts'

/** Reviews, and the reports that opened or joined them. */
export interface ReviewStore {
  /** Returns the subject's review that is not closed; opens one when there is none. Belongs in a transaction. */
  open(
    subject: ReviewSubject,
    did: Did,
    at: string,
  ): Promise<{ readonly id: number; readonly isNew: boolean }>
  /** Marks an open review as one for somebody of more authority. */
  escalate(id: number, at: string): Promise<void>
  /** Keeps what a person is asked to do about the subject of a review. */
  request(id: number, wish: ReviewRequest): Promise<void>
  /** Adds a report to its review. */
  addReport(reviewId: number, report: NewReport, at: string): Promise<Report>
  /** Returns the newest report that is the same (reporter, subject, version, reason and text) and not older, or undefined. */
  findSame(report: NewReport, since: string): Promise<Report | undefined>
  /** Tells whether the account has a report of this reason in a review of the subject that is not closed. */
  hasReport(subject: SubjectUri, by: Did, reasonTypes: readonly string[]): Promise<boolean>
  /** Returns reviews in any of the states: those with matches first, nearest first, then the oldest. */
  list(wanted: ReviewsWanted): Promise<ReviewSummary[]>
  find(id: number): Promise<ReviewSummary | undefined>
  /** Returns the newest reviews of a subject, newest first. */
  ofSubject(subject: ReviewSubject, limit: number): Promise<ReviewSummary[]>
  /** Returns a review's newest reports, oldest first. */
  reports(reviewId: number, limit: number): Promise<Report[]>
  /** Returns how many reviews are in each state. */
  counts(): Promise<Readonly<Record<ReviewState, number>>>
}

/** Returns the review tables' functions over a connection or a transaction. */
export function createReviewStore(db: Kysely<Schema>): ReviewStore {
  return {
    async open(subject, did, at) {
      const known = await db
        .selectFrom('reviews')
        .select('id')
        .where('subject', '=', subject)
        .where('state', '!=', 'closed')
        .executeTakeFirst()
      if (known) {
        await db.updateTable('reviews').set({ updated_at: at }).where('id', '=', known.id).execute()
        return { id: known.id, isNew: false }
      }
      const { id } = await db
        .insertInto('reviews')
        .values({ subject, did, state: 'open', created_at: at, updated_at: at })
        .returning('id')
        .executeTakeFirstOrThrow()
      return { id, isNew: true }
    },

    async escalate(id, at) {
      await db
        .updateTable('reviews')
        .set({ state: 'escalated', updated_at: at })
        .where('id', '=', id)
        .where('state', '=', 'open')
        .execute()
    },

    async request(id, wish) {
      await db.updateTable('reviews').set({ requested: wish }).where('id', '=', id).execute()
    },

    async addReport(reviewId, report, at) {
      const { id } = await db
        .insertInto('reports')
        .values({ ...rowOfReport(report), review_id: reviewId, created_at: at })
        .returning('id')
        .executeTakeFirstOrThrow()
      return { ...report, id, reviewId, createdAt: at }
    },

    async findSame(report, since) {
      const { reported_by, did, uri, cid, reason_type, reason } = rowOfReport(report)
      const row = await db
        .selectFrom('reports')
        .selectAll()
        .where('reported_by', '=', reported_by)
        .where('did', '=', did)
        .where('uri', 'is', uri as null)
        .where('cid', 'is', cid as null)
        .where('reason_type', '=', reason_type)
        .where('reason', 'is', reason as null)
        .where('created_at', '>=', since)
        .orderBy('id', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row && reportOfRow(row)
    },

    async hasReport(subject, by, reasonTypes) {
      const row = await db
        .selectFrom('reports')
        .innerJoin('reviews', 'reviews.id', 'reports.review_id')
        .select('reports.id')
        .where('reviews.subject', '=', subject)
        .where('reviews.state', '!=', 'closed')
        .where('reported_by', '=', by)
        .where('reason_type', 'in', reasonTypes)
        .limit(1)
        .executeTakeFirst()
      return row !== undefined
    },

    async list({ states, limit, bank, claim }) {
      let wanted = summaries(db).where('reviews.state', 'in', states)
      if (bank !== undefined)
        wanted = wanted.where(
          sql<SqlBool>`EXISTS (SELECT 1 FROM review_matches WHERE review_id = reviews.id
            AND bank = ${bank} AND suppressed_by IS NULL)`,
        )
      if (claim !== undefined) wanted = wanted.where(isOfClaim(claim))
      const rows = await wanted
        .orderBy(sql`nearest IS NULL`)
        .orderBy('nearest')
        .orderBy('reviews.id')
        .limit(limit)
        .execute()
      return rows.map(summaryOfRow)
    },

    async find(id) {
      const row = await summaries(db).where('reviews.id', '=', id).executeTakeFirst()
      return row && summaryOfRow(row)
    },

    async ofSubject(subject, limit) {
      const rows = await summaries(db)
        .where('reviews.subject', '=', subject)
        .orderBy('reviews.id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(summaryOfRow)
    },

    async reports(reviewId, limit) {
      const rows = await db
        .selectFrom('reports')
        .selectAll()
        .where('review_id', '=', reviewId)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute()
      return rows.map(reportOfRow).reverse()
    },

    async counts() {
      const rows = await db
        .selectFrom('reviews')
        .select(['state', (select) => select.fn.countAll<number>().as('n')])
        .groupBy('state')
        .execute()
      const none = { open: 0, escalated: 0, closed: 0 }
      return { ...none, ...Object.fromEntries(rows.map((row) => [row.state, row.n])) }
    },
  }
}

type SummaryRow = Row<'reviews'> & {
  report_count: number
  match_count: number
  nearest: number | null
  /** JSON. */
  bank_names: string
  held_count: number
}

/** The most banks that a review is listed with. */
const maxBanks = 20

function isOfClaim({
  at,
  by = '',
  isTheirs = false,
}: NonNullable<ReviewsWanted['claim']>): RawBuilder<SqlBool> {
  return isTheirs
    ? sql`(reviews.claimed_by = ${by} AND reviews.claimed_until > ${at})`
    : sql`(reviews.claimed_by IS NULL OR reviews.claimed_by = ${by} OR reviews.claimed_until <= ${at})`
}

function summaries(db: Kysely<Schema>): SelectQueryBuilder<Schema, 'reviews', SummaryRow> {
  return db
    .selectFrom('reviews')
    .selectAll('reviews')
    .select([
      sql<number>`(SELECT count(*) FROM reports WHERE review_id = reviews.id)`.as('report_count'),
      sql<number>`(SELECT count(*) FROM review_matches
        WHERE review_id = reviews.id AND suppressed_by IS NULL)`.as('match_count'),
      sql<number | null>`(SELECT min(distance) FROM review_matches
        WHERE review_id = reviews.id AND suppressed_by IS NULL)`.as('nearest'),
      sql<string>`(SELECT json_group_array(bank) FROM (SELECT DISTINCT bank FROM review_matches
        WHERE review_id = reviews.id AND suppressed_by IS NULL ORDER BY bank LIMIT ${sql.lit(maxBanks)}))`.as(
        'bank_names',
      ),
      // What is held for the account, for a record of it, or because a content is in quarantine.
      sql<number>`(SELECT count(*) FROM effects WHERE effects.did = reviews.did AND effects.state = 'held'
          AND reviews.subject IN (effects.did, effects.uri, effects.subject))
        + (SELECT count(*) FROM effects WHERE effects.state = 'held' AND effects.because = 'flood'
          AND effects.content_id = CASE WHEN reviews.subject LIKE 'content:%'
            THEN CAST(substr(reviews.subject, 9) AS INTEGER) END)`.as('held_count'),
    ])
}

function summaryOfRow(row: SummaryRow): ReviewSummary {
  return {
    id: row.id,
    subject: row.subject as ReviewSubject,
    did: row.did as Did,
    state: row.state,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    requested: (row.requested ?? undefined) as ReviewRequest | undefined,
    reportCount: row.report_count,
    matchCount: row.match_count,
    nearest: row.nearest ?? undefined,
    banks: JSON.parse(row.bank_names) as string[],
    heldCount: row.held_count,
    claim:
      row.claimed_by === null || row.claimed_until === null
        ? undefined
        : { by: row.claimed_by, until: row.claimed_until },
    closedAt: row.closed_at ?? undefined,
  }
}

function rowOfReport(report: NewReport): Omit<NewRow<'reports'>, 'review_id' | 'created_at'> {
  const { subject, modTool } = report
  return {
    reported_by: report.reportedBy,
    reason_type: report.reasonType,
    reason: report.reason ?? null,
    did: subject.did,
    uri: subject.kind === 'record' ? subject.uri : null,
    cid: subject.kind === 'record' ? subject.cid : null,
    mod_tool: modTool === undefined ? null : JSON.stringify(modTool),
  }
}

function reportOfRow(row: Row<'reports'>): Report {
  return {
    id: row.id,
    reviewId: row.review_id,
    reportedBy: row.reported_by as Did,
    reasonType: row.reason_type,
    reason: row.reason ?? undefined,
    subject: subjectOfRow(row),
    modTool: row.mod_tool === null ? undefined : (JSON.parse(row.mod_tool) as ModTool),
    createdAt: row.created_at,
  }
}

function subjectOfRow({ did, uri, cid }: Row<'reports'>): ReportSubject {
  if (uri === null || cid === null) return { kind: 'account', did: did as Did }
  return { kind: 'record', did: did as Did, uri: uri as AtUri, cid: cid as Cid }
}
