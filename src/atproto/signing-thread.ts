import { Worker } from 'node:worker_threads'
import type { KeyCurve, Sign } from './signers.ts'

/** What a signing thread is given: a key, whose private half stays in this process. */
export type SigningThreadData = {
  readonly curve: KeyCurve
  /** The private half: 32 bytes, big-endian. */
  readonly secret: Uint8Array
  /** The public half, which the thread checks its signer against. */
  readonly didKey: string
}

/** So many signatures in one turn of the event loop are made at once: it takes less than waking a thread. */
const madeAtOnce = 2
/** The most signatures of one message: few enough that the first are stored while the last are being made. */
const batchSize = 16
/** Milliseconds without a signature after which the thread ends. */
const restMs = 10_000

type Asked = PromiseWithResolvers<Uint8Array> & { readonly bytes: Uint8Array }

/**
 * Returns a function that signs as `sign` does. Where many signatures are asked for at once, as when a list is imported,
 * a thread makes them while this one stores those before. It starts when it is first needed, is waited for by nobody, and
 * ends when it has rested. When it fails, what it was asked for is rejected and the process warns.
 */
export function signInThread(sign: Sign, data: SigningThreadData): Sign {
  const thread = new SigningThread(data)
  let askedInTurn = 0
  return (bytes) => {
    if (askedInTurn === 0) setImmediate(() => (askedInTurn = 0))
    askedInTurn += 1
    return askedInTurn > madeAtOnce && thread.isReady() ? thread.sign(bytes) : sign(bytes)
  }
}

class SigningThread {
  readonly #data: SigningThreadData
  #worker: Worker | undefined
  #isReady = false
  /** Not sent yet. */
  #next: Asked[] = []
  /** Sent, a message each; the answers come in the same order. */
  #sent: Asked[][] = []
  #rest: NodeJS.Timeout | undefined

  constructor(data: SigningThreadData) {
    this.#data = data
  }

  /** Starts the thread where there is none. */
  isReady(): boolean {
    this.#worker ??= this.#start()
    return this.#isReady
  }

  /** To be called when it is ready, in the same turn. */
  sign(bytes: Uint8Array): Promise<Uint8Array> {
    const asked = { ...Promise.withResolvers<Uint8Array>(), bytes }
    this.#next.push(asked)
    if (this.#next.length === 1) queueMicrotask(() => this.#send())
    else if (this.#next.length === batchSize) this.#send()
    return asked.promise
  }

  #send(): void {
    const worker = this.#worker
    if (this.#next.length === 0 || !worker) return
    clearTimeout(this.#rest)
    // The process waits for its signatures; a thread with nothing to do keeps nothing alive.
    worker.ref()
    worker.postMessage(this.#next.map(({ bytes }) => bytes))
    this.#sent.push(this.#next)
    this.#next = []
  }

  #start(): Worker {
    const worker = new Worker(new URL('./signing-worker.ts', import.meta.url), { workerData: this.#data })
    worker.unref()
    worker.on('message', (signatures: Uint8Array[]) => {
      this.#isReady = true
      for (const [i, asked] of (this.#sent.shift() ?? []).entries())
        asked.resolve(signatures[i] as Uint8Array)
      if (this.#sent.length > 0) return
      worker.unref()
      this.#rest = setTimeout(() => {
        this.#end(worker, undefined)
        void worker.terminate()
      }, restMs).unref()
    })
    worker.on('error', (error) => {
      process.emitWarning(`The signing thread failed and is started again: ${error.message}`)
      this.#end(worker, error)
    })
    worker.on('exit', () =>
      this.#end(worker, new Error('Expected the signing thread to sign but it was ended')),
    )
    return worker
  }

  /** Another is started when it is needed. */
  #end(worker: Worker, reason: unknown): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#isReady = false
    const lost = [...this.#sent.flat(), ...this.#next]
    this.#sent = []
    this.#next = []
    for (const { reject } of lost) reject(reason)
  }
}
