import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../lib/errors.ts'
import { HashChild, type HashChildOptions } from './hash-child.ts'
import type { HashOutcome } from './hash-image.ts'

/** Limits of the pool and of each of its processes. */
export type HashPoolOptions = HashChildOptions & {
  /** How many images are decoded at the same time; about one per core. */
  readonly processes: number
  /** How many images may wait; one more is refused. */
  readonly maxQueue: number
}

/** Hashes images in processes of their own, so that hostile bytes can hurt no more than their own job. */
export interface HashPool extends AsyncDisposable {
  /**
   * Hashes the bytes of one image. Every rejection but an abort is an `AppError` that may be retried: the decoder took
   * too long or too much memory, crashed, or could not be started; the queue is full; the pool is closed.
   */
  hash(bytes: Uint8Array, signal: AbortSignal): Promise<HashOutcome>
  /** Starts the processes that do not run yet, so that no image waits for one. Rejects when one cannot be started. */
  prepare(): Promise<void>
  /** Images that wait or are being hashed. */
  readonly pending: number
}

class HashQueueFullError extends AppError {
  override readonly name = 'HashQueueFullError'
}
class HashPoolClosedError extends AppError {
  override readonly name = 'HashPoolClosedError'
}

type Job = { readonly bytes: Uint8Array; readonly settle: PromiseWithResolvers<HashOutcome> }
type Slot = { child: HashChild | undefined; run: Promise<void> | undefined; failedStarts: number }

/** Opens a pool. Its processes start when they are needed and live until disposal, which kills them and waits. */
export function openHashPool(options: HashPoolOptions): HashPool {
  return new ProcessHashPool(options)
}

class ProcessHashPool implements HashPool {
  readonly #options: HashPoolOptions
  readonly #queue: Job[] = []
  readonly #slots: readonly Slot[]
  readonly #closing = new AbortController()

  constructor(options: HashPoolOptions) {
    this.#options = options
    this.#slots = Array.from({ length: options.processes }, () => {
      return { child: undefined, run: undefined, failedStarts: 0 }
    })
  }

  get pending(): number {
    return this.#queue.length + this.#slots.filter((slot) => slot.run).length
  }

  async hash(bytes: Uint8Array, signal: AbortSignal): Promise<HashOutcome> {
    signal.throwIfAborted()
    if (this.#closing.signal.aborted) throw closedError()
    const { maxQueue } = this.#options
    if (this.#queue.length >= maxQueue && this.#slots.every((slot) => slot.run)) {
      throw new HashQueueFullError('unavailable', 'Too many images wait to be hashed', {
        details: { maxQueue },
      })
    }
    const job: Job = { bytes, settle: Promise.withResolvers() }
    this.#queue.push(job)
    this.#wakeSlot()
    const leave = (): void => this.#leave(job, signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await job.settle.promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  async prepare(): Promise<void> {
    const resting = this.#slots.filter((slot) => !slot.run)
    await Promise.all(
      resting.map(async (slot) => {
        const started = this.#childOf(slot)
        const drain = (): Promise<void> => this.#drainQueue(slot)
        slot.run = started.then(drain, drain)
        await started
      }),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    for (const job of this.#queue.splice(0)) {
      job.settle.reject(closedError())
    }
    await Promise.all(this.#slots.map(async (slot) => await slot.child?.[Symbol.asyncDispose]()))
    await Promise.all(this.#slots.map(async (slot) => await slot.run))
  }

  /** Sends the caller away at once; a job that has begun goes on, bounded by its deadline, and nobody waits for it. */
  #leave(job: Job, reason: unknown): void {
    const at = this.#queue.indexOf(job)
    if (at >= 0) this.#queue.splice(at, 1)
    job.settle.reject(reason)
  }

  /** Sets a resting slot to work, one with a running process first. */
  #wakeSlot(): void {
    const resting = this.#slots.filter((slot) => !slot.run)
    const slot = resting.find(({ child }) => child?.isAlive) ?? resting[0]
    if (slot) slot.run = this.#drainQueue(slot)
  }

  async #drainQueue(slot: Slot): Promise<void> {
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) {
      try {
        const child = await this.#childOf(slot)
        job.settle.resolve(await child.run(job.bytes))
      } catch (error) {
        job.settle.reject(this.#closing.signal.aborted ? closedError(error) : error)
      }
    }
    slot.run = undefined
  }

  /** Returns the slot's process; a dead one is replaced, after a pause that grows while starts keep failing. */
  async #childOf(slot: Slot): Promise<HashChild> {
    if (slot.child?.isAlive) return slot.child
    const { signal } = this.#closing
    if (slot.failedStarts > 0)
      await sleep(Math.min(5_000, 50 * 2 ** slot.failedStarts), undefined, { signal })
    signal.throwIfAborted()
    slot.child = new HashChild(this.#options)
    slot.failedStarts++
    await slot.child.start()
    slot.failedStarts = 0
    return slot.child
  }
}

function closedError(cause?: unknown): HashPoolClosedError {
  return new HashPoolClosedError('unavailable', 'The hash pool is closed', { cause })
}
