import { firstOf } from './first-of.ts'

/** What a loop works on, and how. */
export type WorkLoopOptions<Item, Key extends string> = {
  /** Returns up to `limit` items that are due, none with a key that is busy, and each of another key. */
  readonly claim: (limit: number, busy: readonly Key[]) => Promise<readonly Item[]>
  readonly keyOf: (item: Item) => Key
  /** Does one item; the signal tells that the loop ends, for items that can be left undone. A rejection ends the loop. */
  readonly work: (item: Item, ending: AbortSignal) => Promise<void>
  readonly atOnce: number
  /** How long to wait for a call of `wake` before looking again, since what comes due rings no bell. */
  readonly pollMs: number
}

/** A loop that can be told of new work. */
export interface WorkLoop {
  /** Works until the signal is aborted; items in hand are finished first. @throws what `claim` and `work` reject with. */
  run(signal: AbortSignal): Promise<void>
  /** Tells that there may be new items. */
  wake(): void
  /** How many items are in hand. */
  readonly running: number
}

/** Returns a loop that works on as many items at once as allowed, each of another key; starts nothing. */
export function createWorkLoop<Item, Key extends string>({
  claim,
  keyOf,
  work,
  atOnce,
  pollMs,
}: WorkLoopOptions<Item, Key>): WorkLoop {
  const busy = new Map<Key, Promise<void>>()
  let bell = Promise.withResolvers<void>()
  const wake = (): void => bell.resolve()

  return {
    wake,
    get running() {
      return busy.size
    },
    async run(signal) {
      const broken = Promise.withResolvers<never>()
      signal.addEventListener('abort', wake, { once: true })
      while (!signal.aborted) {
        bell = Promise.withResolvers<void>()
        const items = busy.size < atOnce ? await claim(atOnce - busy.size, [...busy.keys()]) : []
        for (const item of items) {
          const run = work(item, signal).catch(broken.reject)
          busy.set(
            keyOf(item),
            run.finally(() => busy.delete(keyOf(item)) && wake()),
          )
        }
        if (items.length === 0) await Promise.race([firstOf(bell.promise, pollMs), broken.promise])
      }
      await Promise.race([Promise.all(busy.values()), broken.promise])
    },
  }
}
