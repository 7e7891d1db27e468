import type { LabelOutcome, LabelState } from './label-state.ts'
import { sortKeyOf } from './timestamp.ts'

/** What a batch means for the table. */
export type Settlement = {
  /** The one row that each changed subject and value has now; every other row of theirs, of any version, goes. */
  readonly rows: readonly LabelState[]
  /** What became of each label, in the order of the batch. */
  readonly outcomes: readonly LabelOutcome[]
}

/**
 * Decides what one labeler's batch makes of the rows that the table has for the same subjects and values.
 *
 * A subject and a value have one state at a time. The newest `cts` wins, by the moment that it names; of two equal ones
 * the later in the stream wins, so that reading a stream again from its beginning ends where it ended before. The AppView
 * looks at neither `cid` nor order, so the winner replaces every version's row; a negation stays as a row with `neg`, which
 * AppViews pass over, and keeps older labels from coming back.
 *
 * `now` is ISO 8601 in UTC; only the outcome depends on it.
 */
export function settleLabels(
  current: readonly LabelState[],
  batch: readonly LabelState[],
  now: string,
): Settlement {
  const states = new Map<string, { row: LabelState; isOnlyRow: boolean }>()
  for (const row of current) {
    const known = states.get(keyOf(row))
    if (!known) states.set(keyOf(row), { row, isOnlyRow: true })
    else {
      known.isOnlyRow = false
      if (sortKeyOf(row.cts) > sortKeyOf(known.row.cts)) known.row = row
    }
  }
  const changed = new Map<string, LabelState>()
  const outcomes = batch.map((label): LabelOutcome => {
    const key = keyOf(label)
    const known = states.get(key)
    if (known && sortKeyOf(label.cts) < sortKeyOf(known.row.cts)) return 'outdated'
    if (known?.isOnlyRow && isSame(label, known.row)) return 'unchanged'
    states.set(key, { row: label, isOnlyRow: true })
    changed.set(key, label)
    if (label.neg) return 'negated'
    return label.exp !== null && label.exp <= now ? 'expired' : 'stored'
  })
  return { rows: [...changed.values()], outcomes }
}

/** A NUL stands in neither a subject nor a value. */
function keyOf({ uri, val }: LabelState): string {
  return `${uri}\0${val}`
}

function isSame(a: LabelState, b: LabelState): boolean {
  return a.cts === b.cts && a.neg === b.neg && a.cid === b.cid && a.exp === b.exp
}
