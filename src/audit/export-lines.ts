import type { AuditChainRow, AuditPlace, SignedAuditHead } from '../model/audit.ts'
import { auditForm } from '../model/audit-chain.ts'

/** The time of the rows that are wanted: from `since` on and before `until`, ISO 8601. Rows go out without a gap. */
export type ExportRange = { readonly since?: string; readonly until?: string }

/** What an export is made of. */
export type ExportParts = {
  /** The place before the first row: with it, a part of the chain is verified as the whole is. */
  readonly after: AuditPlace
  readonly rows: AsyncIterable<AuditChainRow>
  /** Of the last row. */
  readonly end: SignedAuditHead
}

/**
 * Yields the lines of an export, without line ends: one that says what it is and what it follows on, one for each row with
 * `details` as the text that is stored, and the signed head. The rows are those up to the head.
 */
export async function* exportLines({
  after,
  rows,
  end,
}: ExportParts): AsyncGenerator<string, void, undefined> {
  yield JSON.stringify({ audit: auditForm, databaseId: end.head.databaseId, after })
  for await (const { id, at, actor, action, subject, details, hash } of rows)
    yield JSON.stringify({ id, at, actor, action, subject, details, hash })
  yield JSON.stringify(end)
}
