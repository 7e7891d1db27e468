import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LabelState } from './label-state.ts'
import { settleLabels } from './settle-labels.ts'

const now = '2026-06-01T00:00:00.000Z'
const times = [
  '2026-01-01T00:00:00Z',
  '2026-01-01T00:00:00.000000001Z',
  '2026-01-01T01:00:00.5+00:30',
  '2026-01-01T00:00:01.000Z',
] as const
/** The moments of `times` in nanoseconds after the first, by hand. */
const moments: Readonly<Record<string, number>> = {
  [times[0]]: 0,
  [times[1]]: 1,
  [times[2]]: 1_800_500_000_000,
  [times[3]]: 1_000_000_000,
}

const label: fc.Arbitrary<LabelState> = fc.record({
  uri: fc.constantFrom('did:plc:a', 'did:plc:b'),
  cid: fc.constantFrom('', 'c1', 'c2'),
  val: fc.constantFrom('spam', 'rude'),
  neg: fc.boolean(),
  cts: fc.constantFrom(...times),
  exp: fc.constantFrom(null, '2026-05-01T00:00:00.000Z', '2026-07-01T00:00:00.000Z'),
})

describe('settleLabels', () => {
  it('leaves the newest of each subject and value, the later of equals, however the stream is cut', () => {
    let cuts = 0
    fc.assert(
      fc.property(fc.array(label, { maxLength: 30 }), fc.nat({ max: 30 }), (stream, cut) => {
        cuts++
        const expected = new Map<string, LabelState>()
        for (const next of stream) {
          const key = `${next.uri} ${next.val}`
          const known = expected.get(key)
          if (!known || (moments[next.cts] ?? 0) >= (moments[known.cts] ?? 0)) expected.set(key, next)
        }
        const table = applied(applied([], stream.slice(0, cut)), stream.slice(cut))
        expect(sorted(table)).toEqual(sorted([...expected.values()]))
        expect(sorted(applied(table, stream)), 'read again').toEqual(sorted(table))
      }),
    )
    expect(cuts).toBeGreaterThanOrEqual(100)
  })

  it('gathers the rows of several versions into one, even for a label that is there already', () => {
    const base = { uri: 'did:plc:a', val: 'spam', neg: false, cts: times[0], exp: null }
    const current = ['', 'c1', 'c2'].map((cid) => ({ ...base, cid }))
    const label = { ...base, cid: 'c1' }
    expect(settleLabels(current, [label], now)).toEqual({ rows: [label], outcomes: ['stored'] })
    expect(settleLabels([label], [label], now)).toEqual({ rows: [], outcomes: ['unchanged'] })
  })

  it('says what became of each label', () => {
    const base: LabelState = { uri: 'did:plc:a', cid: '', val: 'spam', neg: false, cts: times[1], exp: null }
    const batch = [
      base,
      { ...base, cts: times[0] },
      base,
      { ...base, neg: true },
      { ...base, exp: '2026-05-01T00:00:00.000Z' },
      { ...base, exp: now },
      { ...base, exp: '2026-07-01T00:00:00.000Z' },
    ]
    expect(settleLabels([], batch, now).outcomes).toEqual([
      'stored',
      'outdated',
      'unchanged',
      'negated',
      'expired',
      'expired',
      'stored',
    ])
  })

  it('takes a row whose time is none for the oldest', () => {
    const base: LabelState = { uri: 'did:plc:a', cid: '', val: 'spam', neg: false, cts: times[0], exp: null }
    expect(settleLabels([{ ...base, cts: 'garbage' }], [base], now).outcomes).toEqual(['stored'])
  })
})

/** The table after a batch, as the store does it. */
function applied(table: readonly LabelState[], batch: readonly LabelState[]): LabelState[] {
  const { rows } = settleLabels(table, batch, now)
  const isReplaced = (row: LabelState) => rows.some(({ uri, val }) => uri === row.uri && val === row.val)
  return [...table.filter((row) => !isReplaced(row)), ...rows]
}

function sorted(rows: readonly LabelState[]): LabelState[] {
  return rows.toSorted((a, b) => (a.uri + a.val < b.uri + b.val ? -1 : 1))
}
