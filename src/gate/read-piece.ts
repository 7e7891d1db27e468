import type { IncomingMessage } from 'node:http'

/** What comes next of a body. */
export type NextPiece =
  | { readonly kind: 'piece'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  /** Nothing came for too long, or the whole took too long. */
  | { readonly kind: 'slow' }
  /** The caller went away, or the reading was called off. */
  | { readonly kind: 'over' }

/** Bounds of a body's time, in milliseconds. */
export type BodyTimes = {
  /** The longest silence between two pieces. */
  readonly idleMs: number
  /** The longest that all of it may take. */
  readonly bodyMs: number
}

/** Reads a request's body piece by piece, at the pace of its calls. The request itself stays, to be answered. */
export class PieceReader {
  readonly #request: IncomingMessage
  readonly #idleMs: number
  readonly #endsAt: number
  #waiting = Promise.withResolvers<NextPiece>()

  constructor(request: IncomingMessage, { idleMs, bodyMs }: BodyTimes, over: AbortSignal) {
    this.#request = request
    this.#idleMs = idleMs
    this.#endsAt = performance.now() + bodyMs
    const end = (): void => this.#waiting.resolve({ kind: request.readableEnded ? 'end' : 'over' })
    request.on('data', this.#take).once('end', end).once('close', end)
    // What it tells comes with the close.
    request.on('error', () => {})
    over.addEventListener('abort', () => this.#waiting.resolve({ kind: 'over' }), { once: true })
    request.pause()
  }

  /** Returns what comes next; after anything but a piece, nothing more is to be asked for. One at a time. */
  async next(): Promise<NextPiece> {
    const ms = Math.max(0, Math.min(this.#idleMs, this.#endsAt - performance.now()))
    const timer = setTimeout(() => this.#waiting.resolve({ kind: 'slow' }), ms)
    this.#request.resume()
    try {
      const next = await this.#waiting.promise
      if (next.kind === 'piece') this.#waiting = Promise.withResolvers()
      return next
    } finally {
      clearTimeout(timer)
    }
  }

  /** Reads what is left of the body and drops it, so that the caller comes to reading the answer. */
  discard(): void {
    this.#request.off('data', this.#take).resume()
  }

  readonly #take = (bytes: Uint8Array): void => {
    this.#request.pause()
    this.#waiting.resolve({ kind: 'piece', bytes })
  }
}
