import { once } from 'node:events'
import type { ClientRequest } from 'node:http'
import { ByteCollector } from '../lib/byte-collector.ts'

/** What is known of a body before it comes, and its bounds. */
export type HeldBodyOptions = {
  /** As many bytes as a picture is expected to have; memory is taken for them once the first have come. */
  readonly expectedBytes: number
  /**
   * Milliseconds after which a PDS that takes nothing of what it is sent is given up: a caller who leaves meanwhile goes
   * unnoticed.
   */
  readonly stallMs: number
}

/**
 * The way of a body to the PDS. What may be a picture is held until its verdict, so that no byte of one that is refused gets
 * there; of anything else the last piece is held, without which the PDS has no whole body and stores no blob.
 */
export class HeldBody {
  readonly #upstream: ClientRequest
  readonly #held = new ByteCollector()
  readonly #options: HeldBodyOptions

  constructor(upstream: ClientRequest, options: HeldBodyOptions) {
    this.#upstream = upstream
    this.#options = options
  }

  /** What is held: of what may be a picture, all that came, as it came. Good until more is added. */
  get bytes(): Uint8Array {
    return this.#held.bytes
  }

  /** Adds the next piece behind what is held; lets go of what is held before it where that need not wait. */
  async add(piece: Uint8Array, mayStream: boolean): Promise<void> {
    if (!mayStream) this.#held.reserve(this.#options.expectedBytes)
    else if (this.#held.length > 0) await this.#send(this.#held.take())
    this.#held.append(piece)
  }

  /** Sends all that is held, and ends the body. */
  async release(): Promise<void> {
    if (this.#held.length > 0) await this.#send(this.#held.take())
    if (!this.#upstream.destroyed) this.#upstream.end()
  }

  /** Lets go of what is held; nothing of it is sent. */
  drop(): void {
    this.#held.take()
  }

  /** Writes at the pace of the PDS. A request that has ended meanwhile takes nothing, and whoever awaits its answer hears why. */
  async #send(bytes: Buffer): Promise<void> {
    const upstream = this.#upstream
    if (upstream.destroyed || upstream.write(bytes)) return
    const waiting = new AbortController()
    const { signal } = waiting
    const timer = setTimeout(() => upstream.destroy(), this.#options.stallMs)
    try {
      await Promise.race([once(upstream, 'drain', { signal }), once(upstream, 'close', { signal })])
    } catch {
      // The request failed: the promise of its answer tells why.
    } finally {
      clearTimeout(timer)
      waiting.abort()
    }
  }
}
