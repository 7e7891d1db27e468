import type { Report } from '../../src/model/report.ts'
import type { Evidence, ReviewDetails, ReviewedRecord, ReviewImage } from '../../src/model/review.ts'
import { formatTable, printable, type Terminal } from './terminal.ts'

/** Prints a review for a person. It names images by their CIDs and shows none; what others wrote is in quotation marks. */
export function showReview(
  { review, reports, records, images, evidence }: ReviewDetails,
  terminal: Terminal,
): void {
  const facts = [
    ['subject', review.subject],
    ['state', review.state],
    ['since', review.createdAt],
    ['changed', review.updatedAt],
    ...(review.requested === undefined ? [] : [['requested', review.requested]]),
  ]
  terminal.out(terminal.style('bold', `review ${review.id}`))
  for (const line of formatTable(facts)) terminal.out(line)
  printTable(terminal, `reports (${review.reportCount})`, reportHeading, reports.map(reportRow))
  printTable(terminal, 'records', recordHeading, records.map(recordRow))
  printTable(terminal, `images (${images.length})`, imageHeading, images.map(imageRow))
  printTable(terminal, `matches (${review.matchCount})`, matchHeading, evidence.map(matchRow))
}

function printTable(
  terminal: Terminal,
  title: string,
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  terminal.out('')
  terminal.out(terminal.style('bold', title))
  if (rows.length === 0) terminal.out('none')
  else for (const line of formatTable([heading, ...rows])) terminal.out(line)
}

const reportHeading = ['report', 'when', 'by', 'reason', 'written in', 'text']

function reportRow({ id, createdAt, reportedBy, reasonType, reason, modTool }: Report): string[] {
  const text = reason === undefined ? '-' : JSON.stringify(printable(reason))
  const tool = modTool === undefined ? '-' : printable(modTool.name)
  return [String(id), createdAt, reportedBy, reasonType.replace(/^.*#reason/, ''), tool, text]
}

const recordHeading = ['record', 'attempts', 'outcome']

function recordRow({ uri, attempts, outcome }: ReviewedRecord): string[] {
  return [uri, String(attempts), outcome ?? 'waits']
}

const imageHeading = ['image', 'record', 'outcome']

function imageRow({ cid, uri, outcome }: ReviewImage): string[] {
  return [cid, uri, outcome ?? 'waits']
}

const matchHeading = ['distance', 'bank', 'content', 'hash', 'variant', 'image', 'found', 'suppressed by']

function matchRow({ match, cid, foundAt, suppressedBy: by }: Evidence): string[] {
  const [hash, variant] =
    match.hashType === 'pdq' ? [`pdq ${match.profile}`, match.variant] : [match.hashType, '-']
  return [
    String(match.distance),
    match.bank,
    String(match.contentId),
    hash,
    variant,
    cid,
    foundAt,
    by ? `${by.bank} ${by.contentId}` : '-',
  ]
}
