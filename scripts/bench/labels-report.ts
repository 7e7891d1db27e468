import type { BenchResult } from '../bench-result.ts'
import type { Latencies } from './labels-load.ts'
import type { Reading } from './labels-reading.ts'

/** Rounds in which both labelers did the same. */
type Pair<Value> = { readonly harrier: Value; readonly skyware: Value }

/** A round of creating labels: labels a second, durable. `jobs` is with the end of a job, which only Harrier has. */
export type Made = Pair<number> & { readonly jobs: number }

/** Rounds in databases that held nothing at first, and in others that held so many labels. */
export type Creating = {
  readonly fresh: readonly Made[]
  readonly beside: readonly Made[]
  readonly labels: number
}

/** What came of creating labels. The more there are, the more pages of an index a commit writes. */
export function reportCreating({ fresh, beside, labels }: Creating): BenchResult[] {
  const jobs = Math.round(median(beside.map((round) => round.jobs)))
  return [
    ...compare('create, sign, persist', '/s', fresh, 8),
    ...compare(`the same, beside ${labels} labels`, '/s', beside),
    { name: 'the same, with the end of a job, its matches and audit', value: jobs, unit: '/s' },
  ]
}

/** What came of reading the history and of asking. */
export function reportReading(rounds: readonly Pair<Reading>[]): BenchResult[] {
  const of = (take: (reading: Reading) => number): Pair<number>[] =>
    rounds.map(({ harrier, skyware }) => ({ harrier: take(harrier), skyware: take(skyware) }))
  return [
    ...compare(
      'backfill',
      'labels/s',
      of(({ backfill }) => backfill),
      5,
    ),
    ...atMost(
      'backfill, most memory',
      'MB',
      of(({ peakMb }) => peakMb),
      200,
    ),
    ...atMost(
      'memory before it',
      'MB',
      of(({ idleMb }) => idleMb),
    ),
    ...atMost(
      'backfill, first frame',
      'ms',
      of(({ firstMs }) => firstMs),
      50,
    ),
    ...atMost(
      'other requests meanwhile, p99',
      'ms',
      of(({ othersMs }) => othersMs),
      50,
    ),
    ...compare(
      'exact queryLabels',
      '/s',
      of(({ exact }) => exact),
      100,
    ),
  ]
}

/** What came of following live. */
export function reportFanOut(rounds: {
  readonly harrier: readonly Latencies[]
  readonly skyware: readonly Latencies[]
  readonly expected: number
}): BenchResult[] {
  const { harrier, skyware, expected } = rounds
  const lost = Math.max(...harrier.map(({ received }) => expected - received))
  const p99 = median(harrier.map(({ p99 }) => p99))
  return [
    { name: 'fan-out at 100 labels/s, p50', value: median(harrier.map(({ p50 }) => p50)), unit: 'ms' },
    { name: 'fan-out, p99', value: p99, unit: 'ms', goal: 'at most 50', met: p99 <= 50 },
    { name: 'fan-out, longest', value: Math.max(...harrier.map(({ max }) => max)), unit: 'ms' },
    { name: 'fan-out, not received', value: lost, unit: 'labels', goal: '0', met: lost === 0 },
    { name: 'fan-out, p99, skyware', value: median(skyware.map(({ p99 }) => p99)), unit: 'ms' },
  ]
}

function compare(name: string, unit: string, rounds: readonly Pair<number>[], goal?: number): BenchResult[] {
  const ratio = median(rounds.map(({ harrier, skyware }) => harrier / skyware))
  const aim = goal === undefined ? {} : { goal: `at least ${goal}`, met: ratio >= goal }
  return [
    { name, value: Math.round(median(rounds.map(({ harrier }) => harrier))), unit },
    { name: `${name}, skyware`, value: Math.round(median(rounds.map(({ skyware }) => skyware))), unit },
    { name: `${name}, of skyware`, value: ratio, unit: 'times', ...aim },
  ]
}

function atMost(name: string, unit: string, rounds: readonly Pair<number>[], goal?: number): BenchResult[] {
  const value = median(rounds.map(({ harrier }) => harrier))
  const aim = goal === undefined ? {} : { goal: `at most ${goal}`, met: value <= goal }
  return [
    { name, value, unit, ...aim },
    { name: `${name}, skyware`, value: median(rounds.map(({ skyware }) => skyware)), unit },
  ]
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2
}
