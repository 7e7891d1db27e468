import type { AuditChainRow, AuditPlace, ChainCheck } from '../model/audit.ts'
import { hashAuditRow } from '../model/audit-chain.ts'
import { explainBreak } from './explain-break.ts'

/** What is known of the chain from elsewhere. */
export type ChainEvidence = {
  /** The last number that was given to a row, which SQLite keeps apart from the rows; 0 where that is not known. */
  readonly lastGiven?: number
  /** A place that was signed. */
  readonly head?: AuditPlace | undefined
}

/** So many rows after a break are looked at to tell what was done. */
const maxLookAhead = 200

/**
 * Checks that rows follow from a place and from one another, in one pass and with bounded memory, and that the chain has come
 * as far as is known from elsewhere. Returns the first row that breaks it, and how.
 */
export async function checkChain(
  after: AuditPlace,
  rows: AsyncIterable<AuditChainRow>,
  { lastGiven = 0, head }: ChainEvidence,
): Promise<ChainCheck> {
  let last = after
  let signed = head && head.id === after.id ? after : undefined
  const iterator = rows[Symbol.asyncIterator]()
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) {
    const row = next.value
    if (row.id !== last.id + 1 || row.hash !== hashAuditRow(last.hash, row))
      return explainBreak(last, [row, ...(await take(iterator, maxLookAhead))])
    last = row
    if (row.id === head?.id) signed = row
  }
  if (head && signed && signed.hash !== head.hash) return anotherChain(head)
  const known = Math.max(lastGiven, head?.id ?? 0)
  if (known > last.id) return cutOff(last, known)
  return { kind: 'intact', after, rows: last.id - after.id, last: { id: last.id, hash: last.hash } }
}

/** Returns the check of rows that a head is said to be the end of. */
export function checkEnd(check: ChainCheck & { readonly kind: 'intact' }, head: AuditPlace): ChainCheck {
  const { last } = check
  if (head.id > last.id) return cutOff(last, head.id)
  if (head.id < last.id) {
    const finding = `the head that was signed is of row ${head.id}, and rows come after it`
    return { kind: 'broken', row: head.id + 1, fault: 'added', finding }
  }
  return head.hash === last.hash ? check : anotherChain(head)
}

function anotherChain({ id }: AuditPlace): ChainCheck {
  const finding =
    'every row follows from the one before it, and yet this one has not the hash that was signed: it or one before it was changed, and all hashes from there on were made anew'
  return { kind: 'broken', row: id, fault: 'changed', finding }
}

function cutOff({ id }: AuditPlace, known: number): ChainCheck {
  const finding = `the chain ends at row ${id}, and there were rows up to ${known}`
  return { kind: 'broken', row: id + 1, fault: 'missing', finding }
}

async function take(iterator: AsyncIterator<AuditChainRow>, count: number): Promise<AuditChainRow[]> {
  const rows: AuditChainRow[] = []
  while (rows.length < count) {
    const next = await iterator.next()
    if (next.done === true) break
    rows.push(next.value)
  }
  return rows
}
