import type { WireLabel } from '../../atproto/verify-label.ts'
import type { StreamLabel } from './check.ts'

/** Returns what names a label's place: source, subject and value. There is one current label for each. */
export function keyOf({ src, uri, val }: WireLabel): string {
  return JSON.stringify([src, uri, val])
}

/** Returns the newest label of each key, by `cts` and then by place in the stream; negations and expired ones included. */
export function newestLabels(labels: readonly StreamLabel[]): Map<string, StreamLabel> {
  const newest = new Map<string, StreamLabel>()
  for (const entry of labels) {
    const key = keyOf(entry.label)
    const before = newest.get(key)
    if (before && timeOf(entry.label.cts) < timeOf(before.label.cts)) continue
    newest.set(key, entry)
  }
  return newest
}

/** Tells whether a newest label still holds: it is no negation and has not expired. */
export function isHolding({ neg, exp }: WireLabel, now: Date): boolean {
  return neg !== true && !(exp !== undefined && timeOf(exp) <= now.getTime())
}

/** A time as epoch milliseconds; the earliest of all when it is none. */
export function timeOf(text: string): number {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? Number.NEGATIVE_INFINITY : ms
}
