import { isDeepStrictEqual } from 'node:util'

/** One place where two values differ; undefined means that nothing is there. */
export type Difference = {
  /** The keys that lead to the place, from the outside in. */
  readonly path: readonly string[]
  readonly before: unknown
  readonly after: unknown
}

/**
 * Returns where two plain values differ, in the order of the keys of `before`, then of those that are new. Objects are
 * looked into; anything else, lists too, is one place.
 */
export function differencesOf(before: unknown, after: unknown, path: readonly string[] = []): Difference[] {
  if (isDeepStrictEqual(before, after)) return []
  if (!isPlainObject(before) || !isPlainObject(after)) return [{ path, before, after }]
  const keys = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...keys].flatMap((key) => differencesOf(before[key], after[key], [...path, key]))
}

/** Type guard for what JSON calls an object. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
