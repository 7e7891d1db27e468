import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../lib/errors.ts'
import type { HashPlan } from '../model/hash-plan.ts'
import { HashChild, type HashChildOptions } from './hash-child.ts'
import type { HashOutcome } from './hash-image.ts'
import type { HashRequest } from './hash-message.ts'
import { pipeDepth } from './hash-pipe.ts'

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
   * Hashes the bytes of one image in the ways that the plan says; both stay as they are until it settles. Every rejection
   * but an abort is an `AppError` that may be retried: the decoder took too long or too much memory, crashed, or could not
   * be started; the queue is full; the pool is closed.
   */
  hash(bytes: Uint8Array, plan: HashPlan, signal: AbortSignal): Promise<HashOutcome>
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

type Job = {
  readonly request: HashRequest
  readonly settle: PromiseWithResolvers<HashOutcome>
  hasLeft: boolean
}
type Slot = { child: HashChild | undefined; start: Promise<unknown> | undefined; failedStarts: number }

/** Opens a pool. Its processes start when they are needed and live until disposal, which kills them and waits. */
export function openHashPool(options: HashPoolOptions): HashPool {
  return new ProcessHashPool(options)
}

/**
 * Every process pulls from one queue, and holds one image in advance so that it never waits for us. When the queue is
 * empty, a process with nothing to do gets what another holds in advance.
 */
class ProcessHashPool implements HashPool {
  readonly #options: HashPoolOptions
  readonly #queue: Job[] = []
  readonly #slots: readonly Slot[]
  readonly #closing = new AbortController()

  constructor(options: HashPoolOptions) {
    this.#options = options
    this.#slots = Array.from({ length: options.processes }, () => {
      return { child: undefined, start: undefined, failedStarts: 0 }
    })
  }

  get pending(): number {
    return this.#slots.reduce((sum, { child }) => sum + (child?.pending ?? 0), this.#queue.length)
  }

  async hash(bytes: Uint8Array, plan: HashPlan, signal: AbortSignal): Promise<HashOutcome> {
    signal.throwIfAborted()
    if (this.#closing.signal.aborted) throw closedError()
    const { maxQueue, processes } = this.#options
    if (this.pending >= maxQueue + processes) {
      throw new HashQueueFullError('unavailable', 'Too many images wait to be hashed', {
        details: { maxQueue },
      })
    }
    const job: Job = { request: { bytes, plan }, settle: Promise.withResolvers(), hasLeft: false }
    this.#queue.push(job)
    this.#feed()
    const leave = (): void => this.#leave(job, signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    try {
      return await job.settle.promise
    } finally {
      signal.removeEventListener('abort', leave)
    }
  }

  async prepare(): Promise<void> {
    const resting = this.#slots.filter(({ child, start }) => start || !child?.isAlive)
    const errors = await Promise.all(resting.map(async (slot) => await this.#start(slot)))
    const error = errors.find((error) => error !== undefined)
    if (error !== undefined) throw error
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    for (const job of this.#queue.splice(0)) {
      job.settle.reject(closedError())
    }
    await Promise.all(this.#slots.map(async ({ child }) => await child?.[Symbol.asyncDispose]()))
    await Promise.all(this.#slots.map(async ({ start }) => await start))
  }

  /** Sends the caller away at once; a job that has begun goes on, bounded by its deadline, and nobody waits for it. */
  #leave(job: Job, reason: unknown): void {
    job.hasLeft = true
    const at = this.#queue.indexOf(job)
    if (at >= 0) this.#queue.splice(at, 1)
    job.settle.reject(reason)
  }

  /** Brings images and processes together; called whenever either has become free. */
  #feed(): void {
    if (this.#closing.signal.aborted) return
    this.#handOut(1)
    let starting = this.#slots.filter(({ start }) => start).length
    for (const slot of this.#slots) {
      if (this.#queue.length <= starting) break
      if (slot.start || slot.child?.isAlive) continue
      void this.#start(slot)
      starting++
    }
    this.#handOut(pipeDepth)
    if (this.#queue.length === 0) this.#recallForIdle()
  }

  /** Gives queued images to the processes that hold fewer than `images`, one each. */
  #handOut(images: number): void {
    for (const { child } of this.#slots) {
      if (!child?.hasFewerThan(images)) continue
      const job = this.#queue.shift()
      if (!job) return
      void this.#run(child, job)
    }
  }

  /** Takes back as many images held in advance as there are processes with nothing to do. */
  #recallForIdle(): void {
    let idle = this.#slots.filter(({ child }) => child?.hasFewerThan(1)).length
    for (const { child } of this.#slots) {
      if (idle > 0 && child?.recall()) idle--
    }
  }

  async #run(child: HashChild, job: Job): Promise<void> {
    try {
      const outcome = await child.run(job.request)
      if (outcome) job.settle.resolve(outcome)
      else if (this.#closing.signal.aborted) job.settle.reject(closedError())
      else if (!job.hasLeft) this.#queue.unshift(job)
    } catch (error) {
      job.settle.reject(this.#closing.signal.aborted ? closedError(error) : error)
    }
    this.#feed()
  }

  /** Starts the slot's process. A failure is returned, and is that of the image that has waited longest. */
  async #start(slot: Slot): Promise<unknown> {
    slot.start ??= this.#replaceChild(slot)
      .catch((error: unknown) => {
        this.#queue.shift()?.settle.reject(this.#closing.signal.aborted ? closedError(error) : error)
        return error
      })
      .finally(() => {
        slot.start = undefined
        this.#feed()
      })
    return await slot.start
  }

  /** Starts a process, after a pause that grows while starts keep failing. */
  async #replaceChild(slot: Slot): Promise<void> {
    const { signal } = this.#closing
    if (slot.failedStarts > 0)
      await sleep(Math.min(5_000, 50 * 2 ** slot.failedStarts), undefined, { signal })
    signal.throwIfAborted()
    slot.child = new HashChild(this.#options)
    slot.failedStarts++
    await slot.child.start()
    slot.failedStarts = 0
  }
}

function closedError(cause?: unknown): HashPoolClosedError {
  return new HashPoolClosedError('unavailable', 'The hash pool is closed', { cause })
}
