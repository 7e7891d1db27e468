import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../lib/errors.ts'
import type { HashPlan } from '../model/hash-plan.ts'
import { confinedProcess } from './confine-child.ts'
import type { HashOutcome } from './hash-image.ts'
import { type HashReply, type HashRequest, parseHashReply } from './hash-message.ts'
import { createReplyReader, encodeRecall, encodeRequestHead, pipeDepth, pipeFd } from './hash-pipe.ts'
import { watchMemory } from './watch-memory.ts'

/** Limits of one decoder process. */
export type HashChildOptions = {
  readonly maxPixels: number
  /** The longest that one image may take, in milliseconds. */
  readonly timeoutMs: number
  /**
   * The most memory that the process may hold while it works, in bytes. An image whose header says that it needs more is
   * not decoded; a process that holds more all the same is ended.
   */
  readonly maxMemoryBytes: number
  /** The module that the process runs, by its full path, for measurements; `hash-process.ts` unless told. */
  readonly entry?: string
}

class DecoderTimeoutError extends AppError {
  override readonly name = 'DecoderTimeoutError'
}
class DecoderOutOfMemoryError extends AppError {
  override readonly name = 'DecoderOutOfMemoryError'
}
class DecoderCrashedError extends AppError {
  override readonly name = 'DecoderCrashedError'
}
class DecoderStartError extends AppError {
  override readonly name = 'DecoderStartError'
}

/** An image that was sent and not answered. */
type Flight = { readonly settle: PromiseWithResolvers<HashOutcome | undefined>; isRecalled: boolean }
/** Why we ended the process; with the image at fault where only that one can be. */
type Fault = { readonly error: AppError; readonly flight?: Flight | undefined }

/** The longest that a process may take until it is ready, in milliseconds. */
const startTimeoutMs = 15_000
/** The longest that the last words of an ended process are waited for, in milliseconds. */
const lastWordsMs = 1_000
/** How much of what a process wrote to stderr is kept, in characters. */
const maxStderr = 1_000

/**
 * One decoder process. It works on one image and holds the next one in advance. Any failure ends it: it is then dead and
 * must be replaced. Every rejection is an `AppError` that may be retried.
 */
