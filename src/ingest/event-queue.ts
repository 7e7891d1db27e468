import type { StreamEvent } from '../model/stream-event.ts'
import type { TakeOptions } from './event-source.ts'

/** How much may wait. The queue is full at either bound, and low again at half of both. */
export type QueueLimits = {
  readonly maxQueuedEvents: number
  /** Bytes of the frames that the waiting events came in. */
  readonly maxQueuedBytes: number
}

type Entry = { readonly event: StreamEvent; readonly bytes: number }
type Waiter = { readonly count: number; readonly wake: () => void }

/**
 * Events between the socket and the one reader, first in, first out. It does not refuse: who fills it watches `isFull`
 * and stops; what had been received by then still goes in.
 */
export class EventQueue {
  readonly #limits: QueueLimits
  readonly #entries: Entry[] = []
  #bytes = 0
  #waiter: Waiter | undefined
  #isClosed = false

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** How many events wait. */
  get size(): number {
    return this.#entries.length
  }

  /** True from either bound on. */
  get isFull(): boolean {
    return this.#entries.length >= this.#limits.maxQueuedEvents || this.#bytes >= this.#limits.maxQueuedBytes
  }

  /** True up to half of both bounds: it is worth reading on. */
  get isLow(): boolean {
    return (
      this.#entries.length <= this.#limits.maxQueuedEvents / 2 &&
      this.#bytes <= this.#limits.maxQueuedBytes / 2
    )
  }

  /** Adds an event; `bytes` is the size of its frame. */
  push(event: StreamEvent, bytes: number): void {
    this.#entries.push({ event, bytes })
    this.#bytes += bytes
    if (this.#waiter && (this.#entries.length >= this.#waiter.count || this.isFull)) this.#waiter.wake()
  }

  /** Waits as `EventSource.take` promises, then removes and returns the oldest events. */
  async take({ maxEvents, lingerMs }: TakeOptions, signal: AbortSignal): Promise<readonly StreamEvent[]> {
    await this.#waitFor(1, undefined, signal)
    if (lingerMs > 0) await this.#waitFor(maxEvents, lingerMs, signal)
    if (signal.aborted || this.#isClosed) return []
    const taken = this.#entries.splice(0, maxEvents)
    for (const { bytes } of taken) this.#bytes -= bytes
    return taken.map(({ event }) => event)
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
