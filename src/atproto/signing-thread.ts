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
const madeAtOnce = 4
/** The most signatures of one message: few enough that the first are stored while the last are being made. */
const batchSize = 16
/** Milliseconds without a signature after which the thread ends. */
const restMs = 10_000

type Asked = PromiseWithResolvers<Uint8Array> & { readonly bytes: Uint8Array }

/**
 * Returns a function that signs as `sign` does. Where many signatures are asked for at once, as when a list is imported,
 * a thread makes them while this one stores those before. It starts with the first that it is needed for and ends when it
 * has rested. When it fails, what it was asked for is rejected, and the next starts another.
 */
export function signInThread(sign: Sign, data: SigningThreadData): Sign {
  const thread = new SigningThread(data)
  let askedInTurn = 0
  return (bytes) => {
    if (askedInTurn === 0) setImmediate(() => (askedInTurn = 0))
    askedInTurn += 1
    return askedInTurn > madeAtOnce ? thread.sign(bytes) : sign(bytes)
  }
}

class SigningThread {
  readonly #data: SigningThreadData
  #worker: Worker | undefined
  /** Not sent yet. */
  #next: Asked[] = []
  /** Sent, a message each; the answers come in the same order. */
  #sent: Asked[][] = []
  #rest: NodeJS.Timeout | undefined

  constructor(data: SigningThreadData) {
    this.#data = data
  }

  sign(bytes: Uint8Array): Promise<Uint8Array> {
    const asked = { ...Promise.withResolvers<Uint8Array>(), bytes }
    this.#next.push(asked)
    if (this.#next.length === 1) queueMicrotask(() => this.#send())
    else if (this.#next.length === batchSize) this.#send()
    return asked.promise
  }

  #send(): void {
    if (this.#next.length === 0) return
    clearTimeout(this.#rest)
    this.#worker ??= this.#start()
    // The process waits for its signatures; a thread with nothing to do keeps nothing alive.
    this.#worker.ref()
    this.#worker.postMessage(this.#next.map(({ bytes }) => bytes))
    this.#sent.push(this.#next)
    this.#next = []
  }

  #start(): Worker {
    const worker = new Worker(new URL('./signing-worker.ts', import.meta.url), { workerData: this.#data })
    worker.on('message', (signatures: Uint8Array[]) => {
      for (const [i, asked] of (this.#sent.shift() ?? []).entries())
        asked.resolve(signatures[i] as Uint8Array)
      if (this.#sent.length > 0) return
      worker.unref()
      this.#rest = setTimeout(() => void this.#drop(worker).terminate(), restMs).unref()
    })
    worker.on('error', (error) => this.#fail(worker, error))
    worker.on('exit', () =>
      this.#fail(worker, new Error('Expected the signing thread to sign but it was ended')),
    )
    return worker
  }

  /** The next signature starts another thread. */
  #drop(worker: Worker): Worker {
    if (this.#worker === worker) this.#worker = undefined
    return worker
  }

  #fail(worker: Worker, error: unknown): void {
    if (this.#worker !== worker) return
    this.#drop(worker)
    const lost = this.#sent.flat()
    this.#sent = []
    for (const { reject } of lost) reject(error)
  }
}
