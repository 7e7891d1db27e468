import type { HashRows } from './hash-rows.ts'

/**
 * The rows of an index by how they are searched. A row is in exactly one of them at any moment: what a rebuild made takes the
 * place of what it read in one step.
 */
export class RowTiers {
  /** The bulk of the rows, sorted. */
  base: HashRows | undefined
  /** What came later, sorted; two while the first is being merged into the base. */
  middles: readonly HashRows[] = []
  /** What is being sorted into a middle; scanned. */
  frozen: readonly HashRows[] = []
  /** What came last, in pieces; scanned. Rows are added to the last piece. */
  tails: readonly HashRows[] = []

  /** Every one of them, the bulk first. */
  get all(): readonly HashRows[] {
    return [...(this.base ? [this.base] : []), ...this.middles, ...this.frozen, ...this.tails]
  }
}

/** Returns how many rows there are, without those that are removed. */
export function liveRows(rows: readonly HashRows[]): number {
  return rows.reduce((sum, { count, removedCount }) => sum + count - removedCount, 0)
}
