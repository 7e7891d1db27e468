import type { Report } from '../../src/model/report.ts'
import type { Evidence, ReviewDetails, ReviewedRecord, ReviewImage } from '../../src/model/review.ts'
import { hasOption, parseId } from '../lib/arguments.ts'
import { type Command, jsonOption } from '../lib/command.ts'
import { openCommandTools } from '../lib/open-command-tools.ts'
import { formatTable, printable, type Terminal } from '../lib/terminal.ts'

/** `harrier review show`: one review with its reports and its evidence. */
export const reviewShowCommand: Command = {
  name: 'review show',
  summary: 'show a review: its reports, its images and what they match',
  parameters: 'REVIEW',
  arguments: { REVIEW: 'its number, as review list shows it' },
  arity: [1, 1],
  options: jsonOption,
  notes: [
    'It names images by their CIDs and shows none. Text in quotation marks is what users wrote.\n' +
      'JSON: one object: review, reports (the last 100), records (fetched to find the images), images, evidence\n' +
      '(nearest first: bank, content, hash type, profile, variant, distance, tier; and suppressedBy: the content of a\n' +
      'negative bank because of which a match counts as none).',
  ],
  examples: ['review show 12', 'review show 12 --json'],
  exits: { 3: 'no such review' },
  async run(args, terminal) {
    const id = parseId(args.positionals[0] ?? '', 'REVIEW')
    await using tools = await openCommandTools()
    const details = await tools.reviews.find(id)
    if (!details) {
      terminal.err(`harrier: No such review: ${id}; harrier review list shows them`)
      return 3
    }
    if (hasOption(args, 'json')) terminal.out(JSON.stringify(details))
    else print(details, terminal)
    return 0
  },
}

function print({ review, reports, records, images, evidence }: ReviewDetails, terminal: Terminal): void {
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
