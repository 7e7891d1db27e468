/**
 * Yields the results of `work` on each item in the items' order, with at most `limit` of them under way. The first
 * rejection ends the iteration; what was under way is awaited and dropped.
 */
export async function* mapInOrder<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const underway: Promise<R>[] = []
  const rest = [...items]
  try {
    while (rest.length > 0 || underway.length > 0) {
      for (const item of rest.splice(0, limit - underway.length)) underway.push(work(item))
      const next = underway.shift()
      if (next) yield await next
    }
  } finally {
    await Promise.allSettled(underway)
  }
}
