import { type StoredEffect } from '../../src/model/effect.ts'
import type { Report } from '../../src/model/report.ts'
import {
  claimAt,
  type EarlierReview,
  type ReviewDetails,
  type ReviewedRecord,
  type ReviewImage,
} from '../../src/model/review.ts'
import type { KeptDecision } from '../../src/model/review-decision.ts'
import { formatEffect } from './format-effect.ts'
import { formatContent, formatEvidence, quoted } from './format-evidence.ts'
import { formatTable, printable, type Terminal } from './terminal.ts'

/** Matches that are printed; JSON has all. */
const maxMatches = 20

/** Prints a review for a person. It names images by their CIDs and shows none; what others wrote is in quotation marks. */
export function showReview(details: ReviewDetails, terminal: Terminal): void {
  const { review, reports, records, images, evidence, contents, effects, decisions, earlier } = details
  terminal.out(terminal.style('bold', `review ${review.id}`))
  for (const line of formatTable(factsOf(details))) terminal.out(line)
  const held = effects.filter(({ state }) => state === 'held')
  printLines(terminal, `held (${review.heldCount})`, held.map(formatHeld))
  const matches = evidence
    .slice(0, maxMatches)
    .flatMap((each) => ['', ...formatEvidence(each, contents)])
    .slice(1)
  const rest = evidence.length - maxMatches
  if (rest > 0) matches.push('', `and ${rest} more, with --json`)
  printLines(terminal, `matches (${review.matchCount})`, matches)
  if (details.quarantine) {
    const subject = contents.find(({ contentId }) => contentId === details.quarantine?.contentId)
    printLines(terminal, `content ${details.quarantine.contentId}`, subject ? formatContent(subject) : [])
  }
  printTable(terminal, 'effects', effectHeading, effects.map(effectRow))
  printTable(terminal, `reports (${review.reportCount})`, reportHeading, reports.map(reportRow))
  printTable(terminal, 'records', recordHeading, records.map(recordRow))
  printTable(terminal, `images (${images.length})`, imageHeading, images.map(imageRow))
  printTable(terminal, 'decisions', decisionHeading, decisions.map(decisionRow))
  printTable(terminal, 'earlier reviews', earlierHeading, earlier.map(earlierRow))
}

function factsOf({ review, labels, quarantine }: ReviewDetails): string[][] {
  const claim = claimAt(review, new Date().toISOString())
  const holding = labels.filter(({ isNegated }) => !isNegated).map(({ val }) => val)
  return [
    ['subject', review.subject],
    ['state', review.state],
    ['since', review.createdAt],
    ['changed', review.updatedAt],
    ...(review.closedAt === undefined ? [] : [['closed', review.closedAt]]),
    ...(claim === undefined ? [] : [['claimed', `by ${claim.by} until ${claim.until}`]]),
    ...(review.requested === undefined ? [] : [['requested', review.requested]]),
    ...(holding.length === 0 ? [] : [['labels', holding.join(', ')]]),
    ...(quarantine === undefined
      ? []
      : [
          [
            'quarantine',
            `of ${quarantine.bank} since ${quarantine.begunAt}: ${quarantine.recent} matches in an hour, ${quarantine.baseline.toFixed(1)} in the mean hour of the week before`,
          ],
        ]),
  ]
}

function printLines(terminal: Terminal, title: string, lines: readonly string[]): void {
  terminal.out('')
  terminal.out(terminal.style('bold', title))
  for (const line of lines.length === 0 ? ['none'] : lines) terminal.out(line)
}

function printTable(
  terminal: Terminal,
  title: string,
  heading: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  printLines(terminal, title, rows.length === 0 ? [] : formatTable([heading, ...rows]))
}

function formatHeld(effect: StoredEffect): string {
  const { because, cause } = effect
  const why =
    cause === undefined ? '' : `, for ${cause.bank} content ${cause.contentId} at distance ${cause.distance}`
  return `would have ${formatWould(effect)} (${because ?? 'held'}${why})`
}

function formatWould({ action, target, subject, detail }: StoredEffect): string {
  switch (action.kind) {
    case 'label':
      return `labeled ${subject} ${detail}`
    case 'report':
      return `reported ${subject} to ${target} as ${detail.replace(/^.*#reason/, '')}`
    case 'takedown':
      return `had ${target} take down ${action.subject.kind} ${subject}`
    case 'webhook':
      return `told ${target} of ${subject}`
    case 'review':
    default:
      return `put ${subject} before a person`
  }
}

const effectHeading = ['effect', 'state', 'because', 'what', 'for', 'by', 'when', 'said']

function effectRow(effect: StoredEffect): string[] {
  const { id, state, because, cause, actor, createdAt, undoneAt, undoneBy, outcome } = effect
  return [
    String(id),
    state,
    because ?? '-',
    formatEffect(effect),
    cause === undefined ? '-' : `${cause.bank} ${cause.contentId}`,
    undoneBy === undefined ? actor : `${actor}, ended by ${undoneBy}`,
    undoneAt ?? createdAt,
    outcome === undefined ? '-' : printable(outcome),
  ]
}

const reportHeading = ['report', 'when', 'by', 'reason', 'written in', 'text']

function reportRow({ id, createdAt, reportedBy, reasonType, reason, modTool }: Report): string[] {
  const text = reason === undefined ? '-' : quoted(reason)
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

const decisionHeading = ['decision', 'by', 'when', 'details', 'reason']

function decisionRow({ decision, actor, at, details: { reason, ...details } }: KeptDecision): string[] {
  const told = Object.keys(details).length === 0 ? '-' : JSON.stringify(details)
  return [decision, actor, at, told, reason === undefined ? '-' : quoted(reason)]
}

const earlierHeading = ['review', 'state', 'since', 'closed', 'decisions']

function earlierRow({ id, state, createdAt, closedAt, decisions }: EarlierReview): string[] {
  const told = decisions.map(({ decision, actor }) => `${decision} (${actor})`)
  return [String(id), state, createdAt, closedAt ?? '-', told.join(', ') || '-']
}
