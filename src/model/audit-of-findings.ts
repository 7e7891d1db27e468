import type { AuditEntry } from './audit.ts'
import type { Findings, Match } from './match.ts'

/** The most matches of either kind that a row names; how many there are stands beside them. */
const maxNamed = 100

/** Where matches were found. */
export type FoundAt = {
  /** ISO 8601. */
  readonly at: string
  /** The record, the account or the content that shows the image. */
  readonly subject: string
  /** The CID of the image's blob. */
  readonly blob: string
  /** What else tells where: the job, the delivery. */
  readonly more?: Readonly<Record<string, unknown>>
}

/**
 * Returns the audit row of an image that matches something, also where all of it is suppressed; no row where nothing does. It names
 * banks and contents and no hash.
 */
export function auditOfFindings(
  { matches, suppressed }: Findings,
  { at, subject, blob, more = {} }: FoundAt,
): AuditEntry[] {
  if (matches.length + suppressed.length === 0) return []
  const details = {
    blob,
    matches: matches.length,
    suppressed: suppressed.length,
    matched: matches.slice(0, maxNamed).map(named),
    ...(suppressed.length > 0 && {
      notActedOn: suppressed.slice(0, maxNamed).map(({ match, by }) => ({ ...named(match), by: named(by) })),
    }),
    ...more,
  }
  return [{ at, actor: 'harrier', action: 'match.found', subject, details }]
}

function named(match: Match): Omit<Match, 'bankId'> {
  const { bankId: _, ...told } = match
  return told
}
