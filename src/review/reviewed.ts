import { AppError } from '../lib/errors.ts'
import type { AtUri, Cid } from '../model/ids.ts'
import type { TakedownScope } from '../model/policy.ts'
import type { Evidence, ReviewSummary } from '../model/review.ts'
import type { TargetSubject } from '../model/target.ts'
import type { Stores } from '../store/database.ts'

/** A content that a review has a match of. */
export type ReviewedContent = { readonly bankId: number; readonly bank: string; readonly contentId: number }

/** What a review of an account or a record is about, as decisions need it. */
export type Reviewed = {
  readonly review: ReviewSummary
  /** Records that show an image that matches, suppressed or not. */
  readonly records: readonly AtUri[]
  /** Images that match and are not suppressed, each with a record that shows it. */
  readonly images: readonly Pick<Evidence, 'uri' | 'recordCid' | 'cid'>[]
  /** Returns the record, in the version that was looked at last, or the account. @throws {AppError} where no version is known. */
  readonly whole: () => Exclude<TargetSubject, { kind: 'blob' }>
  /** Returns the content of that number, or the one that there is. @throws {AppError} `invalid` when there is none or not one. */
  readonly contentOf: (contentId: number | undefined) => ReviewedContent
  /** Returns the images that match a content. */
  readonly imagesOf: (contentId: number) => readonly Cid[]
}

/** Returns what a review of an account or a record is about. */
export async function loadReviewed(stores: Stores, review: ReviewSummary): Promise<Reviewed> {
  const evidence = await stores.evidence.list(review.id)
  const acting = evidence.filter(({ suppressedBy }) => suppressedBy === undefined)
  const version = await versionOf(stores, review, evidence)
  return {
    review,
    records: [...new Set(evidence.map(({ uri }) => uri))],
    images: [...new Map(acting.map((each) => [each.cid, each])).values()],
    whole: () => wholeSubject(review, version),
    contentOf: (contentId) => contentAmong(acting, contentId),
    imagesOf: (contentId) => [
      ...new Set(acting.filter(({ match }) => match.contentId === contentId).map(({ cid }) => cid)),
    ],
  }
}

/** Returns what a takedown of that scope is of, each to be taken down by itself. @throws {AppError} `invalid` where there is nothing. */
export function subjectsToTakeDown(
  { review, images, whole }: Reviewed,
  of: TakedownScope,
): readonly TargetSubject[] {
  const { did } = review
  if (of === 'account') return [{ kind: 'account', did }]
  if (of === 'blob') {
    if (images.length === 0)
      throw new AppError('invalid', `Expected an image that matches, but review ${review.id} has none`)
    return images.map(({ cid, uri, recordCid }) => ({ kind: 'blob', did, cid, uri, recordCid }))
  }
  const subject = whole()
  if (subject.kind === 'record') return [subject]
  throw new AppError(
    'invalid',
    `Expected blob or account, for review ${review.id} is of an account, but received record`,
  )
}

async function versionOf(
  { reviews, evidence }: Stores,
  { id }: ReviewSummary,
  found: readonly Evidence[],
): Promise<Cid | undefined> {
  const [last] = found
    .filter(({ recordCid }) => recordCid !== undefined)
    .sort((a, b) => (a.foundAt < b.foundAt ? 1 : -1))
  if (last) return last.recordCid
  const images = await evidence.images(id)
  const [report] = await reviews.reports(id, 1)
  const reported = report?.subject.kind === 'record' ? report.subject.cid : undefined
  return reported ?? images.find(({ recordCid }) => recordCid !== undefined)?.recordCid
}

function wholeSubject(
  { id, subject, did }: ReviewSummary,
  cid: Cid | undefined,
): ReturnType<Reviewed['whole']> {
  if (!subject.startsWith('at://')) return { kind: 'account', did }
  if (cid !== undefined) return { kind: 'record', did, uri: subject as AtUri, cid, blobs: [] }
  throw new AppError('invalid', `Expected a version of the record of review ${id} to be known, but none is`)
}

function contentAmong(acting: readonly Evidence[], contentId: number | undefined): ReviewedContent {
  const contents = new Map(acting.map(({ match }) => [match.contentId, match]))
  const known = [...contents.keys()].sort((a, b) => a - b).join(', ') || 'none'
  const match =
    contentId === undefined && contents.size === 1 ? [...contents.values()][0] : contents.get(contentId ?? 0)
  if (match) return { bankId: match.bankId, bank: match.bank, contentId: match.contentId }
  const received = contentId === undefined ? 'no number' : contentId
  throw new AppError('invalid', `Expected one of the contents that match (${known}) but received ${received}`)
}
