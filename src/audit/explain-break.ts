import type { AuditChainRow, AuditPlace, ChainCheck, ChainFault } from '../model/audit.ts'
import { hashAuditRow } from '../model/audit-chain.ts'

type Break = ChainCheck & { readonly kind: 'broken' }

/**
 * Returns what was done to a chain: pure. `last` is the last place that holds; of `rows`, which are one at least, the first does
 * not follow from it, and the others come after that. What cannot be told apart is told together.
 */
export function explainBreak(last: AuditPlace, rows: readonly AuditChainRow[]): Break {
  const [row] = rows as [AuditChainRow, ...AuditChainRow[]]
  return row.id === last.id + 1 ? explainContent(last, rows) : explainNumbers(last, rows)
}

/** The numbers do not follow; in a table they always rise, in a file they need not. */
function explainNumbers(last: AuditPlace, rows: readonly AuditChainRow[]): Break {
  const [row, ...later] = rows as [AuditChainRow, ...AuditChainRow[]]
  const expected = last.id + 1
  if (row.id < 1) return broken(row.id, 'added', 'no row has a number below 1')
  if (row.id <= last.id) {
    const isExtra = later.length === 0 || later[0]?.id === expected
    if (isExtra) return broken(row.id, 'added', `there is a second row of this number, after row ${last.id}`)
    return broken(row.id, 'order', `it stands after row ${last.id}`)
  }
  if (later.some(({ id }) => id === expected))
    return broken(expected, 'order', `row ${row.id} stands in its place, and it comes later`)
  const gone =
    row.id - 1 === expected ? `row ${expected} is gone` : `rows ${expected} to ${row.id - 1} are gone`
  return broken(expected, 'missing', gone)
}

/** The number is right and the hash is not. */
function explainContent(last: AuditPlace, rows: readonly AuditChainRow[]): Break {
  const [row, next] = rows as [AuditChainRow, ...AuditChainRow[]]
  return (
    explainMoved(last, rows) ??
    explainRenumbered(row, rows.slice(1)) ??
    broken(row.id, 'changed', changeOf(last, row, next))
  )
}

/** A row further on belongs here: rows were put in before it, and all from here on renumbered, or it changed places. */
function explainMoved(last: AuditPlace, rows: readonly AuditChainRow[]): Break | undefined {
  const [row, ...later] = rows as [AuditChainRow, ...AuditChainRow[]]
  const at = later.findIndex((candidate) => {
    const hash = hashAuditRow(last.hash, { ...candidate, id: row.id })
    return hash === candidate.hash || hash === row.hash
  })
  const moved = later[at]
  if (!moved) return undefined
  const count = at + 1
  const after = later[at + 1]
  const place = hashAuditRow(last.hash, { ...moved, id: row.id })
  const isShifted = after ? follows(place, after, row.id + 1) : !hasSwapped(place, row, rows)
  if (!isShifted) return broken(row.id, 'order', `what belongs here stands in row ${moved.id}`)
  return broken(
    row.id,
    'added',
    count === 1 ? 'it was put in, and all after it was renumbered' : `${count} rows were put in here`,
  )
}

/** Tells whether the row that stands where another belongs has only changed places with it. */
function hasSwapped(place: string, row: AuditChainRow, rows: readonly AuditChainRow[]): boolean {
  const hash = hashAuditRow(place, { ...row, id: row.id + 1 })
  return rows.some((candidate) => candidate.hash === hash)
}

/** Rows after it follow from one another under higher numbers than they have. */
function explainRenumbered(row: AuditChainRow, later: readonly AuditChainRow[]): Break | undefined {
  const [next] = later
  if (!next) return undefined
  for (let gone = 1; gone <= later.length + 1; gone++) {
    if (!follows(row.hash, next, next.id + gone)) continue
    return broken(
      row.id,
      'missing',
      gone === 1
        ? 'a row is gone from here, and all after it were renumbered'
        : `${gone} rows are gone from here`,
    )
  }
  return undefined
}

function follows(previous: string, row: AuditChainRow, id: number): boolean {
  return hashAuditRow(previous, { ...row, id }) === row.hash
}

function changeOf(last: AuditPlace, row: AuditChainRow, next: AuditChainRow | undefined): string {
  if (next === undefined) return 'it was changed, or added without being chained'
  if (follows(hashAuditRow(last.hash, row), next, next.id))
    return 'its hash was changed; what it says is as it was'
  if (follows(row.hash, next, next.id))
    return last.id === 0
      ? 'what it says was changed'
      : `what it says was changed, or row ${last.id} was and had its hash made anew`
  return `it does not follow from row ${last.id}, nor what comes after from it: several rows were changed`
}

function broken(row: number, fault: ChainFault, finding: string): Break {
  return { kind: 'broken', row, fault, finding }
}
