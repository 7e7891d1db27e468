/**
 * The front door of what the operator does with the audit: listing it, proving that it is whole, taking it out.
 *
 * Owns: checking the chain, signed heads, the form of an export, and what a start of the service records of its settings.
 * Leaves to others: the rows and their hashes (`store/audit-store.ts`, `model/audit-chain.ts`), and writing them: whoever
 * changes something appends its rows in the transaction of the change.
 * Invariants: a check says `intact` only when every row follows from the one before it; a row is never changed here.
 *
 * check-chain.ts      whether rows follow from one another; explain-break.ts where and how they do not
 * sign-head.ts        what a labeler says of its audit, and whether it was the labeler that said it
 * export-lines.ts     the file that rows are taken out as; verify-export.ts reading it without the database
 * record-settings.ts  what has changed since the last start; record-view.ts what a person was shown;
 *                     record-export.ts that a bank was taken out
 * audited-keys.ts     label keys that are taken up
 */
import { AppError } from '../lib/errors.ts'
import type { AuditChainRow, AuditEntry, AuditPlace, ChainCheck, SignedAuditHead } from '../model/audit.ts'
import type { AuditStore, NumberedAuditEntry } from '../store/audit-store.ts'
import type { Database } from '../store/database.ts'
import { checkChain } from './check-chain.ts'
import { type ExportRange, exportLines } from './export-lines.ts'
import { checkHead, type HeadSigner, signHead } from './sign-head.ts'

/** So many rows are read at once. */
const pageRows = 1000

/** What the audit is worked with. */
export type AuditDeskDeps = {
  readonly database: Pick<Database, 'audit' | 'keys'>
  /** Signs heads; called only when one is to be signed, since a command may be let in without the key. */
  readonly signer: () => HeadSigner
  readonly actor: string
  readonly now: () => Date
}

/** How far a check has got. */
export type OnRows = (done: number, total: number) => void

/** What the operator does with the audit. */
export interface AuditDesk {
  /** Returns the newest rows, or those about a subject, newest first, and how many there are in all. */
  list(
    limit: number,
    subject?: string,
  ): Promise<{ readonly rows: NumberedAuditEntry[]; readonly total: number }>
  /**
   * Checks the whole chain; with a head, also that the head is on it: what was cut off its end, or made anew as a whole, is
   * seen by that alone. @throws {AppError} `invalid` when the head is not by a label key that is known here or is `key`.
   */
  verify(
    options: { readonly head?: SignedAuditHead; readonly key?: string },
    onRows: OnRows,
    signal: AbortSignal,
  ): Promise<ChainCheck>
  /** Returns the last row's head, signed. */
  head(): Promise<SignedAuditHead>
  /**
   * Yields the lines of an export, without line ends, and leaves an audit row after the last, which is not among them. Without
   * times it has every row.
   * @throws {AppError} `not-found` when no row is of that time.
   */
  export(range: ExportRange, signal: AbortSignal): AsyncIterable<string>
  /** Returns how many rows `export` is going to yield. @throws as that does. */
  count(range: ExportRange): Promise<number>
}

/** Returns what the operator does with the audit. */
export function createAuditDesk(deps: AuditDeskDeps): AuditDesk {
  const { database, signer, actor, now } = deps
  const { audit } = database

  const append = (entry: Pick<AuditEntry, 'action' | 'subject' | 'details'>): Promise<void> =>
    audit.append([{ at: now().toISOString(), actor, ...entry }])

  const headAt = async (id: number): Promise<SignedAuditHead> => {
    const { databaseId } = await audit.extent()
    return await signHead(signer(), {
      ...(await requirePlace(audit, id)),
      databaseId,
      at: now().toISOString(),
    })
  }

  return {
    list: (limit, subject) => audit.page({ limit, offset: 0, ...(subject === undefined ? {} : { subject }) }),

    async verify({ head, key }, onRows, signal) {
      if (head)
        await checkHead(
          head,
          key === undefined ? (await database.keys.list()).map(({ didKey }) => didKey) : [key],
        )
      const { lastId, lastGiven, databaseId } = await audit.extent()
      if (head && head.head.databaseId !== databaseId)
        throw new AppError(
          'invalid',
          `Expected a head of the database ${databaseId} but received one of another`,
        )
      const after = await requirePlace(audit, 0)
      // A number below 1 is none that is given.
      const rows = rowsOf(audit, { first: -Infinity, last: Infinity }, signal, (done) => onRows(done, lastId))
      return await checkChain(after, rows, { lastGiven, head: head?.head })
    },

    head: async () => await headAt((await audit.extent()).lastId),

    async count(range) {
      const { first, last } = await requireSpan(audit, range)
      return last - first + 1
    },

    async *export(range, signal) {
      const span = await requireSpan(audit, range)
      const after = await requirePlace(audit, span.first - 1)
      const end = await headAt(span.last)
      yield* exportLines({ after, rows: rowsOf(audit, span, signal), end })
      const { id, hash } = end.head
      await append({
        action: 'audit.exported',
        subject: 'audit',
        details: { after: after.id, last: id, hash },
      })
    },
  }
}

/** The first and the last row that are meant. */
type Span = { readonly first: number; readonly last: number }

async function* rowsOf(
  audit: AuditStore,
  { first, last }: Span,
  signal: AbortSignal,
  onRows: (done: number) => void = () => undefined,
): AsyncGenerator<AuditChainRow, void, undefined> {
  for (let after = first - 1; after < last; ) {
    signal.throwIfAborted()
    const rows = await audit.chain(after, pageRows)
    if (rows.length === 0) return
    for (const row of rows) if (row.id <= last) yield row
    after = rows.at(-1)?.id ?? last
    onRows(Math.min(after, last))
  }
}

async function requireSpan(audit: AuditStore, { since, until }: ExportRange): Promise<Span> {
  const { lastId } = await audit.extent()
  const span =
    since === undefined && until === undefined
      ? lastId > 0 && { first: 1, last: lastId }
      : await audit.span(since ?? '', until ?? '\uffff')
  if (span)
    return { first: since === undefined ? 1 : span.first, last: until === undefined ? lastId : span.last }
  throw new AppError('not-found', 'Expected rows of the audit of that time but there are none')
}

async function requirePlace(audit: AuditStore, id: number): Promise<AuditPlace> {
  const place = await audit.place(id)
  if (place) return place
  throw new AppError(
    'not-found',
    `Expected row ${id} of the audit, which the next one follows on, but it is gone; harrier audit verify says where the chain breaks`,
  )
}
