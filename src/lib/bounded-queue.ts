/** How much may wait. The queue is full at either bound, and low again at half of both. */
export type QueueLimits = {
  readonly maxItems: number
  readonly maxBytes: number
}

/** How much to take, and how long to wait for more where batches come close upon one another. */
export type TakeLimits = {
  /** At most this many; at least 1. */
  readonly maxItems: number
  /**
   * The least milliseconds from one batch to the next, unless that is full: what comes meanwhile is in it. An item after a
   * longer rest waits for nobody; 0 takes what there is.
   */
  readonly lingerMs: number
}

type Entry<Item> = { readonly item: Item; readonly bytes: number }
type Waiter = { readonly count: number; readonly wake: () => void }

/**
 * Items between a socket and the one reader, first in, first out. It does not refuse: who fills it watches `isFull` and
 * stops; what had been received by then still goes in.
 */
export class BoundedQueue<Item> {
  readonly #limits: QueueLimits
  readonly #entries: Entry<Item>[] = []
  #bytes = 0
  #waiter: Waiter | undefined
  #takenAt = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** How many items wait. */
  get size(): number {
    return this.#entries.length
  }

  /** True from either bound on. */
  get isFull(): boolean {
    return this.#entries.length >= this.#limits.maxItems || this.#bytes >= this.#limits.maxBytes
  }

  /** True up to half of both bounds: it is worth reading on. */
  get isLow(): boolean {
    return this.#entries.length <= this.#limits.maxItems / 2 && this.#bytes <= this.#limits.maxBytes / 2
  }

  /** Adds an item; `bytes` is what it counts for. */
  push(item: Item, bytes: number): void {
    this.#entries.push({ item, bytes })
    this.#bytes += bytes
    if (this.#waiter && (this.#entries.length >= this.#waiter.count || this.isFull)) this.#waiter.wake()
  }

  /** Waits for an item, then removes and returns the oldest ones; none once `signal` is aborted. */
  async take({ maxItems, lingerMs }: TakeLimits, signal: AbortSignal): Promise<readonly Item[]> {
    await this.#waitFor(1, undefined, signal)
    const restMs = this.#takenAt + lingerMs - performance.now()
    if (restMs > 0) await this.#waitFor(maxItems, restMs, signal)
    if (signal.aborted || this.#isClosed) return []
    this.#takenAt = performance.now()
    const taken = this.#entries.splice(0, maxItems)
    for (const { bytes } of taken) this.#bytes -= bytes
    return taken.map(({ item }) => item)
  }

  /** Ends a wait that is under way, and every later one at once: `take` returns nothing more. */
  close(): void {
    this.#isClosed = true
    this.#waiter?.wake()
  }

  async #waitFor(count: number, timeoutMs: number | undefined, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#isClosed || this.#entries.length >= count || this.isFull) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const wake = (): void => resolve()
    this.#waiter = { count, wake }
    const timer = timeoutMs === undefined ? undefined : setTimeout(wake, timeoutMs)
    signal.addEventListener('abort', wake, { once: true })
    await promise
    signal.removeEventListener('abort', wake)
    clearTimeout(timer)
    this.#waiter = undefined
  }
}