export class HashChild implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #pipe: Duplex | undefined
  readonly #options: HashChildOptions
  readonly #ready: PromiseWithResolvers<void> = Promise.withResolvers()
  readonly #ended: Promise<void>
  #flights: Flight[] = []
  #deadline: NodeJS.Timeout | undefined
  #memory: Disposable | undefined
  #fault: Fault | undefined
  #stderr = ''
  #isReady = false
  #isBroken = false
  #isMute = false
  #hasEnded = false

  constructor(options: HashChildOptions) {
    const { entry = join(import.meta.dirname, 'hash-process.ts'), maxPixels, maxMemoryBytes } = options
    const { execArgv, env } = confinedProcess(options.entry)
    this.#options = options
    this.#process = spawn(process.execPath, [...execArgv, entry, String(maxPixels), String(maxMemoryBytes)], {
      env,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    })
    this.#process.on('error', (cause) =>
      this.#kill({ error: new DecoderStartError('unavailable', cause.message, { cause }) }),
    )
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-maxStderr)
    })
    // A process that could not be made has no streams, whatever the types say.
    this.#pipe = (this.#process.stdio as ChildProcess['stdio'] | undefined)?.[pipeFd] as Duplex | undefined
    const read = createReplyReader((message) => this.#receive(message))
    this.#pipe?.on('data', read)
    for (const broken of ['end', 'error', 'close']) this.#pipe?.on(broken, () => this.#breakOff())
    // Whoever calls `start` hears of it; a process that ends before anyone does is no unhandled rejection.
    this.#ready.promise.catch(() => {})
    this.#ended = this.#watchEnd()
  }

  /** False once the process has ended or is about to. */
  get isAlive(): boolean {
    return !this.#hasEnded && !this.#isBroken && this.#fault === undefined
  }

  /** True when the process is ready and has less to do than `images`, at most `pipeDepth`. */
  hasFewerThan(images: number): boolean {
    return this.isAlive && this.#isReady && this.#flights.length < images
  }

  /** How many images the process was given that are not answered or recalled. */
  get pending(): number {
    return this.#flights.filter(({ isRecalled }) => !isRecalled).length
  }

  /** Resolves when the process can take its first image. @throws DecoderStartError when it ends before that. */
  async start(): Promise<void> {
    const late = new DecoderStartError('timeout', 'The decoder process did not start in time')
    const timer = setTimeout(() => this.#kill({ error: late }), startTimeoutMs)
    try {
      await this.#ready.promise
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * Hashes one image; at most `pipeDepth` at a time. Returns undefined when it was recalled, or when the process ended
   * before it began: somebody else is to hash it. @throws DecoderTimeoutError, DecoderOutOfMemoryError,
   * DecoderCrashedError when the process ended over this image.
   */
  async run({ bytes, plan }: HashRequest): Promise<HashOutcome | undefined> {
    if (!this.hasFewerThan(pipeDepth) || !this.#pipe) return undefined
    const flight: Flight = { settle: Promise.withResolvers(), isRecalled: false }
    this.#flights.push(flight)
    this.#send(bytes, plan)
    if (this.#flights[0] === flight) this.#beginFirst()
    return await flight.settle.promise
  }

  /** Takes back the image that is held in advance; its `run` returns undefined. False when there is none. */
  recall(): boolean {
    const next = this.#flights[1]
    if (!this.isAlive || !next || next.isRecalled) return false
    next.isRecalled = true
    this.#pipe?.write(encodeRecall())
    next.settle.resolve(undefined)
    return true
  }

  /** Kills the process and waits until it is gone; a running job is rejected. Safe to repeat. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isMute = true
    this.#kill({ error: new DecoderCrashedError('unavailable', 'The decoder process was ended') })
    await this.#ended
  }

  #send(bytes: Uint8Array, plan: HashPlan): void {
    this.#pipe?.cork()
    this.#pipe?.write(encodeRequestHead(plan, bytes.length))
    if (bytes.length > 0) this.#pipe?.write(bytes)
    this.#pipe?.uncork()
  }

  /** The oldest image is now worked on: its time runs, and the process is watched. */
  #beginFirst(): void {
    clearTimeout(this.#deadline)
    const [flight] = this.#flights
    if (!flight) {
      this.#memory?.[Symbol.dispose]()
      this.#memory = undefined
      return
    }
    const { timeoutMs, maxMemoryBytes } = this.#options
    this.#deadline = setTimeout(() => {
      const error = new DecoderTimeoutError('timeout', 'The image took longer than the limit to decode')
      this.#kill({ error, flight })
    }, timeoutMs)
    this.#memory ??= watchMemory(this.#process.pid ?? 0, maxMemoryBytes, (residentBytes) => {
      const details = { residentBytes, maxMemoryBytes }
      const message = 'The decoder took more memory than the limit'
      this.#kill({ error: new DecoderOutOfMemoryError('unavailable', message, { details }) })
    })
  }

  /**
   * Also hears what the process said before we ended it: an image that was answered has not failed. After a word out of
   * turn, or once it is to be gone, nothing more is believed.
   */
  #receive(message: unknown): void {
    if (this.#isMute) return
    const reply = parseHashReply(message)
    if (reply?.kind === 'ready' && !this.#isReady) {
      this.#isReady = true
      this.#ready.resolve()
    } else if (!this.#answerFirst(reply)) {
      const said = reply?.kind === 'failed' ? reply.message : 'an answer that nobody asked for'
      const text = `The decoder process reported ${said}`
      this.#isMute = true
      this.#kill({ error: new DecoderCrashedError('unavailable', text) })
    }
  }

  #answerFirst(reply: HashReply | undefined): boolean {
    const [flight] = this.#flights
    if (!flight || !reply) return false
    if (reply.kind === 'recalled' ? !flight.isRecalled : reply.kind !== 'done') return false
    this.#flights.shift()
    flight.settle.resolve(reply.kind === 'done' ? reply.outcome : undefined)
    if (this.isAlive) this.#beginFirst()
    return true
  }

  /** Ends the process; the first reason is the one that the waiting caller sees. */
  #kill(fault: Fault): void {
    this.#fault ??= fault
    this.#process.kill('SIGKILL')
  }

  /** The process is ending: how it does says more than how its pipe broke. Should it not end, it is made to. */
  #breakOff(): void {
    if (this.#hasEnded || this.#isBroken) return
    this.#isBroken = true
    const error = new DecoderCrashedError('unavailable', 'The decoder process closed its pipe')
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => this.#kill({ error }), lastWordsMs)
  }

  async #watchEnd(): Promise<void> {
    if (this.#process.pid !== undefined) {
      const closed = new Promise<void>((resolve) => this.#process.once('close', () => resolve()))
      await new Promise<void>((resolve) => this.#process.once('exit', () => resolve()))
      await Promise.race([closed, sleep(lastWordsMs, undefined, { ref: false })])
    }
    this.#hasEnded = true
    clearTimeout(this.#deadline)
    this.#memory?.[Symbol.dispose]()
    for (const stream of [this.#process.stderr, this.#pipe]) stream?.destroy()
    const { exitCode, signalCode } = this.#process
    const details = { exitCode, signalCode, stderr: this.#stderr }
    this.#ready.reject(
      this.#fault?.error ??
        new DecoderStartError('unavailable', 'The decoder process ended before it was ready', { details }),
    )
    const [first, ...others] = this.#flights.splice(0)
    for (const { settle } of others) settle.resolve(undefined)
    if (this.#fault?.flight && this.#fault.flight !== first) first?.settle.resolve(undefined)
    else
      first?.settle.reject(
        this.#fault?.error ??
          new DecoderCrashedError('unavailable', 'The decoder process ended while it worked', { details }),
      )
  }
}
