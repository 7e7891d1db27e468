import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { AppError, type ErrorKind } from '../lib/errors.ts'
import { confinedProcess } from './confine-child.ts'
import type { HashOutcome } from './hash-image.ts'
import { type HashReply, type HashRequest, parseHashReply } from './hash-message.ts'
import { watchMemory } from './watch-memory.ts'

/** Limits of one decoder process. */
export type HashChildOptions = {
  readonly maxPixels: number
  /** The longest that one image may take, in milliseconds. */
  readonly timeoutMs: number
  /** The most memory that the process may hold while it works, in bytes. */
  readonly maxMemoryBytes: number
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

type Waiting = { readonly expects: HashReply['kind']; readonly settle: PromiseWithResolvers<HashReply> }

/** The longest that a process may take until it is ready, in milliseconds. */
const startTimeoutMs = 15_000
/** How much of what a process wrote to stderr is kept, in characters. */
const maxStderr = 1_000

/**
 * One decoder process. It takes one image at a time, and any failure ends it: after a rejection it is dead and must be
 * replaced. Every rejection is an `AppError` that may be retried.
 */
export class HashChild implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #options: HashChildOptions
  readonly #exited: Promise<unknown>
  #waiting: Waiting | undefined
  #fault: AppError | undefined
  #stderr = ''
  #hasExited = false

  constructor(options: HashChildOptions) {
    const { execArgv, env } = confinedProcess()
    this.#options = options
    this.#process = fork(join(import.meta.dirname, 'hash-process.ts'), [String(options.maxPixels)], {
      execArgv: [...execArgv],
      env,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-maxStderr)
    })
    this.#process.on('message', (message) => this.#receive(message))
    this.#process.on('error', (cause) =>
      this.#kill(new DecoderStartError('unavailable', cause.message, { cause })),
    )
    this.#exited = this.#watchExit()
  }

  /** False once the process has ended or is about to. */
  get isAlive(): boolean {
    return !this.#hasExited && this.#fault === undefined
  }

  /** Resolves when the process can take its first image. @throws DecoderStartError when it ends before that. */
  async start(): Promise<void> {
    using _deadline = this.#deadline(
      startTimeoutMs,
      DecoderStartError,
      'The decoder process did not start in time',
    )
    await this.#await('ready')
  }

  /**
   * Hashes one image. @throws DecoderTimeoutError, DecoderOutOfMemoryError, DecoderCrashedError; the process is then
   * dead.
   */
  async run(bytes: Uint8Array): Promise<HashOutcome> {
    const { timeoutMs, maxMemoryBytes } = this.#options
    using _deadline = this.#deadline(
      timeoutMs,
      DecoderTimeoutError,
      'The image took longer than the limit to decode',
    )
    using _memory = watchMemory(this.#process.pid ?? 0, maxMemoryBytes, (residentBytes) => {
      const details = { residentBytes, maxMemoryBytes }
      this.#kill(
        new DecoderOutOfMemoryError('unavailable', 'The decoder took more memory than the limit', {
          details,
        }),
      )
    })
    const answer = this.#await('done')
    this.#process.send({ bytes } satisfies HashRequest, (error) => {
      if (error) this.#kill(new DecoderCrashedError('unavailable', error.message, { cause: error }))
    })
    const reply = await answer
    if (reply.kind !== 'done')
      throw new DecoderCrashedError('internal', `Expected an outcome but received ${reply.kind}`)
    return reply.outcome
  }

  /** Kills the process and waits until it is gone; a running job is rejected. Safe to repeat. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#kill(new DecoderCrashedError('unavailable', 'The decoder process was ended'))
    await this.#exited
  }

  async #await(expects: HashReply['kind']): Promise<HashReply> {
    if (!this.isAlive)
      throw this.#fault ?? new DecoderCrashedError('unavailable', 'The decoder process has ended')
    const settle = Promise.withResolvers<HashReply>()
    this.#waiting = { expects, settle }
    return await settle.promise
  }

  #receive(message: unknown): void {
    const reply = parseHashReply(message)
    if (reply && reply.kind === this.#waiting?.expects) {
      const { settle } = this.#waiting
      this.#waiting = undefined
      settle.resolve(reply)
      return
    }
    const said = reply?.kind === 'failed' ? reply.message : 'an answer that nobody asked for'
    this.#kill(new DecoderCrashedError('unavailable', `The decoder process reported ${said}`))
  }

  #deadline(
    ms: number,
    Fault: new (kind: ErrorKind, message: string) => AppError,
    message: string,
  ): Disposable {
    const timer = setTimeout(() => this.#kill(new Fault('timeout', message)), ms)
    return { [Symbol.dispose]: () => clearTimeout(timer) }
  }

  /** Ends the process; the first reason is the one that the waiting caller sees. */
  #kill(fault: AppError): void {
    this.#fault ??= fault
    this.#process.kill('SIGKILL')
  }

  async #watchExit(): Promise<void> {
    if (this.#process.pid !== undefined) await once(this.#process, 'exit')
    this.#hasExited = true
    const { exitCode, signalCode } = this.#process
    const details = { exitCode, signalCode, stderr: this.#stderr }
    const isStarting = this.#waiting?.expects === 'ready'
    const Fault = isStarting ? DecoderStartError : DecoderCrashedError
    const message = `The decoder process ended ${isStarting ? 'before it was ready' : 'while it worked'}`
    this.#waiting?.settle.reject(this.#fault ?? new Fault('unavailable', message, { details }))
    this.#waiting = undefined
  }
}
