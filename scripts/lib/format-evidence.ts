import type { ComparedEvidence, ContentProvenance, EvidenceContent } from '../../src/model/review.ts'
import { bitsOf, drawBits } from './draw-bits.ts'
import { printable } from './terminal.ts'

/** Returns a match for a person, a line each: what matched what, how far, by which rules, and both hashes. */
export function formatEvidence(evidence: ComparedEvidence, contents: readonly EvidenceContent[]): string[] {
  const { match, cid, uri, recordCid, suppressedBy, policy, banks, foundAt } = evidence
  const look = match.hashType === 'pdq' ? `pdq ${match.profile}, look ${match.variant}` : match.hashType
  const tier = match.tier === undefined ? '' : `, tier ${match.tier}`
  const content = contents.find(({ contentId }) => contentId === match.contentId)
  return [
    `distance ${match.distance}${tier}: ${match.bank} content ${match.contentId}, by ${look}`,
    ...(suppressedBy
      ? [
          `  suppressed by ${suppressedBy.bank} content ${suppressedBy.contentId}, at distance ${suppressedBy.distance}`,
        ]
      : []),
    `  image    ${cid}`,
    `  shown by ${uri}${recordCid === undefined ? '' : ` (${recordCid})`}`,
    ...(content ? formatContent(content) : []),
    `  judged   ${foundAt}, opinion ${match.opinion ?? 'none'}, policy ${policy ?? 'not kept'}, banks ${banks ?? 'not kept'}`,
    ...formatHashes(evidence),
  ]
}

/** Returns what is known of a content, a line each. */
export function formatContent({ content, provenance, verdict, isThere }: EvidenceContent): string[] {
  const texts = [
    ['label', content?.label],
    ['note', content?.note],
    ['source', content?.sourceId],
    ['uri', content?.contentUri],
  ] as const
  const said = texts.flatMap(([name, text]) => (text ? [`${name} ${quoted(text)}`] : []))
  const states = [...(isThere ? [] : ['removed since']), ...(content?.disableUntil === 0 ? ['disabled'] : [])]
  const shared = content?.sharedBy.length ?? 0
  return [
    `  content  ${[...said, ...states].join(', ') || 'nothing is said of it'}`,
    `  origin   ${provenance ? formatProvenance(provenance) : 'not known'}${shared > 0 ? `, ${shared} records` : ''}`,
    ...(verdict
      ? [`  verdict  ${verdict.verdict} by ${verdict.actor} at ${verdict.at}: ${quoted(verdict.reason)}`]
      : []),
  ]
}

function formatProvenance({ how, at, by, format, exchange }: ContentProvenance): string {
  const opinion = exchange?.opinion === undefined ? 'say nothing of it' : `say ${exchange.opinion}`
  const members = exchange ? `; exchange ${exchange.api}, whose members ${opinion}` : ''
  const doer = by === undefined ? '' : ` by ${by}`
  const file = format === undefined ? '' : ` from a file (${format})`
  const words = how === 'unknown' ? 'in the bank' : how
  return `${words}${file}${doer} at ${at}${members}`
}

/** The most positions that are told by number; a match has 31 at most, usually. */
const maxPositions = 64

function formatHashes({ match, imageHash, bankHash, difference }: ComparedEvidence): string[] {
  const lines = [`  image’s  ${imageHash ?? 'not kept'}`, `  bank’s   ${bankHash ?? 'not kept'}`]
  if (
    match.hashType !== 'pdq' ||
    imageHash === undefined ||
    bankHash === undefined ||
    difference === undefined
  )
    return lines
  const bits = bitsOf(difference)
  const shown = bits.slice(0, maxPositions).join(' ')
  const [image, bank, differs] = [drawBits(imageHash), drawBits(bankHash), drawBits(difference)]
  return [
    ...lines,
    `  differs  in ${bits.length} of 256 bits${bits.length === 0 ? '' : `: ${shown}`}`,
    `           ${['image', 'bank', 'differs'].map((word) => word.padEnd(18)).join('')}`.trimEnd(),
    ...image.map((line, row) => `           ${line}  ${bank[row]}  ${differs[row]}`),
  ]
}

/** What people wrote, so that it cannot be taken for ours. */
export function quoted(text: string): string {
  return JSON.stringify(printable(text))
}
